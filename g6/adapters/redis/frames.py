"""Frames in Redis: one Arrow IPC stream per unit and stage, within a budget of bytes.

The header is JSON in the stream's schema.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import redis
from numpy.typing import NDArray

from g6.adapters.redis.server import Reply, translated
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import ColumnValues, Frame, FrameName
from g6.errors import FrameMissing

TEXT = pa.dictionary(pa.int32(), pa.string())
NUMBERS = {
    np.dtype(np.float64): pa.float64(),
    np.dtype(np.float32): pa.float32(),
    np.dtype(np.int64): pa.int64(),
    np.dtype(np.int32): pa.int32(),
}
"""Types of numpy that Arrow has as they are."""
HEADER = b"g6"
MAX_BYTES = 512 * 1024 * 1024


UNREADABLE = (
    pa.ArrowException,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
)
"""What reading a stream of damaged bytes can raise. Flipped bytes raised an IndexError, an OSError
and a StopIteration, and ended a stage outside the tree of errors."""


def encode(frame: Frame) -> pa.Buffer:
    """Write a frame as an Arrow IPC stream. The same frame gives the same bytes.

    Text (object or unicode) becomes a dictionary of strings, a day date32, everything else its own
    type.
    """
    arrays = [_arrow(column) for column in frame.columns.values()]
    # NaN stays NaN in the header: only Python reads it.
    header = json.dumps(frame.header, sort_keys=True, separators=(",", ":"))
    batch = pa.RecordBatch.from_arrays(arrays, names=list(frame.columns), metadata={HEADER: header})
    # Not compressed: lz4 saves a fifth of the size and triples the time.
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def decode(raw: bytes) -> Frame:
    """Read a stream of `encode`. Numbers are read-only views of `raw`, made when they are read.

    Raises:
        ValueError: The bytes are no such stream.
    """
    try:
        with pa.ipc.open_stream(pa.py_buffer(raw)) as reader:
            batch = reader.read_next_batch()
        # Without it numbers of a damaged dictionary point beyond its words.
        batch.validate(full=True)
        return Frame(json.loads(batch.schema.metadata[HEADER]), _BatchColumns(batch))
    except UNREADABLE as error:
        raise ValueError(" ".join(str(error).split())) from error


class _BatchColumns(Mapping[str, ColumnValues]):
    """The columns of a batch that was validated, each made when it is first read."""

    # Panels read 41 of the 104 columns of a chain. To make all took a tenth of the time in which
    # the panels of six chains are made of their frames.
    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self._places = {name: place for place, name in enumerate(batch.schema.names)}
        self._made: dict[str, ColumnValues] = {}

    def __getitem__(self, name: str) -> ColumnValues:
        if name not in self._made:
            self._made[name] = _numpy(self._batch.column(self._places[name]))
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _arrow(column: NDArray[Any]) -> pa.Array:
    kind = NUMBERS.get(column.dtype)
    if kind is not None:
        # `pa.array` looks first whether it is given something of pandas.
        content = pa.py_buffer(np.ascontiguousarray(column))
        return pa.Array.from_buffers(kind, len(column), [None, content])
    if column.dtype.kind in "OU":
        return pa.array(column.astype(object, copy=False), TEXT, from_pandas=False)
    return pa.array(column, from_pandas=False)


def _numpy(column: pa.Array) -> NDArray[Any]:
    # To ask every column for its type took a tenth of the time of decoding.
    if isinstance(column, pa.DictionaryArray) and column.type == TEXT and not column.null_count:
        words = column.dictionary.to_numpy(zero_copy_only=False)
        return np.asarray(words[column.indices.to_numpy()])
    return np.asarray(column.to_numpy(zero_copy_only=False))


def frame_key(namespace: str, unit: Unit, name: FrameName) -> str:
    """Return the key of a unit's frame."""
    return f"{namespace}:frame:{_name(unit, name)}"


def whole_frame(raw: bytes) -> Frame | None:
    """Return the frame of a stored stream, None where that is gone or cannot be read."""
    with suppress(ValueError):
        return decode(raw) if raw else None
    return None


