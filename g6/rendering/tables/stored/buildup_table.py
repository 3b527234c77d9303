"""Build-ups around the money on a terminal of any width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from rich.table import Table

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.rendering.parts import Line, Part, WideTable, plain_table
from g6.rendering.tables.stored.strike_window import (
    StrikesView,
    around_atm,
    narrowed,
    with_fewer_strikes,
)
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
from g6.studies.stored.buildup import PREVIOUS_CLOSE, BuildUps, SideBuildUp

LINES_AROUND = 12
"""Lines above and below the strikes, and that of the cursor."""
WITH_INTEREST = 110
"""Columns of a screen from which on open interest stands beside its change."""
VIEW = StrikesView


def fitted(view: StrikesView, height: int) -> StrikesView:
    """Return a view of as many strikes as fit so many lines."""
    return with_fewer_strikes(view, height - LINES_AROUND)


def narrow(document: BuildUps, view: StrikesView) -> BuildUps:
    """Return the build-ups of the strikes of which the number is named."""
    rows = around_atm(document.offset, view.strikes or 0)
    return narrowed(document, rows, len(document.strike))


def parts(document: BuildUps, view: StrikesView) -> Iterator[Part]:
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


def _table(document: BuildUps, view: StrikesView, width: int) -> Table:
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
    for row in around_atm(document.offset, view.strikes):
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
