"""Levels and ratios through a session on a terminal of any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, WideTable
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.wording import (
    WHOLE_CHAIN,
    clock,
    clocks,
    counted,
    day_words,
    lacks_whole_chain,
    lakh,
    number,
    percent,
    points,
)
from g6.studies.stored.overview.levels_by_cycle import LevelsByCycle

CSV_HELP = "Write CSV, every figure in it."

FIGURES: tuple[tuple[str, int, str, Callable[[float], str]], ...] = (
    ("spot", 0, "spot", number),
    ("ATM", 0, "atm", points),
    ("PCR", 0, "pcr", lambda value: number(value, 3)),
    ("max pain", 1, "max_pain", points),
    ("support", 2, "support", points),
    ("resistance", 2, "resistance", points),
    ("IV %", 0, "atm_iv", percent),
    ("straddle", 1, "straddle", number),
    ("PCR by\nvolume", 3, "pcr_volume", lambda value: number(value, 3)),
    ("OI calls\nlakh", 4, "oi_calls", lakh),
    ("OI puts\nlakh", 4, "oi_puts", lakh),
    ("forward", 5, "forward", number),
    ("future", 6, "future", number),
    ("VIX", 7, "vix", number),
)
"""Heading, rank by which it is left out where there is no room, figure and text."""
ROLLED = "*"
"""Stands beside a cycle of another expiry than the one before."""


def parts(document: LevelsByCycle, _: NoView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per cycle."""
    lines = len(document.instant)
    share = counted(document.cycles, "cycle")
    if lines < document.cycles:
        share = f"{lines} of {share}"
    yield f"{document.index} · {day_words(document.day)} · {share}"
    yield WideTable(partial(_table, document))
    figures = document.figures
    if any(map(lacks_whole_chain, figures["pcr"], figures["atm"])):
        yield Line(WHOLE_CHAIN)
    for place in _rolls(document):
        expiry = document.expiry[place]
        at = clock(document.instant[place])
        to = "no expiry" if expiry is None else f"the expiry {day_words(expiry, document.day)}"
        yield Line(f"{ROLLED} from {at} on, figures are of {to}")


def _rolls(document: LevelsByCycle) -> list[int]:
    """Return the places of the cycles of another expiry than the one before."""
    return [
        place
        for place, (before, after) in enumerate(pairwise(document.expiry), start=1)
        if before != after
    ]


def _table(document: LevelsByCycle, width: int) -> Table:
    columns = [TextColumn("time", clocks(document.instant), justify="left")]
    if rolls := _rolls(document):
        marks = [ROLLED if place in rolls else "" for place in range(len(document.instant))]
        columns.append(TextColumn("", marks))
    for heading, rank, name, text_of in FIGURES:
        columns.append(TextColumn(heading, [*map(text_of, document.figures[name])], rank))
    return fitted_table(columns, width)
