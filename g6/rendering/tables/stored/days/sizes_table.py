"""The sizes of what is stored on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from g6.rendering.parts import NoView, Part, plain_table
from g6.rendering.wording import megabytes
from g6.studies.stored.days.stored_sizes import StoredSizes


def parts(document: StoredSizes, _: NoView) -> Iterator[Part]:
    """Yield a table with a line per kind."""
    table = plain_table()
    table.add_column("what", justify="left", no_wrap=True)
    table.add_column("files", justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for kind, totals in document.by_kind.items():
        table.add_row(kind, str(totals.files), megabytes(totals.bytes))
    yield table


def json_value(document: StoredSizes) -> object:
    """Return files and bytes by kind."""
    return document.by_kind
