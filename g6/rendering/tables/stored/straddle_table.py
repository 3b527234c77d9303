"""What a straddle or a position was worth by cycle, on a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, WideTable
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.wording import clocks, in_india, number, points
from g6.studies.stored.straddle_by_cycle import StraddleByCycle


def parts(document: StraddleByCycle, _: NoView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per cycle."""
    what = "straddle at the money"
    if document.legs is not None:
        count = len(document.legs)
        what = f"position of {count} {'leg' if count == 1 else 'legs'}"
    yield Line(f"{document.index} {what} · {in_india(document.cycle)}")
    yield WideTable(partial(_table, document))
    sentence = "points; VWAP: what it is worth at each option's average price of the day"
    if any(document.rolled):
        sentence += "\n* another strike or expiry than in the cycle before"
    yield Line(sentence)


def _table(document: StraddleByCycle, width: int) -> Table:
    columns = [
        TextColumn("time", clocks(document.instant), justify="left"),
        TextColumn("price", [*map(number, document.price)]),
        TextColumn("VWAP", [*map(number, document.vwap)], rank=1),
        TextColumn("strike", [*map(points, document.strike)]),
        TextColumn("", ["*" if rolled else "" for rolled in document.rolled]),
        TextColumn("expiry", [f"{day:%d %b}" for day in document.expiry]),
        TextColumn("spot", [*map(number, document.spot)], rank=2),
        TextColumn("forward", [*map(number, document.forward)], rank=3),
    ]
    return fitted_table(columns, width)
