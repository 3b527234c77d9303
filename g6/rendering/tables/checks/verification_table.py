"""The largest differences to a second implementation on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.rendering.parts import NoView, Part, plain_table
from g6.studies.checks.verification import Verification


def parts(document: Verification, _: NoView) -> Iterator[Part]:
    """Yield a table of the figures, and whether all are within the tolerance."""
    yield _table(document)
    within = "not all" if document.above else "all"
    yield (
        f"{document.units} of {document.stored} stored units; "
        f"{within} within {document.tolerance:g}"
    )


def json_value(document: Verification) -> object:
    """Return the differences under the names that are published."""
    figures = document.columns()
    return {
        "units": document.units,
        "tolerance": document.tolerance,
        "largest": dict(zip(figures["figure"], figures["largest"], strict=True)),
        "at": dict(zip(figures["figure"], figures["where"], strict=True)),
        "above": document.above,
    }


def _table(document: Verification) -> Table:
    table = plain_table()
    table.add_column("figure")
    for name in ("compared", "largest difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("where")
    for difference in document.figures:
        # Where the largest one is matters where it is too large, and is 40 characters wide.
        where = difference.where if difference.largest > document.tolerance else ""
        compared = f"{difference.compared:,}"
        table.add_row(difference.figure, compared, f"{difference.largest:.2e}", where)
    return table
