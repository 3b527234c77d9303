"""The story of a cycle on a terminal: one line a stage, one an expiry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, WideTable
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.wording import counts_in_words, day_words, in_india, spelled
from g6.studies.now.cycle_trace import ClosingStage, CycleTrace, ExpiryTrace, StageTrace, UnitTrace
from g6.studies.now.time_shares import TimeShares

SHARES = {
    "queue": "queue",
    "rate wait": "rate_wait",
    "provider": "provider",
    "compute": "compute",
    "write": "write",
}
"""What the time of a stage is spent on, by the heading of its column."""
RANKS = {"provider": 1, "compute": 2, "write": 3, "queue": 4, "rate wait": 5}
"""The order in which a narrow screen takes them in, those without any time last."""
WITH_PARTS = 130
"""Columns of a screen from which on the parts of a stage stand beside it."""


def parts(document: CycleTrace, _: NoView) -> Iterator[Part]:
    """Yield the cycle's own times, a table of its stages, and one of its expiries."""
    times = (
        f"opened {_text(document.opened)}, fired {_text(document.fired)}, "
        f"closed {_text(document.closed)}"
    )
    yield f"cycle {in_india(document.cycle)}: {times} (ms after it)"
    yield WideTable(partial(_table, document))
    if document.closed is not None and document.slowest:
        yield (
            f"the {document.closed:g} ms to its close, by way of {document.slowest}: "
            f"{_shares(document.shares)}"
        )
    for index, unit in document.units.items():
        yield from _index_lines(index, unit)


def _table(document: CycleTrace, width: int) -> Table:
    """Return one line per stage, its parts beside it where the screen has room for them."""
    names: list[tuple[str, str]] = []
    stages: list[StageTrace | ClosingStage] = []
    for index, unit in document.units.items():
        names += [(index, name) for name in unit.stages]
        stages += unit.stages.values()
    names += [("all", name) for name in document.closing]
    stages += document.closing.values()
    columns = [
        TextColumn("index", [index for index, _ in names], justify="left"),
        TextColumn("stage", [name for _, name in names], justify="left"),
        TextColumn("began", [_text(stage.began) for stage in stages]),
        TextColumn("ended", [_text(stage.ended) for stage in stages]),
    ]
    for heading, name in SHARES.items():
        spent = [_share(stage, name) for stage in stages]
        rank = RANKS[heading] if any(spent) else len(RANKS) + 1
        columns.append(TextColumn(heading.replace(" ", "\n"), spent, rank))
    if width >= WITH_PARTS:
        in_parts = [_parts(stage.parts) for stage in stages]
        columns.append(TextColumn("parts, ms", in_parts, justify="left", wraps=True))
    return fitted_table(columns, width)


def _index_lines(index: str, unit: UnitTrace) -> Iterator[Line]:
    """Yield what was analysed of each expiry, and why a unit is not OK."""
    for expiry in unit.expiries:
        yield Line(f"{index:<11} {_day(expiry.expiry)}  {_expiry(expiry)}")
    for name in unit.not_listed:
        yield Line(f"{index:<11} {name}  asked for and not listed")
    if unit.reason or unit.status != "OK":
        reason = spelled(unit.reason) if unit.reason else ""
        cause = ": ".join(filter(None, (unit.status, reason, unit.error)))
        yield Line(f"{index:<11} {cause}")


def _share(stage: StageTrace | ClosingStage, name: str) -> str:
    milliseconds: float = getattr(stage.shares, name)
    return f"{milliseconds:g}" if milliseconds else ""


def _shares(shares: TimeShares) -> str:
    """Return what was spent on each share, those without any left out."""
    spent: dict[str, object] = {}
    for heading, name in (*SHARES.items(), ("unexplained", "unexplained")):
        milliseconds: float = getattr(shares, name)
        if milliseconds:
            spent[heading] = f"{milliseconds:g}"
    return counts_in_words(spent)


def _expiry(expiry: ExpiryTrace) -> str:
    return (
        f"{expiry.strikes} of {expiry.strikes_wanted} strikes {expiry.status}, "
        f"forward by {expiry.forward_source}"
    )


def _day(text: str) -> str:
    return day_words(date.fromisoformat(text))


def _parts(parts: Mapping[str, float]) -> str:
    return ", ".join(
        f"{spelled(part)} {milliseconds:g}" for part, milliseconds in parts.items() if milliseconds
    )


def _text(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds:g}"