class RedisFrames:
    """Frames port over the keys `<namespace>:frame:{cycle}:{index}:{name}`.

    All frames together stay within `max_bytes`. Sizes stand in `<namespace>:frames`. After each
    64th of the budget that this process has put, the oldest frames are dropped, first those that
    were given a new time to live, because their unit is persisted.
    """

    def __init__(
        self, client: redis.Redis, namespace: str = "g6", *, max_bytes: int = MAX_BYTES
    ) -> None:
        self._client = client
        self._max_bytes = max_bytes
        self._prefix = f"{namespace}:frame:"
        self._sizes = f"{namespace}:frames"
        self._used = f"{namespace}:frames:used"
        self._trim = client.register_script(
            (files("g6.adapters.redis") / "scripts" / "frames.lua").read_text("utf-8")
        )
        self._step = max_bytes // 64
        # A full step at the start, so that a process that puts little trims once as well.
        self._put_bytes = self._step

    @translated
    def put(self, unit: Unit, name: FrameName, frame: Frame, seconds: float) -> int:
        """Store `frame` for `seconds` wall seconds and return its size in bytes. One round trip.

        Raises:
            RedisDown: The frame is not stored.
        """
        raw = encode(frame)
        key = _name(unit, name)
        now = time.time()
        pipeline = self._client.pipeline(transaction=False)
        pipeline.set(self._prefix + key, memoryview(raw), px=_milliseconds(seconds))
        pipeline.hset(self._sizes, key, f"{raw.size} {now:.3f} {now + seconds:.3f}")
        pipeline.execute()
        self._put_bytes += raw.size
        if self._put_bytes >= self._step:
            self._put_bytes = 0
            self.trim()
        return int(raw.size)

    @translated
    def get(self, unit: Unit, name: FrameName) -> Frame:
        """Return the frame. Its numbers are read-only.

        Raises:
            FrameMissing: It has expired, was dropped, or cannot be read.
            RedisDown: Redis does not answer.
        """
        return _frame(self._client.get(self._prefix + _name(unit, name)), unit, name)

    @translated
    def find(self, units: Sequence[Unit], name: FrameName) -> Mapping[Unit, Frame]:
        """Return the frames that exist and can be read, by unit. Their numbers are read-only.

        Raises:
            RedisDown: Redis does not answer.
        """
        frames: dict[Unit, Frame] = {}
        if not units:
            return frames
        raws: Reply = self._client.mget([self._prefix + _name(unit, name) for unit in units])
        for unit, raw in zip(units, raws, strict=True):
            with suppress(FrameMissing):
                frames[unit] = _frame(raw, unit, name)
        return frames

    @translated
    def expire(self, unit: Unit, name: FrameName, seconds: float) -> None:
        """Give a stored frame a new time to live. A frame that is gone stays gone.

        It is among the first to be dropped when room is needed.
        """
        key = _name(unit, name)
        now = time.time()
        pipeline = self._client.pipeline(transaction=False)
        pipeline.pexpire(self._prefix + key, _milliseconds(seconds))
        pipeline.hset(self._used, key, f"{now:.3f} {now + seconds:.3f}")
        pipeline.execute()

    @translated
    def trim(self) -> int:
        """Bring all frames under seven eighths of the budget and return how many were dropped.

        Raises:
            RedisDown: Redis does not answer.
        """
        limit = self._max_bytes * 7 // 8
        dropped: Reply = self._trim(
            keys=[self._sizes, self._used], args=[self._prefix, limit, f"{time.time():.3f}"]
        )
        return int(dropped)


def _frame(raw: Reply, unit: Unit, name: FrameName) -> Frame:
    if raw is None:
        raise FrameMissing(f"the {name} frame of {unit.index} at {unit.cycle} is gone")
    try:
        return decode(raw)
    except ValueError as error:
        raise FrameMissing(
            f"the {name} frame of {unit.index} at {unit.cycle} cannot be read: {error}"
        ) from error


def _name(unit: Unit, name: FrameName) -> str:
    return f"{unit.cycle}:{unit.index}:{name}"


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
