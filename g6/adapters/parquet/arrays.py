"""Columns of Arrow as numpy arrays, without pandas.

pyarrow's own `to_numpy`, `to_pylist` of instants and `fill_null` import pandas where it is
installed: 1.1 s of processor time in a command that reads a few small columns.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["codes_of", "integers_of", "with_plain_text"]


def integers_of(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return a column of whole numbers or instants, instants in the unit of their type."""
    chunks = [_integers(chunk) for chunk in column.cast(pa.int64()).chunks]
    return np.concatenate(chunks) if chunks else np.empty(0, dtype=np.int64)


def codes_of(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return a column of words as places in a list of its distinct words, missing as empty."""
    words = column.unify_dictionaries().combine_chunks()
    distinct = words.dictionary.to_pylist()
    codes = _integers(words.indices.cast(pa.int64()))
    validity = words.indices.buffers()[0]
    if validity is None or not words.null_count:
        return codes, distinct
    bits = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little")
    is_valid = bits[words.offset : words.offset + len(words)].astype(bool)
    if "" not in distinct:
        distinct.append("")
    return np.where(is_valid, codes, distinct.index("")), distinct


def with_plain_text(table: pa.Table) -> pa.Table:
    """Return a table whose text has no dictionaries, because Arrow sorts none."""
    fields = []
    for field in table.schema:
        kind = pa.string() if pa.types.is_dictionary(field.type) else field.type
        fields.append((field.name, kind))
    return table.cast(pa.schema(fields))


def _integers(chunk: pa.Array) -> NDArray[np.int64]:
    values = np.frombuffer(chunk.buffers()[1] or b"", dtype=np.int64)
    return values[chunk.offset : chunk.offset + len(chunk)]
