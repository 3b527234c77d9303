"""The stored days on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict

from rich.table import Table

from g6.ports.readers import Holding
from g6.rendering.parts import NoView, Part, plain_table
from g6.rendering.wording import day_words, megabytes
from g6.studies.stored.days.stored_days import StoredDays

_ONE = re.compile(r"\b1 (part|segment)s\b")


def parts(document: StoredDays, _: NoView) -> Iterator[Part]:
    """Yield a table with a line per day and name."""
    yield _table(document)


def json_value(document: StoredDays) -> object:
    """Return a list of the days, each with how far it is folded."""
    return [asdict(holding) | {"state": holding.state} for holding in document.holdings]


def _table(document: StoredDays) -> Table:
    table = plain_table()
    for heading in ("day", "what", "files"):
        table.add_column(heading, no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for holding in sorted(document.holdings, key=_place):
        state = _ONE.sub(r"1 \1", holding.state)
        table.add_row(day_words(holding.day), holding.name, state, _size(holding.bytes))
    return table


def _place(holding: Holding) -> tuple[object, ...]:
    return holding.day, holding.kind, holding.name


def _size(count: int | None) -> str:
    """Return a size in words, a dash where none is known."""
    return "–" if count is None else megabytes(count)
