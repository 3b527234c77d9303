"""Columns of Arrow as numpy arrays and back, without pandas.

pyarrow's own `to_numpy`, `to_pylist` of instants and `fill_null` import pandas where it is
installed: 1.1 s of processor time in a command that reads a few small columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from g6.domain.schema.frame import ColumnValues, Words

__all__ = [
    "EPOCH",
    "INDEX",
    "array_of",
    "besides",
    "codes_of",
    "integers_of",
    "number_arrays",
    "numbers_of",
    "plain_schema",
    "plain_type",
    "repeated",
    "texts_of",
    "with_plain_text",
    "word_array",
]


_FIRST_DAY = date(1970, 1, 1)
_MICROSECONDS = 1e6
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What Arrow counts instants from."""
INDEX = "underlying"
"""The column that says of which index a row is, in files that hold several."""


def array_of(values: Iterable[object], kind: pa.DataType) -> pa.Array:
    """Return texts, numbers, days or instants as Arrow has them, None as missing.

    >>> array_of(["CE", None], pa.string()).to_pylist()
    ['CE', None]
    """
    # Both `pa.array` and `pa.scalar` import pandas, to ask whether they are given one of its kinds
    # (pyarrow 26): 1 s of processor time of a command. Buffers ask nothing.
    plain = list(values)
    is_there = np.array([value is not None for value in plain], dtype=bool)
    validity = None if is_there.all() else _buffer(np.packbits(is_there, bitorder="little"))
    if pa.types.is_string(kind):
        texts = [b"" if value is None else str(value).encode() for value in plain]
        ends = np.cumsum([0, *map(len, texts)]).astype(np.int32)
        buffers = [validity, _buffer(ends), pa.py_buffer(b"".join(texts))]
        return pa.Array.from_buffers(kind, len(plain), buffers)
    numbers = [0 if value is None else _number(value) for value in plain]
    column = np.array(numbers, dtype=_dtype(kind))
    return pa.Array.from_buffers(kind, len(plain), [validity, _buffer(column)])


def repeated(word: str, count: int) -> pa.DictionaryArray:
    """Return a column of one word.

    >>> repeated("NIFTY", 2).to_pylist()
    ['NIFTY', 'NIFTY']
    """
    codes = pa.Array.from_buffers(pa.int32(), count, [None, _buffer(np.zeros(count, np.int32))])
    return pa.DictionaryArray.from_arrays(codes, array_of([word], pa.string()))


def _buffer(values: NDArray[np.generic]) -> pa.Buffer:
    return pa.py_buffer(values.tobytes())


def _number(value: object) -> float:
    """Return a number, a day as its count from 1970 on, an instant as microseconds."""
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        return (value - _FIRST_DAY).days
    if isinstance(value, int | float):
        return value
    raise TypeError(f"{value!r} is no number, day or instant")


