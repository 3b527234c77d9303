"""Build-ups around the money on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.table import Table

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import (
    around,
    clock,
    day_words,
    in_india,
    lakh,
    number,
    spelled,
    strike_cell,
)
from g6.studies.stored.buildup import PREVIOUS_CLOSE, BuildUps, SideBuildUp

_STRIKES = 21


def parts(document: BuildUps, _: NoView) -> Iterator[Part]:
    """Yield the index's word, the strikes around the money, and a count of words by side."""
    yield (
        f"{document.index} {day_words(document.expiry)}  {in_india(document.cycle)}"
        f"  against {_against(document)}  index (future): {spelled(document.index_build_up)}"
    )
    yield _table(document)
    for name, side in (("calls", document.calls), ("puts", document.puts)):
        counts = Counter(word for word in side.build_up if word)
        words = [f"{spelled(word)} {count}" for word, count in counts.most_common()]
        yield Line(f"{name}: {', '.join(words)}")


def _against(document: BuildUps) -> str:
    """Return what the chain is compared with: words, or an instant of the same day as a clock."""
    if document.against == PREVIOUS_CLOSE:
        return document.against
    return clock(parse_z(document.against), day_of(parse_z(document.cycle)))


def _table(document: BuildUps) -> Table:
    table = plain_table()
    for name in ("call", "Δ price", "ΔOI lakh", "STRIKE", "ΔOI lakh", "Δ price", "put"):
        table.add_column(name, justify="center" if name == "STRIKE" else "right", no_wrap=True)
    centre = around(document.offset)
    first = max(0, centre - _STRIKES // 2)
    last = min(len(document.strike), centre + _STRIKES // 2 + 1)
    for row in range(first, last):
        strike = strike_cell(float(document.strike[row]), is_centre=row == centre)
        calls = _cells(document.calls, row)
        puts = _cells(document.puts, row)
        table.add_row(*calls, strike, *puts[::-1])
    return table


def _cells(side: SideBuildUp, row: int) -> list[str]:
    return [
        spelled(side.build_up[row]),
        number(side.premium_change[row], sign=True),
        lakh(side.oi_change[row], sign=True),
    ]
