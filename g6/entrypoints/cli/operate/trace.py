"""The story of one cycle, from the ledger and the bus: what `g6 trace` shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from g6.domain.cycles.cycle import parse_z
from g6.errors import NothingToDo
from g6.pipeline import Runtime
from g6.ports import Event

PAGE = 2000


def traced(runtime: Runtime, cycle: str) -> dict[str, Any]:
    """Return a cycle's units, stages and reports; times in milliseconds after the cycle's instant. Errors: NothingToDo."""
    record = runtime.ledger.record(cycle)
    if record is None:
        raise NothingToDo(
            f"the ledger knows no cycle {cycle}: it keeps a settled one for sixty cycles, an hour at most"
        )
    due = record.opening.due
    reports, closings = _reports(runtime, cycle)
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
            "expiries": _expiries(reports.get((index, "analyse"), {})),
            "not_listed": reports.get((index, "collect"), {}).get("counts", {}).get("not_listed", []),
            "error": reports.get((index, "collect"), {}).get("counts", {}).get("error", ""),
        }
        for index, unit in record.units.items()
    }  # fmt: skip
    times = {
        name: _after(wall, due)
        for name, wall in (
            ("opened", record.opened),
            ("fired", record.fired),
            ("closed", record.closed),
        )
    }
    return {"cycle": cycle, **times, "units": units, "closing": _closing(closings, due)}


def _expiries(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what was told of each expiry, with its share of the solve in milliseconds.

    One call solves all expiries of an index, so that its time is shared out by their strikes.
    """
    expiries = report.get("counts", {}).get("expiries", [])
    strikes = sum(expiry["strikes"] for expiry in expiries)
    solve = 1e3 * report.get("seconds", {}).get("solve", 0.0)
    return [
        expiry | {"solve": round(solve * expiry["strikes"] / strikes, 1) if strikes else 0.0}
        for expiry in expiries
    ]


def _closing(closings: Mapping[str, Event], due: float) -> dict[str, dict[str, Any]]:
    """Return the stages that belong to the whole cycle, in their order: when each began and ended, and its parts."""
    stages = {}
    for name, event in closings.items():
        parts = _milliseconds(event.payload)
        total = parts.pop("total", None)
        ended = _after(parse_z(event.ts).timestamp(), due)
        took = sum(parts.values()) if total is None else total
        stages[name] = {
            "began": None if ended is None else round(ended - took, 1),
            "ended": ended,
            "parts": parts,
        }
    return stages


def _after(wall: float, due: float) -> float | None:
    """Return milliseconds after the cycle's instant."""
    return round(1e3 * (wall - due), 1) if wall else None


def _milliseconds(report: Mapping[str, Any]) -> dict[str, float]:
    return {part: round(1e3 * seconds, 1) for part, seconds in report.get("seconds", {}).items()}


def _reports(
    runtime: Runtime, cycle: str
) -> tuple[dict[tuple[str, str], Mapping[str, Any]], dict[str, Event]]:
    """Return the newest report of each unit's stages, and the newest event of each stage that closes the cycle."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    closings: dict[str, Event] = {}
    last = "0"
    while events := runtime.bus.read(last, count=PAGE):
        last = events[-1].id
        for event in events:
            if event.payload.get("cycle") != cycle:
                continue
            if event.type == "cycle.report":
                closings["aggregate"] = event
            elif event.type == "unit.report" and event.payload["index"]:
                found[event.payload["index"], event.payload["stage"]] = event.payload
            elif event.type == "unit.report":
                closings[event.payload["stage"]] = event
    return found, closings


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
            told = f"{strikes}, {expiry['status']}, forward by {expiry['forward_source']}, solve {expiry['solve']:g}"
            table.add_row("", f"  {expiry['expiry']}", "", "", told)
        for name in unit["not_listed"]:
            table.add_row("", f"  {name}", "", "", "asked for and not listed")
        if unit["reason"] or unit["status"] != "OK":
            table.add_row(
                "",
                unit["status"],
                "",
                "",
                ": ".join(text for text in (unit["reason"], unit["error"]) if text),
            )
    for name, stage in found["closing"].items():
        parts = " ".join(f"{part} {took:g}" for part, took in stage["parts"].items() if took)
        table.add_row("all", name, _text(stage["began"]), _text(stage["ended"]), parts)
    console.print(table)


def _text(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds:g}"
