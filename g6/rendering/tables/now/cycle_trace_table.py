"""The story of a cycle on a terminal: one line a stage, one an expiry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from rich.table import Table

from g6.rendering.parts import NoView, Part
from g6.rendering.wording import day_words, in_india, spelled
from g6.studies.now.cycle_trace import CycleTrace, UnitTrace


def parts(document: CycleTrace, _: NoView) -> Iterator[Part]:
    """Yield the cycle's own times, and a table of its stages and expiries."""
    times = (
        f"opened {_text(document.opened)}, fired {_text(document.fired)}, "
        f"closed {_text(document.closed)}"
    )
    yield f"cycle {in_india(document.cycle)}: {times} (ms after it)"
    yield _table(document)


def _table(document: CycleTrace) -> Table:
    table = Table(
        "index", "stage", "began, ms", "ended, ms", "parts, ms", box=None, padding=(0, 2, 0, 0)
    )
    for index, unit in document.units.items():
        _add_unit(table, index, unit)
    for name, stage in document.closing.items():
        table.add_row("all", name, _text(stage.began), _text(stage.ended), _parts(stage.parts))
    return table


def _add_unit(table: Table, index: str, unit: UnitTrace) -> None:
    for name, stage in unit.stages.items():
        table.add_row(index, name, _text(stage.began), _text(stage.ended), _parts(stage.parts))
    for expiry in unit.expiries:
        table.add_row("", f"  {_day(expiry['expiry'])}", "", "", _expiry(expiry))
    for name in unit.not_listed:
        table.add_row("", f"  {name}", "", "", "asked for and not listed")
    if unit.reason or unit.status != "OK":
        cause = ": ".join(filter(None, (unit.reason, unit.error)))
        table.add_row("", unit.status, "", "", cause)


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
