"""Open interest by cycle on a terminal of any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from rich.table import Table

from g6.rendering.parts import Line, Part, WideTable
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.tables.stored.strike_window import AllLines
from g6.rendering.wording import clocks, lakh, moment, number, points
from g6.studies.stored.interest_by_cycle import CycleInterest, InterestByCycle

CSV_HELP = "Write CSV."
LINES_AROUND = 8
"""Lines above and below the cycles, and that of the cursor."""
LEAST = 3
"""How many cycles are shown on the lowest of screens."""


@dataclass(frozen=True, slots=True)
class InterestView:
    """Whether every cycle is shown."""

    all_: AllLines = False


@dataclass(frozen=True, slots=True)
class FittedInterest(InterestView):
    """How many cycles fit a screen, the newest."""

    cycles: int = 0


VIEW = InterestView


def fitted(view: InterestView, height: int) -> InterestView:
    """Return a view of as many cycles as fit so many lines."""
    return view if view.all_ else FittedInterest(cycles=max(LEAST, height - LINES_AROUND))


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


def parts(document: InterestByCycle, view: InterestView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per cycle."""
    most = view.cycles if isinstance(view, FittedInterest) else 0
    cycles = document.cycles[-most:]
    strikes = (
        "all strikes"
        if document.strikes is None
        else "strikes " + " ".join(map(points, document.strikes))
    )
    last = moment(document.cycles[-1].instant)
    yield f"{document.index} · {last} · {strikes}"
    yield WideTable(partial(_table, cycles))
    count = len(document.cycles)
    if len(cycles) < count:
        yield Line(f"the newest {len(cycles)} of {count} cycles; --all shows all")


def _table(cycles: Sequence[CycleInterest], width: int) -> Table:
    columns = [
        TextColumn("time", clocks(cycle.instant for cycle in cycles), justify="left"),
        TextColumn("expiry", [f"{cycle.expiry:%d %b}" for cycle in cycles], justify="left"),
    ]
    for heading, rank, text_of in FIGURES:
        columns.append(TextColumn(heading, [*map(text_of, cycles)], rank))
    return fitted_table(columns, width)
