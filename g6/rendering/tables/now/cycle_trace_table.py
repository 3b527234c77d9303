"""The story of a cycle on a terminal: one line a stage, one an expiry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from rich.table import Table

from g6.rendering.parts import NoView, Part
from g6.rendering.wording import counts_in_words, day_words, in_india, spelled
from g6.studies.now.cycle_trace import ClosingStage, CycleTrace, StageTrace, UnitTrace
from g6.studies.now.time_shares import TimeShares

SHARES = {
    "queue": "queue",
    "rate wait": "rate_wait",
    "provider": "provider",
    "compute": "compute",
    "write": "write",
}
"""What the time of a stage is spent on, by the heading of its column."""
NO_TIMES = ("",) * (2 + len(SHARES))


def parts(document: CycleTrace, _: NoView) -> Iterator[Part]:
    """Yield the cycle's own times, and a table of its stages and expiries."""
    times = (
        f"opened {_text(document.opened)}, fired {_text(document.fired)}, "
        f"closed {_text(document.closed)}"
    )
    yield f"cycle {in_india(document.cycle)}: {times} (ms after it)"
    yield _table(document)
    if document.closed is not None and document.slowest:
        yield (
            f"the {document.closed:g} ms to its close, by way of {document.slowest}: "
            f"{_shares(document.shares)}"
        )


def _table(document: CycleTrace) -> Table:
    table = Table("index", "stage", box=None, padding=(0, 2, 0, 0))
    for heading in ("began", "ended", *SHARES):
        table.add_column(heading, justify="right")
    table.add_column("parts, ms")
    for index, unit in document.units.items():
        _add_unit(table, index, unit)
    for name, stage in document.closing.items():
        table.add_row("all", name, *_times(stage), _parts(stage.parts))
    return table


def _add_unit(table: Table, index: str, unit: UnitTrace) -> None:
    for name, stage in unit.stages.items():
        table.add_row(index, name, *_times(stage), _parts(stage.parts))
    for expiry in unit.expiries:
        table.add_row("", f"  {_day(expiry['expiry'])}", *NO_TIMES, _expiry(expiry))
    for name in unit.not_listed:
        table.add_row("", f"  {name}", *NO_TIMES, "asked for and not listed")
    if unit.reason or unit.status != "OK":
        cause = ": ".join(filter(None, (unit.reason, unit.error)))
        table.add_row("", unit.status, *NO_TIMES, cause)


def _times(stage: StageTrace | ClosingStage) -> Iterator[str]:
    """Yield when a stage began and ended, and what its time was spent on."""
    yield _text(stage.began)
    yield _text(stage.ended)
    for name in SHARES.values():
        milliseconds: float = getattr(stage.shares, name)
        yield f"{milliseconds:g}" if milliseconds else ""


def _shares(shares: TimeShares) -> str:
    """Return what was spent on each share, those without any left out."""
    spent: dict[str, object] = {}
    for heading, name in (*SHARES.items(), ("unexplained", "unexplained")):
        milliseconds: float = getattr(shares, name)
        if milliseconds:
            spent[heading] = f"{milliseconds:g}"
    return counts_in_words(spent)


def _expiry(expiry: Mapping[str, object]) -> str:
    return (
        f"{expiry['strikes']} of {expiry['strikes_wanted']} strikes, {expiry['status']}, "
        f"forward by {expiry['forward_source']}, solve {expiry['solve']:g}"
    )


def _day(text: object) -> str:
    return day_words(date.fromisoformat(str(text)))


def _parts(parts: Mapping[str, float]) -> str:
    return ", ".join(
        f"{spelled(part)} {milliseconds:g}" for part, milliseconds in parts.items() if milliseconds
    )


def _text(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds:g}"
