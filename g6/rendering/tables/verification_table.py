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
    return {
        "units": document.units,
        "tolerance": document.tolerance,
        "largest": {each.figure: each.largest for each in document.figures},
        "at": {each.figure: each.where for each in document.figures},
        "above": document.above,
    }


def _table(document: Verification) -> Table:
    table = plain_table()
    table.add_column("figure")
    for name in ("compared", "largest difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("where")
    for each in document.figures:
        where = each.where if each.largest > document.tolerance else ""
        table.add_row(each.figure, f"{each.compared:,}", f"{each.largest:.2e}", where)
    return table
