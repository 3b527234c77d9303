"""Files of tables become batches of columns: Parquet, Feather, CSV, sheets, lines of JSON.

CSV may have any separator and encoding, and may be packed.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.json as pa_json
import pyarrow.parquet as pq
from numpy.typing import NDArray

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.tables.provider_chains import provider_chain
from g6.adapters.replay.tables.table_layout import COLUMNS
from g6.errors import BadInput
from g6.errors.extras import optional
from g6.packed_files import UNPACKING_ERRORS, opened

BATCH_ROWS = 65_536
BLOCK_BYTES = 1 << 23
SUFFIXES = (".parquet", ".feather", ".csv", ".csv.gz", ".zip", ".jsonl", ".json", ".xlsx")
_SEPARATORS = (",", ";", "\t", "|")
_CSV_ROW = re.compile(r"Row #(\d+)")
"""A row of the file in a message of pyarrow, which counts the header."""
_NULLS = ["", "nan", "NaN", "null"]
_TITLES = frozenset(("calls", "puts", ""))
"""The first line of the exchange's own page of a chain, above the line of names."""

RawBatch = tuple[pa.Table, NDArray[np.int64], dict[int, str]]
"""A table, the numbers of its rows, and the reason of each row that is torn."""


def is_table(path: Path) -> bool:
    """Return whether the name of a file is that of a table that can be read."""
    return path.name.lower().endswith(SUFFIXES)


def raw_names(path: Path) -> list[str]:
    """Return the names of a file's columns, as they are written there.

    Raises:
        Malformed: The file is empty.
    """
    kind = path.suffix.lower()
    if kind == ".parquet":
        return list(pq.read_schema(path).names)
    if kind in _WHOLE:
        return list(_WHOLE[kind](path).column_names)
    with _opened(path) as (_, text):
        return list(text.names)


def raw_batches(path: Path, columns: Sequence[str]) -> Iterator[RawBatch]:
    """Yield tables of the columns that are named, their row numbers, and the torn rows."""
    kind = path.suffix.lower()
    if kind == ".parquet":
        yield from _parquet_batches(path, list(columns))
    elif kind in _WHOLE:
        table = _WHOLE[kind](path).select(list(columns))
        yield table, np.arange(1, table.num_rows + 1), {}
    else:
        yield from _csv_batches(path, list(columns))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Map every failure to BadInput, with the file and, where it is known, the row."""
    try:
        yield
    except Malformed as error:
        raise BadInput(path, error.row, error.reason) from error
    except (
        pa.ArrowInvalid,
        pa.ArrowNotImplementedError,
        UnicodeError,
        *UNPACKING_ERRORS,
    ) as error:
        reason = (str(error).splitlines() or ["is damaged"])[0]
        match = _CSV_ROW.search(reason)
        row = int(match[1]) - 1 if match else None
        raise BadInput(path, row, f"cannot be read: {reason}") from error


def _parquet_batches(path: Path, columns: list[str]) -> Iterator[RawBatch]:
    before = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=columns):
            number = np.arange(before + 1, before + batch.num_rows + 1)
            yield pa.Table.from_batches([batch]), number, {}
            before += batch.num_rows


def _csv_batches(path: Path, columns: list[str]) -> Iterator[RawBatch]:
    """Yield a CSV's columns as text, so that a bad number is reported with its row.

    Blank lines count as rows and are skipped.
    """
    torn: dict[int, str] = {}

    def skip_row(row: pa_csv.InvalidRow) -> str:
        columns = f"has {row.actual_columns} columns, the header {row.expected_columns}"
        if swallowed := row.text.strip().count("\n"):
            columns += f"; a quotation mark in it does not end and takes {swallowed} lines with it"
        torn[row.number - 1] = f"cannot be read: {columns}" if row.text.strip() else ""
        return "skip"

    with _opened(path) as (file, text):
        place = 0
        for batch in _csv_reader(file, text, columns, skip_row):
            skipped = np.array(sorted(row for row in torn if row > place), dtype=np.int64)
            number = _row_numbers(place, batch.num_rows, skipped)
            place = int(number[-1]) if len(number) else place
            blank = np.ones(batch.num_rows, dtype=np.bool_)
            for column in batch.columns:
                blank &= column.is_null().to_numpy(zero_copy_only=False)
            torn_before = {row: reason for row, reason in torn.items() if row <= place and reason}
            torn = {row: reason for row, reason in torn.items() if row > place}
            table = pa.Table.from_batches([batch])
            if blank.any():
                table = table.filter(pa.array(~blank))
                number = number[~blank]
            yield table, number, torn_before
        if torn_after := {row: reason for row, reason in torn.items() if reason}:
            empty = pa.table({name: pa.array([], pa.string()) for name in columns})
            yield empty, np.empty(0, dtype=np.int64), torn_after


def _csv_reader(
    file: IO[bytes],
    text: _Text,
    columns: list[str],
    skip_row: Callable[[pa_csv.InvalidRow], str],
) -> pa_csv.CSVStreamingReader:
    return pa_csv.open_csv(
        file,
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=BLOCK_BYTES, encoding=text.encoding
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=text.separator, ignore_empty_lines=False, invalid_row_handler=skip_row
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            include_columns=columns,
            null_values=_NULLS,
            strings_can_be_null=True,
        ),
    )


def _row_numbers(before: int, count: int, skipped: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of `count` rows after row `before`, without the skipped ones."""
    candidates = np.arange(before + 1, before + count + len(skipped) + 1, dtype=np.int64)
    return np.setdiff1d(candidates, skipped, assume_unique=True)[:count]


