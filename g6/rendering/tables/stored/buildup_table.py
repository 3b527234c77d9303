"""Build-ups around the money on a terminal of any width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from rich.table import Table

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.rendering.parts import Line, Part, WideTable, plain_table
from g6.rendering.wording import (
    around,
    clock,
    day_words,
    in_india,
    lakh,
    number,
    percent,
    spelled,
    strike_cell,
)
from g6.studies.parameters import Parameter
from g6.studies.stored.buildup import PREVIOUS_CLOSE, BuildUps, SideBuildUp

LEAST_STRIKES = 3
LINES_AROUND = 12
"""Lines above and below the strikes, and that of the cursor."""
WITH_INTEREST = 110
"""Columns of a screen from which on open interest stands beside its change."""


Strikes = Annotated[int, Parameter("Strikes around ATM; 0: all.", "21", least=0, metavar="N")]


@dataclass(frozen=True, slots=True)
class BuildUpView:
    """How many strikes are shown."""

    strikes: Strikes = 21


VIEW = BuildUpView


def fitted(view: BuildUpView, height: int) -> BuildUpView:
    """Return a view of as many strikes as fit so many lines."""
    most = max(LEAST_STRIKES, height - LINES_AROUND)
    return BuildUpView(min(view.strikes or most, most))


def parts(document: BuildUps, view: BuildUpView) -> Iterator[Part]:
    """Yield the index's word, the strikes around the money, and a count of words by side."""
    yield Line(f"{document.index} {day_words(document.expiry)} · {in_india(document.cycle)}")
    yield Line(f"changes since {_against(document)}")
    if document.index_build_up:
        yield Line(f"the nearest future: {spelled(document.index_build_up)}")
    yield WideTable(partial(_table, document, view))
    for name, side in (("calls", document.calls), ("puts", document.puts)):
        counts = Counter(word for word in side.build_up if word)
        words = [f"{spelled(word)} {count}" for word, count in counts.most_common()]
        yield f"{name}: {', '.join(words) or 'nothing to compare with'}"
    yield Line(
        "price and OI up: long build-up; price down, OI up: short build-up;\n"
        "price up, OI down: short covering; price and OI down: long unwinding"
    )


def _against(document: BuildUps) -> str:
    """Return what the chain is compared with: words, or an instant of the same day as a clock."""
    if document.against == PREVIOUS_CLOSE:
        return document.against
    return clock(parse_z(document.against), day_of(parse_z(document.cycle)))


def _table(document: BuildUps, view: BuildUpView, width: int) -> Table:
    table = plain_table()
    heads = ["Δ price\npoints", "ΔOI\nlakh"]
    is_wide = width >= WITH_INTEREST
    if is_wide:
        heads += ["ΔOI\n%", "OI\nlakh"]
    table.add_column("CALLS\n", justify="right", no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("STRIKE\n", justify="center", no_wrap=True)
    for head in reversed(heads):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("PUTS\n", justify="right", no_wrap=True)
    centre = around(document.offset)
    count = len(document.strike)
    strikes = view.strikes or count
    first = max(0, min(centre - strikes // 2, count - strikes))
    last = min(count, first + strikes)
    for row in range(first, last):
        is_centre = row == centre
        strike = strike_cell(float(document.strike[row]), is_centre=is_centre)
        calls = _cells(document.calls, row, is_wide=is_wide)
        puts = _cells(document.puts, row, is_wide=is_wide)
        table.add_row(*calls, strike, *puts[::-1], style="bold" if is_centre else "")
    return table


def _cells(side: SideBuildUp, row: int, *, is_wide: bool) -> list[str]:
    cells = [
        spelled(side.build_up[row]),
        number(side.premium_change[row], sign=True),
        lakh(side.oi_change[row], sign=True),
    ]
    if is_wide:
        before = side.oi[row] - side.oi_change[row]
        cells += [percent(side.oi_change[row] / before if before else None), lakh(side.oi[row])]
    return cells
