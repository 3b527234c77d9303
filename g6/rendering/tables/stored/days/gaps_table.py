"""Gaps on a terminal: a sentence each, and their count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.gaps import Gap
from g6.domain.market.calendar import day_of
from g6.rendering.parts import Block, NoView, Part
from g6.rendering.wording import clock, counted, moment, spelled
from g6.studies.stored.days.cycle_gaps import Gaps


def parts(document: Gaps, _: NoView) -> Iterator[Part]:
    """Yield a line per gap, their count, and what helps where chains are lost."""
    if document.gaps:
        yield Block("\n".join(_lines(document.gaps)))
        yield f"{counted(len(document.gaps), 'gap')}, {counted(document.cycles, 'cycle')}"
    else:
        yield "no gap"
    if document.has_lost_chains:
        yield (
            "no chain: the row is stored, the chain is not; "
            "g6 rerun --since … --until … --failed writes it while its quotes"
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


def _lines(gaps: Sequence[Gap]) -> Iterator[str]:
    """Yield a line per gap, in columns."""
    cells = [_cells(gap) for gap in gaps]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        texts = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(texts).rstrip()


def _cells(gap: Gap) -> tuple[str, ...]:
    span = moment(gap.first)
    if gap.cycles > 1:
        span += f" … {clock(gap.last, day_of(gap.first))}"
    return gap.index, span, counted(gap.cycles, "cycle"), gap.status, spelled(gap.reason)
