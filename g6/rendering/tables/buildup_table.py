"""Build-ups around the money on a terminal of any width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from rich.table import Table

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.rendering.parts import Line, NoView, Part, WideTable, plain_table
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

_STRIKES = 21
WITH_INTEREST = 110
"""Columns of a screen from which on open interest stands beside its change."""


def parts(document: BuildUps, _: NoView) -> Iterator[Part]:
    """Yield the index's word, the strikes around the money, and a count of words by side."""
    yield Line(f"{document.index} {day_words(document.expiry)} · {in_india(document.cycle)}")
    yield Line(f"changes since {_against(document)}")
    if document.index_build_up:
        yield Line(f"the nearest future: {_word(document.index_build_up)}")
    yield WideTable(partial(_table, document))
    for name, side in (("calls", document.calls), ("puts", document.puts)):
        counts = Counter(word for word in side.build_up if word)
        words = [f"{_word(word)} {count}" for word, count in counts.most_common()]
        yield Line(f"{name}: {', '.join(words) or 'nothing to compare with'}")
    yield Line(
        "price and OI up: long build-up; price down, OI up: short build-up;\n"
        "price up, OI down: short covering; price and OI down: long unwinding"
    )


def _against(document: BuildUps) -> str:
    """Return what the chain is compared with: words, or an instant of the same day as a clock."""
    if document.against == PREVIOUS_CLOSE:
        return document.against
    return clock(parse_z(document.against), day_of(parse_z(document.cycle)))


def _word(build_up: str) -> str:
    """Return a word of a build-up as traders write it."""
    return spelled(build_up).replace("build up", "build-up")


def _table(document: BuildUps, width: int) -> Table:
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
    first = max(0, centre - _STRIKES // 2)
    last = min(len(document.strike), centre + _STRIKES // 2 + 1)
    for row in range(first, last):
        is_centre = row == centre
        strike = strike_cell(float(document.strike[row]), is_centre=is_centre)
        calls = _cells(document.calls, row, is_wide=is_wide)
        puts = _cells(document.puts, row, is_wide=is_wide)
        table.add_row(*calls, strike, *puts[::-1], style="bold" if is_centre else "")
    return table


def _cells(side: SideBuildUp, row: int, *, is_wide: bool) -> list[str]:
    cells = [
        _word(side.build_up[row]),
        number(side.premium_change[row], sign=True),
        lakh(side.oi_change[row], sign=True),
    ]
    if is_wide:
        before = side.oi[row] - side.oi_change[row]
        cells += [percent(side.oi_change[row] / before if before else None), lakh(side.oi[row])]
    return cells
