"""Files of tables become batches of options: Parquet, and CSV of any separator and encoding."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.tables.table_layout import COLUMNS, TableLayout
from g6.adapters.replay.tables.table_parsing import Losses, OptionRows, parse_table
from g6.errors import BadInput

BATCH_ROWS = 65_536
BLOCK_BYTES = 1 << 23
SUFFIXES = (".parquet", ".csv", ".csv.gz")
_SEPARATORS = (",", ";", "\t", "|")
_CSV_ROW = re.compile(r"Row #(\d+)")
"""A row of the file in a message of pyarrow, which counts the header."""
_NULLS = ["", "nan", "NaN", "null"]


def is_table(path: Path) -> bool:
    """Return whether the name of a file is that of a table that can be read."""
    return path.name.lower().endswith(SUFFIXES)


@dataclass(slots=True)
class FileLosses:
    """The unreadable rows of one file: the reason by row, and how many name no index, by name."""

    reasons: dict[int, str] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)

    def add(self, losses: Losses) -> None:
        """Add the losses of a batch."""
        self.reasons |= losses.reasons
        for name, count in losses.others.items():
            self.others[name] = self.others.get(name, 0) + count


def column_names(path: Path) -> list[str]:
    """Return the names of a file's columns.

    Raises:
        BadInput: The file cannot be read.
    """
    with _readable(path):
        if path.suffix.lower() == ".parquet":
            return list(pq.read_schema(path).names)
        with _opened(path) as (_, text):
            return list(text.names)


def options_of(path: Path, layout: TableLayout, losses: FileLosses) -> Iterator[OptionRows]:
    """Yield a file's options batch by batch.

    An unreadable row is left out and added to `losses`.

    Raises:
        BadInput: The file cannot be read.
    """
    with _readable(path):
        for table, number, torn in _batches(path, layout):
            of_batch = Losses()
            losses.reasons |= torn
            if table.num_rows:
                yield parse_table(table, 0, layout, of_batch, number)
            losses.add(of_batch)


def texts_of(path: Path, column: str, layout: TableLayout) -> set[str]:
    """Return the distinct texts of a whole column.

    Raises:
        BadInput: The file cannot be read.
    """
    texts: set[str] = set()
    with _readable(path):
        for table, _, _ in _batches(path, layout):
            columns = layout.columns_of(table.column_names)
            theirs = columns.get(column) or columns["date"]
            values = table.column(theirs).unique().drop_null().to_pylist()
            texts.update(map(str, values))
    return texts


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Map every failure to BadInput, with the file and, where it is known, the row."""
    try:
        yield
    except Malformed as error:
        raise BadInput(path, error.row, error.reason) from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, EOFError, UnicodeError) as error:
        reason = (str(error).splitlines() or ["is damaged"])[0]
        match = _CSV_ROW.search(reason)
        row = int(match[1]) - 1 if match else None
        raise BadInput(path, row, f"cannot be read: {reason}") from error


def _batches(
    path: Path, layout: TableLayout
) -> Iterator[tuple[pa.Table, NDArray[np.int64], dict[int, str]]]:
    """Yield tables of the columns that are needed, their row numbers, and the torn rows."""
    if path.suffix.lower() == ".parquet":
        yield from _parquet_batches(path, layout)
    else:
        yield from _csv_batches(path, layout)


def _parquet_batches(
    path: Path, layout: TableLayout
) -> Iterator[tuple[pa.Table, NDArray[np.int64], dict[int, str]]]:
    before = 0
    with pq.ParquetFile(path) as file:
        columns = list(layout.columns_of(file.schema_arrow.names).values())
        for batch in file.iter_batches(BATCH_ROWS, columns=columns):
            number = np.arange(before + 1, before + batch.num_rows + 1)
            yield pa.Table.from_batches([batch]), number, {}
            before += batch.num_rows


def _csv_batches(
    path: Path, layout: TableLayout
) -> Iterator[tuple[pa.Table, NDArray[np.int64], dict[int, str]]]:
    """Yield a CSV's columns as text, so that a bad number is reported with its row.

    Blank lines count as rows and are skipped.
    """
    torn: dict[int, str] = {}

    def skip_row(row: pa_csv.InvalidRow) -> str:
        columns = f"has {row.actual_columns} columns, the header {row.expected_columns}"
        torn[row.number - 1] = f"cannot be read: {columns}" if row.text.strip() else ""
        return "skip"

    with _opened(path) as (file, text):
        columns = list(layout.columns_of(text.names).values())
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
    """Open a CSV, unpacked, and read its first line.

    Raises:
        Malformed: The file is empty.
    """
    is_packed = path.name.lower().endswith(".gz")
    with cast("IO[bytes]", gzip.open(path)) if is_packed else path.open("rb") as file:
        encoding = _encoding(file)
        file.seek(0)
        head = file.read(65_536).decode("utf-8-sig" if encoding == "utf8" else encoding, "ignore")
        lines = head.splitlines()
        if not lines or not lines[0].strip():
            example = ", ".join(COLUMNS[:6])
            reason = f"has no line of names; a table begins with one, such as {example}, …"
            raise Malformed(None, reason)
        separator = max(_SEPARATORS, key=lines[0].count)
        file.seek(0)
        names = next(csv.reader(lines[:1], delimiter=separator))
        yield file, _Text(encoding, separator, tuple(names))


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
