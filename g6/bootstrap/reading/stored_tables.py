"""Stored rows of a directory as one table, by the arguments of `g6.load`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from g6.adapters.parquet.queries.load import Query, load_table
from g6.adapters.parquet.queries.stored_span import DaySpan
from g6.bootstrap.reading.row_certificates import (
    certificates_of,
    check_coverage,
    with_certificates,
)


class RowChoice(NamedTuple):
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
    choice: RowChoice,
    min_coverage: float | None = None,
) -> pa.Table:
    """Return the rows, with the columns that are asked for and the certificates of their days.

    Args:
        directory: Of the rows.
        index: One name or several, `*` for all that are stored.
        day: A session day, or a range of them.
        kind: Which rows.
        choice: Which of them, and in what form.
        min_coverage: The least share of due cycles that the certificate of each day says are OK.

    Raises:
        NothingToDo: Nothing of that is stored.
        UserError: An argument cannot be, or less is stored than `min_coverage` wants.
        BadInput: A file is damaged.
    """
    query = Query.of(
        directory,
        index,
        day,
        kind,
        columns=choice.columns,
        expiry=choice.expiry,
        strike=choice.strike,
        as_of=choice.as_of,
        tz=choice.tz,
        shape=choice.shape,
    )
    certificates = certificates_of(query)
    if min_coverage is not None:
        check_coverage(certificates, query.indices, min_coverage)
    return with_certificates(load_table(query), certificates, query)
