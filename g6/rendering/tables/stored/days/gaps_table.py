"""Gaps on a terminal: a sentence each, and their count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.gaps import NO_CHAIN, NO_ROW, Gap
from g6.domain.market.calendar import day_of
from g6.rendering.parts import Block, NoView, Part
from g6.rendering.wording import clock, counted
from g6.studies.stored.days.cycle_gaps import Gaps

HEADS = ("index", "from", "to", "cycles", "what")
CYCLES = HEADS.index("cycles")


def parts(document: Gaps, _: NoView) -> Iterator[Part]:
    """Yield a line per gap, their count, and what helps where chains are lost."""
    if document.gaps:
        yield Block("\n".join(_lines(document)))
        yield f"{counted(len(document.gaps), 'gap')}, {counted(document.cycles, 'cycle')}"
    else:
        yield "no gap"
    if document.has_lost_chains:
        yield _lost_chains(document.gaps)


def _lost_chains(gaps: Sequence[Gap]) -> str:
    """Return what helps where rows are stored and their chains are not."""
    lost = [gap for gap in gaps if gap.reason == NO_CHAIN]
    first = isoformat_z(min(gap.first for gap in lost))
    last = isoformat_z(max(gap.last for gap in lost))
    return (
        "no chain: the row is stored, the chain is not; "
        f"g6 rerun --since {first} --until {last} --failed writes it while its quotes"
        " are kept, g6 data repair later"
    )


def json_value(document: Gaps) -> object:
    """Return a list of the gaps, under the names that are published."""
    return [_plain(gap) for gap in document.gaps]


def _plain(gap: Gap) -> Mapping[str, object]:
    return {
        "index": gap.index,
        "from": isoformat_z(gap.first),
        "to": isoformat_z(gap.last),
        "cycles": gap.cycles,
        "status": gap.status,
        "reason": gap.reason,
    }


def _lines(document: Gaps) -> Iterator[str]:
    """Yield a line per gap, in columns."""
    cells: list[tuple[str, ...]] = [HEADS, *(_cells(document, gap) for gap in document.gaps)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        texts = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        texts[CYCLES] = row[CYCLES].rjust(widths[CYCLES])
        yield "  ".join(texts).rstrip()


def _cells(document: Gaps, gap: Gap) -> tuple[str, ...]:
    day = day_of(gap.first)
    times = (f"{day:%d %b %Y} {clock(gap.first)}", clock(gap.last, day) if gap.cycles > 1 else "")
    what = ": ".join(filter(None, (gap.status, gap.reason.replace("_", " "))))
    if gap.reason == NO_ROW:
        what = ": ".join(filter(None, ("not collected", document.beside(gap))))
    return gap.index, *times, f"{gap.cycles:,}", what
