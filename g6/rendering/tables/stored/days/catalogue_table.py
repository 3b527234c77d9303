"""What is stored, by index and day, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instants import instant_in_words
from g6.rendering.parts import NoView, Part, plain_table
from g6.rendering.wording import day_words, megabytes
from g6.studies.stored.days.catalogue import StoredCatalogue


def parts(document: StoredCatalogue, _: NoView) -> Iterator[Part]:
    """Yield a table with a line per index and day."""
    table = plain_table()
    for heading in ("index", "day"):
        table.add_column(heading, no_wrap=True)
    table.add_column("cycles", justify="right", no_wrap=True)
    for heading in ("from", "to"):
        table.add_column(heading, no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for day in document.days:
        ends = [_clock(day.first), _clock(day.last)]
        table.add_row(day.index, day_words(day.day), f"{day.cycles:,}", *ends, _size(day.bytes))
    yield table


def json_value(document: StoredCatalogue) -> object:
    """Return a list of the indices and days."""
    return [asdict(day) for day in document.days]


def _clock(cycle: str) -> str:
    """Return the time of day of a cycle in India."""
    return instant_in_words(parse_z(cycle)).split()[4]


def _size(count: int | None) -> str:
    """Return a size in words, a dash where none is known."""
    return "–" if count is None else megabytes(count)
