"""Levels and ratios through a session on a terminal of any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from rich.table import Table

from g6.rendering.parts import Line, Part, WideTable
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.tables.stored.strike_window import AllLines, evenly
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
LINES_AROUND = 11
"""Lines above and below the cycles, and that of the cursor."""
LEAST = 3
"""How many cycles are shown on the lowest of screens."""


@dataclass(frozen=True, slots=True)
class LevelsView:
    """Whether every cycle is shown."""

    all_: AllLines = False


@dataclass(frozen=True, slots=True)
class FittedLevels(LevelsView):
    """How many cycles fit a screen, evenly chosen."""

    cycles: int = 0


VIEW = LevelsView


def fitted(view: LevelsView, height: int) -> LevelsView:
    """Return a view of as many cycles as fit so many lines."""
    return view if view.all_ else FittedLevels(cycles=max(LEAST, height - LINES_AROUND))


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


def parts(document: LevelsByCycle, view: LevelsView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per cycle."""
    count = len(document.instant)
    places = evenly(count, view.cycles if isinstance(view, FittedLevels) else count)
    lines = len(places)
    share = counted(document.cycles, "cycle")
    if lines < document.cycles:
        share = f"{lines} of {share}"
    yield f"{document.index} · {day_words(document.day)} · {share}"
    yield WideTable(partial(_table, document, places))
    figures = document.figures
    if any(map(lacks_whole_chain, figures["pcr"], figures["atm"])):
        yield Line(WHOLE_CHAIN)
    for place in _rolls(document):
        expiry = document.expiry[place]
        at = clock(document.instant[place])
        to = "no expiry" if expiry is None else f"the expiry {day_words(expiry, document.day)}"
        yield Line(f"{ROLLED} from {at} on, figures are of {to}")
    if lines < count:
        yield Line("cycles are evenly chosen; --all shows all")


def _rolls(document: LevelsByCycle) -> list[int]:
    """Return the places of the cycles of another expiry than the one before."""
    return [
        place
        for place, (before, after) in enumerate(pairwise(document.expiry), start=1)
        if before != after
    ]


def _table(document: LevelsByCycle, places: Sequence[int], width: int) -> Table:
    instants = [document.instant[place] for place in places]
    columns = [TextColumn("time", clocks(instants), justify="left")]
    if rolls := _rolls(document):
        columns.append(TextColumn("", _marks(rolls, places)))
    for heading, rank, name, text_of in FIGURES:
        figures = document.figures[name]
        columns.append(TextColumn(heading, [text_of(figures[place]) for place in places], rank))
    return fitted_table(columns, width)


def _marks(rolls: Sequence[int], places: Sequence[int]) -> list[str]:
    """Return the mark of each line: whether the expiry is another one than on the line before."""
    marks = [""]
    for before, place in pairwise(places):
        marks.append(ROLLED if any(before < roll <= place for roll in rolls) else "")
    return marks
