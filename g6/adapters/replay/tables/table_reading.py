"""Files of tables become batches of options: Parquet, and CSV with whatever separator, encoding and compression it has."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

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
_CSV_ROW = re.compile(r"Row #(\d+)")  # of the file, its header included
_NULLS = ["", "nan", "NaN", "null"]


def is_table(path: Path) -> bool:
    """Tell whether a file's name says that it is a table that is read here."""
    return path.name.lower().endswith(SUFFIXES)


@dataclass(slots=True)
class FileLosses:
    """What one file loses: the reason by row, and rows of names that are no index, by name."""

    reasons: dict[int, str] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)

    def add(self, losses: Losses) -> None:
        """Take in the losses of a batch."""
        self.reasons |= losses.reasons
        for name, count in losses.others.items():
            self.others[name] = self.others.get(name, 0) + count


def column_names(path: Path) -> list[str]:
    """Return the names of a file's columns. Errors: BadInput."""
    with _readable(path):
        if path.suffix.lower() == ".parquet":
            return list(pq.read_schema(path).names)
        with _opened(path) as (_, text):
            return list(text.names)


def options_of(
    path: Path, layout: TableLayout, losses: FileLosses | None = None
) -> Iterator[OptionRows]:
    """Yield a file's options batch by batch; with `losses`, what cannot be read is left out and told there. Errors: BadInput."""
    with _readable(path):
        for table, number, torn in _batches(path, layout):
            lost = None if losses is None else Losses()
            if losses is not None:
                losses.reasons |= torn
            elif torn:
                row = min(torn)
                raise BadInput(path, row, torn[row])
            if table.num_rows:
                yield parse_table(table, 0, layout, lost, number)
            if losses is not None and lost is not None:
                losses.add(lost)


def texts_of(path: Path, column: str, layout: TableLayout) -> set[str]:
    """Return the distinct texts of one column, for a look at all of it. Errors: BadInput."""
    texts: set[str] = set()
    with _readable(path):
        for table, _, _ in _batches(path, layout):
            columns = layout.columns_of(table.column_names)
            theirs = columns.get(column) or columns["date"]
            texts.update(
                str(value)
                for value in table.column(theirs).unique().to_pylist()
                if value is not None
            )
    return texts


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Tell every failure with the file's name and, where it has one, the row."""
    try:
        yield
    except Malformed as error:
        raise BadInput(path, error.row, error.reason) from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, EOFError, UnicodeError) as error:
        said = (str(error).splitlines() or ["is damaged"])[0]
        torn = _CSV_ROW.search(said)
        raise BadInput(
            path, int(torn[1]) - 1 if torn else None, f"cannot be read: {said}"
        ) from error


def _batches(
    path: Path, layout: TableLayout
) -> Iterator[tuple[pa.Table, NDArray[np.int64], dict[int, str]]]:
    """Yield tables of the columns that are read, the places of their rows in the file, and the rows that are torn."""
    if path.suffix.lower() == ".parquet":
        yield from _parquet_batches(path, layout)
    else:
        yield from _csv_batches(path, layout)


def _parquet_batches(
    path: Path, layout: TableLayout
) -> Iterator[tuple[pa.Table, NDArray[np.int64], dict[int, str]]]:
    before = 0
    with pq.ParquetFile(path) as file:
        wanted = list(layout.columns_of(file.schema_arrow.names).values())
        for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
            yield (
                pa.Table.from_batches([batch]),
                np.arange(before + 1, before + batch.num_rows + 1),
                {},
            )
            before += batch.num_rows


def _csv_batches(
    path: Path, layout: TableLayout
) -> Iterator[tuple[pa.Table, NDArray[np.int64], dict[int, str]]]:
    """A CSV's columns as text, so that a bad number is found with its row; blank lines count as rows and are none."""
    torn: dict[int, str] = {}

    def note(row: Any) -> str:
        if row.text.strip():
            torn[row.number - 1] = (
                f"cannot be read: has {row.actual_columns} columns, the header {row.expected_columns}"
            )
        else:
            torn[row.number - 1] = ""
        return "skip"

    with _opened(path) as (file, text):
        wanted = list(layout.columns_of(text.names).values())
        reader = pa_csv.open_csv(
            file,
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, encoding=text.encoding),
            parse_options=pa_csv.ParseOptions(
                delimiter=text.separator, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, null_values=_NULLS,
                strings_can_be_null=True,
            ),
        )  # fmt: skip
        place = 0
        for batch in reader:
            number = np.empty(batch.num_rows, dtype=np.int64)
            skipped = np.array(sorted(row for row in torn if row > place), dtype=np.int64)
            number[:] = _places(place, batch.num_rows, skipped)
            place = int(number[-1]) if len(number) else place
            blank = np.ones(batch.num_rows, dtype=np.bool_)
            for column in batch.columns:
                blank &= column.is_null().to_numpy(zero_copy_only=False)
            here = {row: reason for row, reason in torn.items() if row <= place and reason}
            torn = {row: reason for row, reason in torn.items() if row > place}
            table = pa.Table.from_batches([batch])
            if blank.any():
                table, number = table.filter(pa.array(~blank)), number[~blank]
            yield table, number, here
        if rest := {row: reason for row, reason in torn.items() if reason}:
            yield (
                pa.table({name: pa.array([], pa.string()) for name in wanted}),
                np.empty(0, dtype=np.int64),
                rest,
            )


def _places(before: int, count: int, skipped: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places of `count` rows that follow place `before`, with those left out that were skipped."""
    candidates = np.arange(before + 1, before + count + len(skipped) + 1, dtype=np.int64)
    return np.setdiff1d(candidates, skipped, assume_unique=True)[:count]


@dataclass(frozen=True, slots=True)
class _Text:
    """How a file of text is written, and the names in its first line."""

    encoding: str
    separator: str
    names: tuple[str, ...]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], _Text]]:
    """Open a CSV, unpacked, and look at its first line. Errors: Malformed, for an empty file."""
    packed = path.name.lower().endswith(".gz")
    with cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb") as file:
        encoding = _encoding(file)
        file.seek(0)
        head = file.read(65_536).decode("utf-8-sig" if encoding == "utf8" else encoding, "ignore")
        lines = head.splitlines()
        if not lines or not lines[0].strip():
            raise Malformed(
                None,
                f"has no line of names; a table begins with one, such as {', '.join(COLUMNS[:6])}, …",
            )
        separator = max(_SEPARATORS, key=lines[0].count)
        file.seek(0)
        yield (
            file,
            _Text(encoding, separator, tuple(next(csv.reader(lines[:1], delimiter=separator)))),
        )


def _encoding(file: IO[bytes]) -> str:
    """UTF-8 or, by its mark, UTF-16; a file with other bytes is read byte by byte, so that they cost their row alone."""
    if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(1 << 20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf8"
