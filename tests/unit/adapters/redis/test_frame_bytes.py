"""The bytes of a frame are those that Arrow writes of its columns one by one."""

import json

import numpy as np
import pyarrow as pa
import pytest

from g6.adapters.redis.frames import HEADER, TEXT, encode
from g6.domain.quotes.chain_memory import ChainMemory
from g6.domain.quotes.stamp import to_frame
from g6.domain.schema.frame import Frame
from g6.simulation.example_unit import CONTRACTS, FRAME, QUOTES, STAMP

FRAMES = {
    "chain": FRAME,
    "quotes": to_frame(QUOTES, STAMP),
    "memory": ChainMemory.blank(CONTRACTS).to_frame(),
    "strided": Frame({}, {"strike": np.arange(10.0)[::2], "dte": np.arange(5, dtype=np.int32)}),
    "empty": FRAME.take(slice(0, 0)),
    "nothing": Frame({"stamp": {}}),
}


def one_by_one(frame: Frame) -> pa.Buffer:
    arrays = []
    for column in frame.columns.values():
        kind = TEXT if column.dtype.kind in "OU" else None
        values = column.astype(object) if kind else column
        arrays.append(pa.array(values, kind, from_pandas=False))
    fields = [pa.field(name, array.type) for name, array in zip(frame.columns, arrays, strict=True)]
    header = json.dumps(frame.header, sort_keys=True, separators=(",", ":"))
    schema = pa.schema(fields, metadata={HEADER: header})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return sink.getvalue()


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_has_the_bytes_of_its_columns(name: str) -> None:
    assert encode(FRAMES[name]).equals(one_by_one(FRAMES[name]))
