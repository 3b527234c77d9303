"""Open interest by cycle on a terminal of any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from rich.table import Table

from g6.rendering.parts import NoView, Part, WideTable
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.wording import clocks, lakh, moment, number, points
from g6.studies.stored.interest_by_cycle import CycleInterest, InterestByCycle

CSV_HELP = "Write CSV."

FIGURES: tuple[tuple[str, int, Callable[[CycleInterest], str]], ...] = (
    ("strikes", 1, lambda cycle: str(cycle.strikes)),
    ("PCR\nby OI", 0, lambda cycle: number(cycle.pcr, 3)),
    ("PCR\nby volume", 0, lambda cycle: number(cycle.pcr_volume, 3)),
    ("max pain\npoints", 0, lambda cycle: number(cycle.max_pain, 0)),
    ("OI calls\nlakh", 0, lambda cycle: lakh(cycle.oi_calls, 1)),
    ("OI puts\nlakh", 0, lambda cycle: lakh(cycle.oi_puts, 1)),
    ("puts − calls\nlakh", 2, lambda cycle: lakh(cycle.oi_puts - cycle.oi_calls, 1, sign=True)),
    ("forward\npoints", 3, lambda cycle: number(cycle.forward)),
    ("ATM\npoints", 3, lambda cycle: points(cycle.atm)),
)
"""Heading, rank by which it is left out where there is no room, and text."""


def parts(document: InterestByCycle, _: NoView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per cycle."""
    strikes = (
        "all strikes"
        if document.strikes is None
        else "strikes " + " ".join(map(points, document.strikes))
    )
    last = moment(document.cycles[-1].instant)
    yield f"{document.index} · {last} · {strikes}"
    yield WideTable(partial(_table, document))


def _table(document: InterestByCycle, width: int) -> Table:
    cycles = document.cycles
    columns = [
        TextColumn("time", clocks(cycle.instant for cycle in cycles), justify="left"),
        TextColumn("expiry", [f"{cycle.expiry:%d %b}" for cycle in cycles], justify="left"),
    ]
    for heading, rank, text_of in FIGURES:
        columns.append(TextColumn(heading, [*map(text_of, cycles)], rank))
    return fitted_table(columns, width)
