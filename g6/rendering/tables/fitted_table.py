"""A table of as many columns as a screen has room for: none of its texts is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table

from g6.rendering.parts import plain_table

__all__ = ["TextColumn", "fitted_table"]

GAPS = (2, 1)
"""Blanks between columns, the first with which the columns fit."""


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One column as it is written.

    Attributes:
        heading: Its heading, the unit in a second line.
        cells: Its texts, a line each.
        rank: The columns of the highest rank are left out first, together. One of rank 0 never.
        justify: Where its texts stand.
        wraps: Whether its texts may be broken into more lines.
    """

    heading: str
    cells: Sequence[str]
    rank: int = 0
    justify: JustifyMethod = "right"
    wraps: bool = False

    @property
    def width(self) -> int:
        """How many places of the screen it takes."""
        cells = () if self.wraps else self.cells
        return max(map(cell_len, (*self.heading.split("\n"), *cells)))


def fitted_table(columns: Sequence[TextColumn], width: int) -> Table:
    """Return a table of the columns that fit a width, closer together where that is enough.

    >>> columns = [TextColumn("spot", ["24,006.67"]), TextColumn("ATM", ["24,000"], rank=1)]
    >>> [len(fitted_table(columns, width).columns) for width in (17, 16, 15, 5)]
    [2, 2, 1, 1]
    """
    fitting = list(columns)
    while _taken(fitting, GAPS[-1]) > width:
        last = max(column.rank for column in fitting)
        if not last:
            break
        fitting = [column for column in fitting if column.rank < last]
    gap = GAPS[0] if _taken(fitting, GAPS[0]) <= width else GAPS[-1]
    table = plain_table(gap)
    depth = max((column.heading.count("\n") for column in fitting), default=0)
    for column in fitting:
        heading = "\n" * (depth - column.heading.count("\n")) + column.heading
        table.add_column(heading, justify=column.justify, no_wrap=not column.wraps)
    for cells in zip(*(column.cells for column in fitting), strict=True):
        table.add_row(*cells)
    return table


def _taken(columns: Sequence[TextColumn], gap: int) -> int:
    return sum(column.width for column in columns) + gap * (len(columns) - 1)
