"""The strikes near the money on a terminal of 80 columns, calls left and puts right."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rich.table import Table

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import CE, PE
from g6.rendering.parts import Line, Part, WideTable
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.tables.stored.strike_window import (
    StrikesView,
    around_atm,
    narrowed,
    with_fewer_strikes,
)
from g6.rendering.wording import (
    clock,
    day_words,
    in_india,
    lakh,
    number,
    spelled,
    strike_cell,
)
from g6.studies.stored.buildup import PREVIOUS_CLOSE
from g6.studies.stored.overview.ladder import Ladder

CSV_HELP = "Write CSV, every column in it."
VIEW = StrikesView
LINES_AROUND = 10
"""Lines above and below the strikes, and that of the cursor."""


def fitted(view: StrikesView, height: int) -> StrikesView:
    """Return a view of as many strikes as fit so many lines."""
    return with_fewer_strikes(view, height - LINES_AROUND)


def narrow(document: Ladder, view: StrikesView) -> Ladder:
    """Return the ladder of the strikes of which the number is named."""
    rows = around_atm(document.offset, view.strikes or 0)
    return narrowed(document, rows, len(document.strike))


def parts(document: Ladder, view: StrikesView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per strike near the money."""
    yield Line(f"{document.index} · {in_india(document.cycle)} · {day_words(document.expiry)}")
    if document.against:
        yield Line(f"build-up since {_against(document)}")
    # Asked for 15 strikes either side, somebody wants to see 31.
    usual = None if document.window is None else 0
    rows = around_atm(document.offset, usual if view.strikes is None else view.strikes)
    yield WideTable(partial(_table, document, rows))
    if document.note:
        yield Line(document.note)
    yield Line("Δ since the close of the session before · lakh: 100,000 · last: points")
    count = len(document.strike)
    if len(rows) < count:
        yield Line(f"{len(rows)} of {count} strikes; --strikes 0 shows all")


def _against(document: Ladder) -> str:
    """Return what build-up is compared with: words, or an instant of the same day as a clock."""
    if document.against == PREVIOUS_CLOSE:
        return document.against
    return clock(parse_z(document.against), day_of(parse_z(document.cycle)))


def _table(document: Ladder, rows: range, width: int) -> Table:
    calls = [*zip(*(_cells(document, CE, place) for place in rows), strict=True)]
    puts = [*zip(*(_cells(document, PE, place) for place in rows), strict=True)]
    strikes: list[str] = []
    for place in rows:
        is_centre = bool(document.offset[place] == 0)
        strikes.append(strike_cell(float(document.strike[place]), is_centre=is_centre))
    sides = [
        [
            TextColumn(f"{head}\n", texts[0], justify="right" if head == "CALLS" else "left"),
            TextColumn("ΔOI\nlakh", texts[1], rank=1),
            TextColumn("OI\nlakh", texts[2], rank=2),
            TextColumn("last\n", texts[3]),
        ]
        for head, texts in (("CALLS", calls), ("PUTS", puts))
    ]
    centre = TextColumn("STRIKE\n", strikes, justify="center")
    return fitted_table([*sides[0], centre, *reversed(sides[1])], width)


def _cells(document: Ladder, side: int, place: int) -> list[str]:
    """Return the cells of one option, the outermost first."""
    sides = document.sides
    return [
        spelled(str(document.build_up[side, place])),
        lakh(float(sides["oi_change"][side, place]), 1, sign=True),
        lakh(float(sides["oi"][side, place]), 1),
        number(float(sides["last"][side, place])),
    ]
