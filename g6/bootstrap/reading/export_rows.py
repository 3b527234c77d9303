"""Stored rows as one table to hand to somebody: keys first, names as `g6.load` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from g6.adapters.parquet.arrays import array_of
from g6.adapters.parquet.queries.engines import CERTIFICATES
from g6.adapters.parquet.queries.load import Query, load_table
from g6.adapters.parquet.queries.stored_span import DaySpan
from g6.bootstrap.reading.row_certificates import certificates_of, sources_of, with_certificates
from g6.domain.documents.certificates import CertificateLink
from g6.domain.market.calendar import day_of
from g6.domain.schema.layout import Kind

KEYS: Mapping[str, tuple[str, ...]] = {
    Kind.CHAIN: (
        "timestamp",
        "underlying",
        "expiry",
        "strike",
        "spot",
        "future",
        "forward",
        "vix",
    ),
    Kind.OVERVIEW: ("timestamp", "underlying", "spot", "future", "forward", "vix"),
}
"""Columns that every exported row begins with, whichever others are chosen."""

ROOT_DIGITS = 16
"""Digits of a root in a row, enough to tell it from any other."""


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """Which rows are exported. The fields are the arguments of `g6.load`."""

    index: str | Sequence[str]
    day: DaySpan = "latest"
    kind: str = "chain"
    columns: Sequence[str] = ()
    expiry: str | date | Sequence[str | date] | None = None
    strike: float | tuple[float, float] | None = None
    as_of: str | datetime | None = None
    shape: str = "wide"


def export_table(directory: Path, export: ExportQuery) -> pa.Table:
    """Return the rows to export, each with spot, future, forward, VIX and its instant.

    Of chains and overviews the last column is the certificate of the row's day.

    Raises:
        NothingToDo: Nothing of that is stored.
        UserError: An argument cannot be.
    """
    query = Query.of(
        directory,
        export.index,
        export.day,
        export.kind,
        columns=export.columns or None,
        expiry=export.expiry,
        strike=export.strike,
        as_of=export.as_of,
        tz="UTC",
        shape=export.shape,
    )
    certificates = certificates_of(query)
    table = load_table(query.beginning_with(KEYS.get(export.kind, ())))
    if export.kind not in KEYS:
        return table
    # A CSV file has room for nothing but rows.
    replayed = sources_of(query, certificates)
    names = {day: f"replayed {_short_name(source)}" for day, source in replayed.items()}
    for day, certificate in certificates.items():
        if certificate is not None:
            names[day] = _short_name(certificate.link)
    return with_certificates(_certified(table, names), certificates, query)


def _certified(table: pa.Table, names: Mapping[date, str]) -> pa.Table:
    """Return a table with the column `certificate`: version and root of each row's day."""
    if not table.num_rows:
        # pyarrow 26.0.1 makes no dictionary of a column without a chunk.
        return table.append_column("certificate", array_of([], pa.string()).dictionary_encode())
    instants = table.column("timestamp").dictionary_encode().unify_dictionaries().combine_chunks()
    days = [day_of(at) for at in instants.dictionary.to_pylist()]
    words = array_of([names.get(day) for day in days], pa.string())
    column = words.take(instants.indices).dictionary_encode()
    return table.append_column("certificate", column)


def _short_name(certificate: CertificateLink) -> str:
    """Return a certificate's version and the first digits of its root."""
    return f"v{certificate.version} {certificate.root[:ROOT_DIGITS]}"


def about(directory: Path, export: ExportQuery, table: pa.Table) -> dict[str, str]:
    """Return what is said of the rows where a file has room for it, their certificates with it."""
    names = export.index if isinstance(export.index, str) else ", ".join(export.index)
    certificates = (table.schema.metadata or {}).get(CERTIFICATES, b"[]").decode()
    return {
        "rows": f"{table.num_rows} of {export.kind}",
        "index": names,
        "day": str(export.day),
        "directory": str(directory),
        "columns": "docs/reference/columns.md says what each is, with its unit",
        "certificates": certificates,
    }
