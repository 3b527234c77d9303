"""The main table of a document that has no screen of its own, such as one made for a picture."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import numpy as np
from rich.table import Table

from g6.rendering.parts import NoView, Part, plain_table
from g6.rendering.wording import clock, number
from g6.studies.documents import StudyDocument


def parts(document: StudyDocument, _: NoView) -> Iterator[Part]:
    """Yield the document's columns as a table."""
    yield _table(document)


def _table(document: StudyDocument) -> Table:
    columns = document.columns()
    table = plain_table()
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for line in zip(*columns.values(), strict=True):
        table.add_row(*map(_cell, line))
    return table


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return clock(value, date.min)
    if isinstance(value, float | np.floating):
        return number(float(value))
    return str(value)