@dataclass(frozen=True, slots=True)
class _Text:
    """The encoding and separator of a CSV, and the names in its first line."""

    encoding: str
    separator: str
    names: tuple[str, ...]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], _Text]]:
    """Open a CSV, unpacked, and read its line of names.

    Raises:
        Malformed: The file is empty.
    """
    with opened(path) as content:
        file = content
        encoding = _encoding(file)
        file.seek(0)
        head = file.read(65_536).decode("utf-8-sig" if encoding == "utf8" else encoding, "ignore")
        lines = head.splitlines()
        if not lines or not lines[0].strip():
            example = ", ".join(COLUMNS[:6])
            reason = f"has no line of names; a table begins with one, such as {example}, …"
            raise Malformed(None, reason)
        separator = max(_SEPARATORS, key=lines[0].count)
        names = next(csv.reader(lines[:1], delimiter=separator))
        file.seek(0)
        if len(lines) > 1 and {name.strip().lower() for name in names} <= _TITLES:
            names = _names_of_page(next(csv.reader(lines[1:2], delimiter=separator)))
            file = _below_titles(file, names, encoding, separator)
        yield file, _Text(encoding, separator, tuple(names))


def _names_of_page(names: Sequence[str]) -> list[str]:
    """Return the names of the exchange's page, those of calls left of the strike, puts right."""
    clean = [name.strip() for name in names]
    middle = next((n for n, name in enumerate(clean) if name.lower() == "strike"), len(clean))
    unique = []
    for place, name in enumerate(clean):
        side = "ce" if place < middle else "pe"
        unique.append(name if place == middle else f"{side}_{name or f'blank {place}'}")
    return unique


def _below_titles(
    file: IO[bytes], names: Sequence[str], encoding: str, separator: str
) -> IO[bytes]:
    """Return a file with one line of names in place of two."""
    text = file.read().decode("utf-8-sig" if encoding == "utf8" else encoding)
    line = io.StringIO()
    csv.writer(line, delimiter=separator, lineterminator="").writerow(names)
    # A blank line counts as a row and is skipped, so that every row keeps its line.
    rest = "\n".join(text.splitlines()[2:])
    return io.BytesIO(
        f"{line.getvalue()}\n\n{rest}\n".encode("utf-8" if encoding == "utf8" else encoding)
    )


def _sheet(path: Path) -> pa.Table:
    """Return the first sheet of a workbook, every cell as text.

    Raises:
        Unavailable: The library that reads workbooks is not installed.
        Malformed: It is no workbook.
    """
    with optional():
        from openpyxl import load_workbook
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except KeyError as error:
        # What openpyxl raises over an archive that is no workbook.
        raise Malformed(None, "is no workbook") from error
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        # A column without a name keeps its place: those behind it had moved into it.
        names = ["" if name is None else str(name) for name in next(rows, ())]
        columns: list[list[str | None]] = [[] for _ in names]
        for row in rows:
            for place, column in enumerate(columns):
                column.append(_cell_text(row[place] if place < len(row) else None))
    finally:
        book.close()
    return pa.table([pa.array(column, pa.string()) for column in columns], names)


def _cell_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_WHOLE: Mapping[str, Callable[[Path], pa.Table]] = MappingProxyType(
    {
        ".feather": pa_feather.read_table,
        ".jsonl": pa_json.read_json,
        ".json": provider_chain,
        ".xlsx": _sheet,
    }
)
"""How a file that is read at once becomes a table, by its suffix."""


def _encoding(file: IO[bytes]) -> str:
    """Return UTF-16 where the file has its mark, else UTF-8, else Latin-1."""
    if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(1 << 20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        # Every byte is a letter of Latin-1, so that foreign bytes cost their row alone.
        return "latin-1"
    return "utf8"
