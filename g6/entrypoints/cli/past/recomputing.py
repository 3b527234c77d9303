"""`g6 recompute`: stored days analysed again, one job per day and index, over all cores."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from g6.config import Settings, plan
from g6.domain.reports import RecomputeReport
from g6.entrypoints.cli.shared import manual, options, terminal
from g6.entrypoints.cli.shared.days import From, To, day_given
from g6.entrypoints.cli.shared.progress import followed
from g6.errors import NothingToDo, Unavailable
from g6.pipeline import Runtime

WAIT_SECONDS = 300.0
"""What one job may take; longer than its hard limit is for ever."""
Lot = tuple[str, str]
"""A day and an index."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recompute")(recompute)


def recompute(
    *,
    from_: From = None,
    to: To = None,
    index: options.OnlyIndex = None,
    model: options.Model = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Compute analytics of stored days again from what the market said, over all cores; quotes and statuses stay.

    With the same settings not a byte changes; --model or --set greeks.risk_free_rate=0.06 make other rows. After Ctrl-C the same
    command goes on where it was. CSV files keep what was written live; g6 rerun writes them as well.

    Example: g6 recompute --from 2026-11-18 --to 2026-11-18
    """
    settings = options.settings(config, set_, data_dir=data_dir, model=model)
    lots = _lots(settings, index, day_given(from_), day_given(to))
    console = terminal.console(settings, stderr=json_)
    pricing = json.dumps(asdict(plan(settings).pricing), sort_keys=True)
    journal = Journal(settings.directory / ".recompute.json", pricing)
    waiting = [lot for lot in lots if lot not in journal.done]
    began = time.monotonic()
    with manual.system(settings) as runtime:
        reports = list(_all(runtime, waiting, pricing, journal, console))
    journal.close()
    _tell(
        terminal.console(settings),
        reports,
        len(lots) - len(waiting),
        time.monotonic() - began,
        json_,
    )
    if any("error" in each for each in reports):
        raise typer.Exit(1)


class Journal:
    """What of an unfinished recompute is done already; another pricing begins anew."""

    def __init__(self, path: Path, pricing: str) -> None:
        self._path, self._pricing = path, pricing
        held = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.done: list[Lot] = (
            [(day, index) for day, index in held.get("done", ())]
            if held.get("pricing") == pricing
            else []
        )

    def add(self, lot: Lot) -> None:
        """Remember a lot that is done."""
        from g6.files import replace

        self.done.append(lot)
        replace(self._path, json.dumps({"pricing": self._pricing, "done": self.done}).encode())

    def close(self) -> None:
        """Forget all: everything is done."""
        self._path.unlink(missing_ok=True)


def _lots(
    settings: Settings, index: str | None, first: date | None, last: date | None
) -> list[Lot]:
    from g6.adapters.parquet.holdings import holdings

    held = [each for each in holdings(settings.directory) if each.kind == "chain"]
    chosen = [
        each
        for each in held
        if (first is None or each.day >= first)
        and (last is None or each.day <= last)
        and index in (None, each.name, each.name.lower())
    ]
    if not chosen:
        there = sorted({each.day for each in held})
        has = (
            f"the first day there is {there[0]}, the last {there[-1]}"
            if there
            else "there is no day at all"
        )
        raise NothingToDo(f"no chain is stored in {settings.directory} for these days; {has}")
    return sorted((each.day.isoformat(), each.name) for each in chosen)


def _all(
    runtime: Runtime, lots: Sequence[Lot], pricing: str, journal: Journal, console: Console
) -> list[Mapping[str, Any]]:
    """Send every lot and wait for the reports, in whatever order they come."""
    after = runtime.bus.bounds()[1]
    for day, index in lots:
        runtime.sender.job("recompute", day, index, pricing)
    pending, reports = set(lots), []
    for _ in followed(lots, "recomputing", console):
        report, after = _next(runtime, after, pending)
        pending.discard((report["day"], report["index"]))
        if "error" not in report:
            journal.add((report["day"], report["index"]))
        reports.append(report)
    return reports


def _next(runtime: Runtime, after: str, pending: set[Lot]) -> tuple[Mapping[str, Any], str]:
    limit, watchman = time.monotonic() + WAIT_SECONDS, manual.QueueWatch(runtime)
    while time.monotonic() < limit and not watchman.is_alone():
        for event in runtime.bus.read(after, count=1, block_seconds=1.0):
            after = event.id
            report = event.payload
            if isinstance(report, RecomputeReport) and (report.day, report.index) in pending:
                return report.to_json(), after
    raise Unavailable(
        f"no job ended within {WAIT_SECONDS:g} s, or no worker serves the queue any more",
        "g6 ps shows whether workers serve the queue manual; call it again",
    )


def _tell(
    console: Console,
    reports: Sequence[Mapping[str, Any]],
    already: int,
    seconds: float,
    json_: bool,
) -> None:
    refused, reports = (
        [each for each in reports if "error" in each],
        [each for each in reports if "error" not in each],
    )
    options_ = sum(each["options"] for each in reports)
    changed = sum(bool(each["changed"]) for each in reports)
    busy = sum(each["seconds"] for each in reports)
    told = {
        "days_of_indices": len(reports), "done_before": already, "options": options_, "changed": changed,
        "seconds": round(seconds, 1), "options_per_second_and_process": round(options_ / busy) if busy else None,
    }  # fmt: skip
    if json_:
        typer.echo(json.dumps(told | {"jobs": [*reports, *refused]}))
        return
    for each in sorted(reports, key=lambda each: (each["day"], each["index"])):
        said = "changed" if each["changed"] else "the same to the byte"
        console.print(
            f"{each['day']}  {each['index']:<10}  {each['units']} cycles, {each['options']} options: {said}"
        )
    for each in refused:
        console.print(
            f"{each['day']}  {each['index']:<10}  left as it is: {each['error']}",
            soft_wrap=True,
            highlight=False,
        )
    before = f", {already} were done before" if already else ""
    console.print(
        f"{len(reports)} days of indices, {changed} changed{before}; {options_} options in {seconds:.1f} s"
    )
