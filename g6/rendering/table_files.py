"""Arrow tables as files and text: CSV, JSON, Parquet, Arrow, XLSX, one form of instants in each.

All but XLSX have UTC. A sheet has India's time without a zone, as sheets know none, and
says so on its second page.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from g6.domain.documents.json_plain import DECIMALS, LEAST_TAIL, json_plain
from g6.domain.market.calendar import IST
from g6.domain.schema.nearest import no_such
from g6.errors import UserError
from g6.errors.extras import optional
from g6.files import busy, shown

__all__ = [
    "FORMATS",
    "as_csv",
    "form_of",
    "json_rows",
    "sheet_bytes",
    "suffix_of",
    "write_table",
]

SHEET_ROWS = 1_048_575
"""Rows of a sheet below its heading."""
SHEET_NAME = "rows"
About = Mapping[str, str]
"""What the second page of a sheet says of the rows, line by line."""


def as_csv(table: pa.Table) -> str:
    """Return a table as CSV: instants in UTC with `Z`, an empty cell for what is missing."""
    buffer = io.BytesIO()
    _write_csv(plain_numbers(table), buffer, {})
    return buffer.getvalue().decode()


def json_rows(table: pa.Table) -> Iterator[dict[str, object]]:
    """Yield the rows of a table as JSON has them."""
    for batch in plain_numbers(table).to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            yield {name: json_plain(value) for name, value in row.items()}


def plain_numbers(table: pa.Table) -> pa.Table:
    """Return a table of plain numbers.

    DuckDB gives sums of whole numbers as decimals, and binary arithmetic leaves tails behind
    prices: 8.950000000000001.
    """
    for place, field in enumerate(table.schema):
        if pa.types.is_float64(field.type):
            plain = _without_tails(table.column(place))
            table = table.set_column(place, field, plain)
        elif pa.types.is_decimal(field.type):
            kind = pa.float64()
            if field.type.scale == 0 and _fits(table.column(place)):
                kind = pa.int64()
            table = table.set_column(place, field.name, table.column(place).cast(kind))
    return table


def _without_tails(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return numbers as `json_plain.plain_number` does, a column at once."""
    # Of numbers of Python pyarrow makes scalars, and imports pandas to do so: 0.4 s of `g6 export`.
    bounds = pa.py_buffer(np.array([LEAST_TAIL, 0.0, 10.0**DECIMALS]).tobytes())
    least, zero, scale = pa.Array.from_buffers(pa.float64(), 3, [None, bounds])
    # pyarrow 26 rounds 486.45000000000005 to itself, and so 12 % of the tails of prices in ticks of
    # 0.05: to its decimals it does not divide.
    near = pc.divide(pc.round(pc.multiply(column, scale)), scale)
    tail = pc.abs(pc.subtract(column, near))
    is_tail = pc.and_(pc.less_equal(tail, least), pc.not_equal(near, zero))
    return pc.if_else(is_tail, near, column)


def _fits(column: pa.ChunkedArray) -> bool:
    bounds = pc.min_max(column.cast(pa.float64())).as_py()
    return all(abs(bound or 0.0) < 2.0**62 for bound in bounds.values())


def suffix_of(path: Path) -> str:
    """Return the format of a file by its name.

    Raises:
        UserError: It is none that is written.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UserError(
            f"{shown(path)} is no file that is written here",
            f"end its name in one of {', '.join(FORMATS)}",
        )
    return suffix


def form_of(word: str | None, path: Path) -> str:
    """Return the format of a file: the one that is asked for, else the one that its name says.

    Args:
        word: Such as `arrow`, with or without a point.
        path: The file.

    Raises:
        UserError: It is none that is written.
    """
    if word is None:
        return suffix_of(path)
    form = f".{word.lower().lstrip('.')}"
    if form not in FORMATS:
        raise no_such("format", word, [suffix.lstrip(".") for suffix in FORMATS])
    return form


def write_table(table: pa.Table, path: Path, about: About, form: str = "") -> int:
    """Write a table in the format that the file's name says, and return the file's size.

    A file that is there is replaced once the new one is whole.

    Args:
        table: The rows.
        path: The file. Directories that are not there are made.
        about: What is said of the rows where the format has room for it.
        form: The format where it is not that of the name, one of `FORMATS`.

    Raises:
        UserError: The name is of no format, or a sheet has no room for the rows.
        Unavailable: XlsxWriter is not installed.
        StoreBusy: The disk refuses.
    """
    write = FORMATS[form or suffix_of(path)]
    temporary = path.with_name(f".{path.name}.writing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            write(plain_numbers(table), file, about)
        temporary.replace(path)
    except OSError as error:
        raise busy(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return path.stat().st_size


def sheet_bytes(table: pa.Table, about: About) -> bytes:
    """Return a table as a sheet. The same table gives the same bytes.

    Raises:
        UserError: A sheet has no room for the rows.
        Unavailable: XlsxWriter is not installed.
    """
    file = io.BytesIO()
    _write_sheet(plain_numbers(table), file, about)
    return file.getvalue()


def _write_csv(table: pa.Table, file: IO[bytes], _: About) -> None:
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        if pa.types.is_timestamp(field.type):
            columns.append(_iso(column))
        elif pa.types.is_dictionary(field.type):
            columns.append(column.cast(pa.string()))
        else:
            columns.append(column)
    options = pacsv.WriteOptions(quoting_style="needed", quoting_header="needed")
    pacsv.write_csv(pa.table(columns, names=table.column_names), file, options)


def _iso(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return instants as `2026-11-20T03:45:00Z`, with a fraction only where there is one."""
    if column.type.tz is None:
        texts = column.cast(pa.timestamp("us")).cast(pa.string())
    else:
        texts = column.cast(pa.timestamp("us", "UTC")).cast(pa.string())
    texts = pc.replace_substring(texts, " ", "T")
    return pc.replace_substring(texts, ".000000", "")


