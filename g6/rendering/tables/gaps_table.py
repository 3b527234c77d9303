"""Gaps on a terminal: a sentence each, and their count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.gaps import Gap
from g6.domain.market.calendar import day_of
from g6.rendering.parts import Line, NoView, Part
from g6.rendering.wording import clock, moment
from g6.studies.stored.days.cycle_gaps import Gaps


def parts(document: Gaps, _: NoView) -> Iterator[Part]:
    """Yield a line per gap, their count, and what helps where chains are lost."""
    if document.gaps:
        yield Line("\n".join(map(_sentence, document.gaps)))
        yield f"{len(document.gaps)} gaps, {document.cycles} cycles"
    else:
        yield "no gap"
    if document.has_lost_chains:
        yield (
            "no_chain: the row is stored, the chain is not; "
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


def _sentence(gap: Gap) -> str:
    first = moment(gap.first)
    last = "" if gap.cycles == 1 else f" … {clock(gap.last, day_of(gap.first))}"
    return f"{gap.index:<10}  {first}{last}  {gap.cycles} cycles  {gap.status}  {gap.reason}"
