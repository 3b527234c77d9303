"""The sources of quotes."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.ports.readers import SourceLine
from g6.rendering.parts import NoView, Part
from g6.studies.now.source_answers import SourceTable


def parts(document: SourceTable, _: NoView) -> Iterator[Part]:
    """Yield a table with a row per source, what it is in as many lines as the screen needs."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for source in document.sources:
        table.add_row(source.name, source.summary)
    yield table


def json_value(document: SourceTable) -> tuple[SourceLine, ...]:
    """Return a list of the sources."""
    return document.sources
