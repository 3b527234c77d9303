"""A snapshot on a terminal, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from rich.table import Table

from g6.domain.cycles.cycle import parse_z
from g6.ports.readers import ColumnSummary
from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import clock, counted, counts_in_words, in_india
from g6.studies.stored.days.inspection import Inspection

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]*Z")


def parts(document: Inspection, _: NoView) -> Iterator[Part]:
    """Yield its size, a table of its columns, and its flags and statuses counted."""
    snapshot = _INSTANT.sub(lambda instant: in_india(instant[0]), document.snapshot)
    yield Line(f"{snapshot}: {counted(document.rows, 'row')}, {len(document.columns_)} columns")
    yield _table(document.columns_)
    yield from _counts("flags", document.flags)
    yield from _counts("statuses", document.statuses)


def json_value(document: Inspection) -> object:
    """Return the snapshot under the names that are published."""
    return {
        "snapshot": document.snapshot,
        "rows": document.rows,
        "columns": document.columns_,
        "flags": document.flags,
        "statuses": document.statuses,
    }


def _counts(name: str, by_side: Mapping[str, Mapping[str, int]]) -> Iterator[Line]:
    for side, counts in by_side.items():
        yield Line(f"{side} {name}: {counts_in_words(counts) or 'none'}")


def _table(columns: tuple[ColumnSummary, ...]) -> Table:
    table = plain_table()
    table.add_column("column", no_wrap=True)
    for name in ("nulls", "distinct", "min", "max"):
        table.add_column(name, justify="right", no_wrap=True)
    for column in columns:
        table.add_row(
            column.name,
            str(column.nulls),
            str(column.distinct),
            _short(column.min),
            _short(column.max),
        )
    return table


def _short(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return clock(parse_z(value), date.min)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
