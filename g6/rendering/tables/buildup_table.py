"""Build-ups around the money on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import LAKH, around, number, spelled, strike_cell
from g6.studies.stored.buildup import BuildUps, SideBuildUp

_STRIKES = 21


def parts(document: BuildUps, _: NoView) -> Iterator[Part]:
    """Yield the index's word, the strikes around the money, and a count of words by side."""
    yield (
        f"{document.index} {document.expiry}  against {document.against}"
        f"  index (future): {spelled(document.index_build_up)}"
    )
    yield _table(document)
    for name, side in (("calls", document.calls), ("puts", document.puts)):
        counts = Counter(word for word in side.build_up if word)
        words = [f"{spelled(word)} {count}" for word, count in counts.most_common()]
        yield Line(f"{name}: {', '.join(words)}")


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
        number(side.oi_change[row] / LAKH, sign=True),
    ]