def integers_of(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return a column of whole numbers or instants, instants in the unit of their type."""
    chunks = [_integers(chunk) for chunk in column.cast(pa.int64()).chunks]
    return np.concatenate(chunks) if chunks else np.empty(0, dtype=np.int64)


def codes_of(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return a column of words as places in a list of its distinct words, missing as empty."""
    words = column.unify_dictionaries().combine_chunks()
    distinct = words.dictionary.to_pylist()
    codes = _integers(words.indices.cast(pa.int64()))
    if not words.null_count:
        return codes, distinct
    is_valid = _valid(words.indices)
    if "" not in distinct:
        distinct.append("")
    return np.where(is_valid, codes, distinct.index("")), distinct


def texts_of(column: pa.ChunkedArray) -> NDArray[np.object_]:
    """Return a column of words, None where one is missing. Each word is made once."""
    words = column.unify_dictionaries().combine_chunks()
    words = words.chunk(0) if isinstance(words, pa.ChunkedArray) else words
    distinct = np.array([*words.dictionary.to_pylist(), None], dtype=object)
    codes = _plain(words.indices)
    is_valid = _valid(words.indices)
    texts: NDArray[np.object_] = distinct[np.where(is_valid, codes, len(distinct) - 1)]
    return texts


def numbers_of(column: pa.ChunkedArray) -> NDArray[np.generic]:
    """Return a column of numbers or days: NaN where one is missing, NaT where a day is.

    Whole numbers with a missing one among them are floats.
    """
    is_day = pa.types.is_date32(column.type)
    parts: list[NDArray[np.generic]] = []
    for chunk in column.chunks:
        values: NDArray[np.generic] = _plain(chunk)
        if is_day:
            values = values.astype("datetime64[D]")
        if chunk.null_count:
            values = _with_missing(values, _valid(chunk))
        parts.append(values)
    if not parts:
        return np.empty(0, dtype="datetime64[D]" if is_day else _dtype(column.type))
    return np.concatenate(parts)


def _with_missing(values: NDArray[np.generic], is_valid: NDArray[np.bool_]) -> NDArray[np.generic]:
    if values.dtype.kind == "M":
        return np.where(is_valid, values, np.datetime64("NaT"))
    number = values if values.dtype.kind == "f" else values.astype(np.float64)
    return np.where(is_valid, number, number.dtype.type(np.nan))


def _dtype(kind: pa.DataType) -> np.dtype[np.generic]:
    letter = "i"
    if pa.types.is_floating(kind):
        letter = "f"
    elif pa.types.is_unsigned_integer(kind):
        letter = "u"
    return np.dtype(f"{letter}{kind.bit_width // 8}")


def _plain(chunk: pa.Array) -> NDArray[np.generic]:
    """Return what stands in the buffer of an array of numbers, whatever where one is missing."""
    values = np.frombuffer(chunk.buffers()[1] or b"", dtype=_dtype(chunk.type))
    return values[chunk.offset : chunk.offset + len(chunk)]


def _valid(chunk: pa.Array) -> NDArray[np.bool_]:
    validity = chunk.buffers()[0]
    if validity is None or not chunk.null_count:
        return np.ones(len(chunk), dtype=bool)
    bits = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little")
    return bits[chunk.offset : chunk.offset + len(chunk)].astype(bool)


def with_plain_text(table: pa.Table) -> pa.Table:
    """Return a table whose text has no dictionaries, because Arrow sorts none."""
    return table.cast(plain_schema(table.schema))


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return a schema of the same columns, whose text has no dictionaries."""
    return pa.schema([pa.field(field.name, plain_type(field.type)) for field in schema])


def plain_type(of_column: pa.DataType) -> pa.DataType:
    """Return the type of a column's values, of which a dictionary would keep those filtered out.

    >>> plain_type(pa.dictionary(pa.int32(), pa.string())), plain_type(pa.float64())
    (DataType(string), DataType(double))
    """
    return of_column.value_type if pa.types.is_dictionary(of_column) else of_column


def _integers(chunk: pa.Array) -> NDArray[np.int64]:
    values = np.frombuffer(chunk.buffers()[1] or b"", dtype=np.int64)
    return values[chunk.offset : chunk.offset + len(chunk)]


def besides(
    table: pa.Table, instants: Collection[datetime], better: Iterable[pa.Table]
) -> pa.Table:
    """Return the rows that no better table has: by instant, and by index where rows name theirs.

    Args:
        table: With the column `timestamp`.
        instants: Those that a better table has rows of.
        better: The tables whose rows count before these.
    """
    if not instants:
        return table
    if INDEX not in table.column_names:
        among = array_of(sorted(instants), pa.timestamp("us", "UTC"))
        return table.filter(pc.invert(pc.is_in(table.column("timestamp"), among)))
    # By instant alone a part that a rerun of one index wrote while the day's file was damaged hid
    # the rows of the others once that file was back, and the next compaction dropped them.
    counted = {unit for other in better for unit in _units(other)}
    places = [place for place, unit in enumerate(_units(table)) if unit not in counted]
    return table.take(array_of(places, pa.int64()))


def _units(table: pa.Table) -> Iterator[tuple[int, object]]:
    """Yield the instant and the index of each row."""
    instants = integers_of(table.column("timestamp")).tolist()
    return zip(instants, table.column(INDEX).to_pylist(), strict=True)


def number_arrays(
    columns: Mapping[str, ColumnValues], fields: Sequence[pa.Field]
) -> dict[str, pa.Array]:
    """Return columns of numbers as Arrow has them, by name. NaN becomes missing.

    Args:
        columns: Of one length. Instants are epoch seconds.
        fields: Their names and Arrow types. Columns that are integers are passed over.
    """
    # A part has ninety columns of numbers, each of two hundred rows. To look one by one for what
    # is missing, round and convert took half as long as packing them.
    groups: dict[pa.DataType, dict[str, ColumnValues]] = {}
    for field in fields:
        values = columns[field.name]
        if values.dtype.kind == "f":
            groups.setdefault(field.type, {})[field.name] = values
    arrays: dict[str, pa.Array] = {}
    for kind, group in groups.items():
        arrays.update(zip(group, _arrays(kind, [*group.values()]), strict=True))
    return arrays


def _arrays(kind: pa.DataType, columns: Sequence[ColumnValues]) -> list[pa.Array]:
    """Return columns of numbers as arrays of one type."""
    numbers = np.array(columns, dtype=np.float32 if pa.types.is_float32(kind) else np.float64)
    is_missing = np.isnan(numbers)
    if not pa.types.is_floating(kind):
        scale = _MICROSECONDS if pa.types.is_timestamp(kind) else 1.0
        whole = np.rint(np.where(is_missing, 0.0, numbers) * scale)
        numbers = whole.astype(np.int32 if kind.bit_width == 32 else np.int64)
    rows = numbers.shape[1]
    size = rows * numbers.itemsize
    bits = np.packbits(~is_missing, axis=1, bitorder="little")
    content = pa.py_buffer(numbers)
    validity = pa.py_buffer(bits)
    arrays = []
    for place, has_missing in enumerate(is_missing.any(axis=1).tolist()):
        is_there = validity.slice(place * bits.shape[1], bits.shape[1]) if has_missing else None
        values = content.slice(place * size, size)
        arrays.append(pa.Array.from_buffers(kind, rows, [is_there, values]))
    return arrays


def word_array(values: Words) -> pa.Array:
    """Return words in the order in which they first appear, as Arrow itself puts them."""
    codes, first = np.unique(values.codes, return_index=True)
    in_order = codes[first.argsort()]
    places = np.zeros(len(values.words), dtype=np.int32)
    places[in_order] = np.arange(len(in_order))
    return pa.DictionaryArray.from_arrays(
        pa.array(places[values.codes]), pa.array(values.words[in_order], pa.string())
    )