def _write_parquet(table: pa.Table, file: IO[bytes], about: About) -> None:
    named = _in_utc(table).replace_schema_metadata(_metadata(about))
    pq.write_table(named, file, compression="zstd")


def _in_utc(table: pa.Table) -> pa.Table:
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        is_zoned = pa.types.is_timestamp(field.type) and field.type.tz is not None
        columns.append(column.cast(pa.timestamp("us", "UTC")) if is_zoned else column)
    return pa.table(columns, names=table.column_names)


def _metadata(about: About) -> dict[str, str]:
    return {f"g6.{name}": text for name, text in about.items()}


def _write_arrow(table: pa.Table, file: IO[bytes], about: About) -> None:
    # A file of Arrow has one dictionary a column: days that were stored apart have each their own.
    named = _in_utc(table).unify_dictionaries().replace_schema_metadata(_metadata(about))
    with pa.ipc.new_file(file, named.schema) as writer:
        writer.write_table(named)


def _write_lines(table: pa.Table, file: IO[bytes], _: About) -> None:
    for row in json_rows(table):
        file.write(f"{json.dumps(row, separators=(',', ':'))}\n".encode())


def _write_sheet(table: pa.Table, file: IO[bytes], about: About) -> None:
    if table.num_rows > SHEET_ROWS:
        raise UserError(
            f"{table.num_rows} rows do not fit into a sheet, which has room for {SHEET_ROWS}",
            "write .parquet or .csv, or choose fewer with --expiry, --strike or a shorter range",
        )
    with optional():
        import xlsxwriter
    # Rows go to the disk as they are written: a day of an index held in memory took 5 GB.
    options = {"constant_memory": True, "in_memory": False, "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(file, options) as book:
        # The time of writing would make two sheets of the same rows differ.
        book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - sheets have no zone
        forms = {
            "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        heading = book.add_format({"bold": True})
        sheet = book.add_worksheet(SHEET_NAME)
        sheet.freeze_panes(1, 0)
        for place, field in enumerate(table.schema):
            form = forms.get(_form_of(field.type))
            sheet.set_column(place, place, 19 if form else 12, form)
            sheet.write_string(0, place, field.name, heading)
        line = 0
        for batch in _local(table).to_batches(max_chunksize=10_000):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                line += 1
                _write_row(sheet, line, cells, forms)
        page = book.add_worksheet("about")
        page.set_column(0, 1, 40)
        notes = {**about, "times": "India's, without a zone (IST, UTC+05:30)"}
        for number, (name, text) in enumerate(notes.items()):
            page.write_row(number, 0, (name, text))


def _form_of(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "instant"
    return "day" if pa.types.is_date(kind) else ""


def _local(table: pa.Table) -> pa.Table:
    """Return a table whose instants are India's clock: sheets refuse a time with a zone."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is not None:
            utc = table.column(place).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
            offset = IST.utcoffset(None)
            local = pc.add(utc, pa.scalar(offset, pa.duration("us")))
            table = table.set_column(place, field.name, local)
    return table


def _write_row(
    sheet: object, line: int, cells: Sequence[object], forms: Mapping[str, object]
) -> None:
    for place, value in enumerate(cells):
        if value is None:
            continue
        if isinstance(value, str):
            sheet.write_string(line, place, value)  # type: ignore[attr-defined]
        elif isinstance(value, datetime | date):
            form = forms["instant" if isinstance(value, datetime) else "day"]
            sheet.write_datetime(line, place, value, form)  # type: ignore[attr-defined]
        elif isinstance(value, bool | int | float) and isfinite(value):
            sheet.write_number(line, place, value)  # type: ignore[attr-defined]
        elif isinstance(value, timedelta):
            sheet.write_number(line, place, value.total_seconds())  # type: ignore[attr-defined]


FORMATS: Mapping[str, Callable[[pa.Table, IO[bytes], About], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".xlsx": _write_sheet,
    ".ndjson": _write_lines,
    ".arrow": _write_arrow,
}
"""Who writes a file, by the end of its name."""
