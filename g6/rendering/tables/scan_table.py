"""Unusual options on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import day_words, in_india, number, points
from g6.studies.stored.scan import Scan


def parts(document: Scan, _: NoView) -> Iterator[Part]:
    """Yield what is looked at, the unusual options, and the strikes that are new."""
    yield (
        f"{document.index} {day_words(document.expiry)}  {document.steps} steps since "
        f"{in_india(document.since)}"
    )
    yield _table(document)
    strikes = ", ".join(map(points, document.new_strikes))
    yield Line(f"new strikes: {strikes or 'none'}")


def _table(document: Scan) -> Table:
    table = plain_table()
    for name in ("kind", "option"):
        table.add_column(name, no_wrap=True)
    for name in ("z", "step"):
        table.add_column(name, justify="right", no_wrap=True)
    for option in document.findings:
        table.add_row(
            option.kind,
            f"{points(option.strike)} {option.side}",
            number(option.z, 1, sign=True),
            number(option.step, 2 if option.kind == "iv" else 0, sign=True),
        )
    return table
