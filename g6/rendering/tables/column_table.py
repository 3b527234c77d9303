"""The main table of a document that has no screen of its own, such as one made for a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial

import numpy as np
from rich.table import Table

from g6.rendering.parts import NoView, Part, WideLine, WideTable
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.wording import clocks, number
from g6.studies.documents import StudyDocument


def parts(document: StudyDocument, _: NoView) -> Iterator[Part]:
    """Yield the document's columns as a table, and which of them have no room."""
    columns: list[TextColumn] = []
    for rank, (name, values) in enumerate(document.columns().items()):
        columns.append(TextColumn(name, _cells(list(values)), rank))
    yield WideTable(partial(fitted_table, columns))
    if len(fitted_table(columns, 0).columns) < len(columns):
        yield WideLine(partial(_left_out, columns))


def _left_out(columns: Sequence[TextColumn], width: int) -> str:
    """Return the names of the columns that a screen has no room for, empty without any."""
    table: Table = fitted_table(columns, width)
    names = [column.heading for column in columns[len(table.columns) :]]
    return f"no room for {', '.join(names)}: --json has all" if names else ""


def _cells(values: Sequence[object]) -> list[str]:
    instants = [value for value in values if isinstance(value, datetime)]
    if instants and len(instants) == len(values):
        return clocks(instants)
    return [*map(_cell, values)]


def _cell(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return number(float(value))
    if isinstance(value, int | np.integer):
        return f"{int(value):,}"
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"{value:%d %b %Y}"
    return "–" if value is None else str(value)
