"""The story of one cycle, from the ledger and the bus: what `g6 trace` shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from g6.errors import NothingToDo
from g6.pipeline import Runtime

PAGE = 2000


def traced(runtime: Runtime, cycle: str) -> dict[str, Any]:
    """Return a cycle's units, stages and reports; times in milliseconds after the cycle's instant. Errors: NothingToDo."""
    record = runtime.ledger.record(cycle)
    if record is None:
        raise NothingToDo(f"the ledger knows no cycle {cycle}: it keeps a settled one for sixty cycles, an hour at most")
    due = record.opening.due
    reports = _reports(runtime, cycle)
    units = {
        index: {
            "status": unit.status,
            "reason": unit.reason,
            "attempt": unit.attempt,
            "stages": {
                name: {"began": _after(stage.started, due), "ended": _after(stage.ended, due), "starts": stage.starts,
                       "parts": _milliseconds(reports.get((index, name), {}))}
                for name, stage in unit.stages.items()
            },
            "expiries": reports.get((index, "analyse"), {}).get("counts", {}).get("expiries", []),
            "error": reports.get((index, "collect"), {}).get("counts", {}).get("error", ""),
        }
        for index, unit in record.units.items()
    }  # fmt: skip
    times = {
        name: _after(wall, due) for name, wall in (("opened", record.opened), ("fired", record.fired), ("closed", record.closed))
    }
    return {"cycle": cycle, **times, "units": units}


def _after(wall: float, due: float) -> float | None:
    """Return milliseconds after the cycle's instant."""
    return round(1e3 * (wall - due), 1) if wall else None


def _milliseconds(report: Mapping[str, Any]) -> dict[str, float]:
    return {part: round(1e3 * seconds, 1) for part, seconds in report.get("seconds", {}).items()}


def _reports(runtime: Runtime, cycle: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    last = "0"
    while events := runtime.bus.read(last, count=PAGE):
        last = events[-1].id
        for event in events:
            if event.type == "unit.report" and event.payload["cycle"] == cycle:
                found[event.payload["index"], event.payload["stage"]] = event.payload
    return found


def show(console: Console, found: Mapping[str, Any]) -> None:
    """Print a trace: one line a stage, one an expiry."""
    times = ", ".join(f"{name} {_text(found[name])}" for name in ("opened", "fired", "closed"))
    console.print(f"cycle {found['cycle']}: {times} (milliseconds after its instant)")
    table = Table("index", "stage", "began", "ended", "parts, ms", box=None, padding=(0, 2, 0, 0))
    for index, unit in found["units"].items():
        for name, stage in unit["stages"].items():
            parts = " ".join(f"{part} {took:g}" for part, took in stage["parts"].items() if took)
            table.add_row(index, name, _text(stage["began"]), _text(stage["ended"]), parts)
        for expiry in unit["expiries"]:
            strikes = f"{expiry['strikes']} of {expiry['strikes_wanted']} strikes"
            told = f"{strikes}, {expiry['status']}, forward by {expiry['forward_source']}"
            table.add_row("", f"  {expiry['expiry']}", "", "", told)
        if unit["reason"] or unit["status"] != "OK":
            table.add_row("", unit["status"], "", "", ": ".join(text for text in (unit["reason"], unit["error"]) if text))
    console.print(table)


def _text(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds:g}"
