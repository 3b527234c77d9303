"""Stored rows of a directory as one table, by the arguments of `g6.load`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import pyarrow as pa

from g6.adapters.parquet.queries.load import Query, load_table
from g6.adapters.parquet.queries.stored_span import DaySpan
from g6.bootstrap.reading.row_certificates import (
    certificates_of,
    check_coverage,
    with_certificates,
)


class RowChoice(TypedDict, total=False):
    """The arguments of `g6.load` that choose among the rows and columns of a kind."""

    columns: Sequence[str] | None
    expiry: str | date | Sequence[str | date] | None
    strike: float | tuple[float, float] | None
    as_of: str | datetime | None
    tz: str
    shape: str


def stored_table(
    directory: Path,
    index: str | Sequence[str],
    day: DaySpan,
    kind: str,
    *,
    min_coverage: float | None = None,
    **choice: Unpack[RowChoice],
) -> pa.Table:
    """Return the rows, with the columns that are asked for and the certificates of their days.

    Raises:
        NothingToDo: Nothing of that is stored.
        UserError: An argument cannot be, or less is stored than `min_coverage` wants.
        BadInput: A file is damaged.
    """
    query = Query.of(directory, index, day, kind, **choice)
    certificates = certificates_of(query)
    if min_coverage is not None:
        check_coverage(certificates, query.indices, min_coverage)
    return with_certificates(load_table(query), certificates, query)
