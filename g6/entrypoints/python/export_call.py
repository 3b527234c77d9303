"""`g6.export`: stored rows in a file for another program."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from g6.adapters.parquet.queries.stored_span import DaySpan
    from g6.domain.schema.layout import LoadedKind


def export(
    index: str | Sequence[str],
    out: str | Path,
    day: DaySpan = "latest",
    kind: LoadedKind = "chain",
    *,
    columns: Sequence[str] = (),
    expiry: str | date | Sequence[str | date] | None = None,
    strike: float | tuple[float, float] | None = None,
    as_of: str | datetime | None = None,
    shape: Literal["wide", "long"] = "wide",
    data_dir: str | Path | None = None,
) -> Path:
    """Write stored rows to a file: CSV, Parquet, XLSX, JSON lines or Arrow. Return its path.

    Every row of a chain has timestamp, underlying, expiry, strike, spot, future, forward and vix,
    and ends in `certificate`: version and root of what `g6 certificate` says of its day.
    Instants are in UTC, in an XLSX file in India's time without a zone, as sheets know none.

    Args:
        index: One name or several. `"*"` is all that are stored.
        out: The file. Its name ends in .csv, .parquet, .xlsx, .ndjson or .arrow.
        day: As in `load`.
        kind: As in `load`.
        columns: Only these, behind those that every row has.
        expiry: Only these expiries.
        strike: Only this strike, or an inclusive range.
        as_of: Rows that were observed later are left out. A time alone is of the one day asked for.
        shape: `long` gives a row per option.
        data_dir: Where the rows are, as in `load`.

    Raises:
        NothingToDo: Nothing of that is stored. The sentence names what is.
        UserError: An argument cannot be, or a sheet has no room for the rows.
        Unavailable: XlsxWriter is not installed. The sentence has the line that installs it.
        StoreBusy: The disk refuses.
    """
    from g6.bootstrap.reading.export_rows import ExportQuery, about, export_table
    from g6.entrypoints.python.stored_frames import directory_of
    from g6.rendering.table_files import suffix_of, write_table

    path = Path(out).expanduser()
    suffix_of(path)
    directory = directory_of(data_dir)
    query = ExportQuery(index, day, kind, columns, expiry, strike, as_of, shape)
    table = export_table(directory, query)
    write_table(table, path, about(directory, query, table))
    return path
