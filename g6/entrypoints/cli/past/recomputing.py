"""`g6 recompute`: stored days are analysed again, one job per day and index, over all cores."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import typer
from rich.console import Console

from g6.config import Settings, plan
from g6.domain.reports import RecomputeReport
from g6.domain.schema.layout import RECOMPUTE_JOURNAL, Kind
from g6.entrypoints.cli.shared import manual
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.day_options import From, To, day_given
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import NothingToDo, Unavailable, UserError
from g6.pipeline import Runtime
from g6.rendering.wording import counted

WAIT_SECONDS = 300.0
"""What one job may take, which is more than its hard limit."""
DayOfIndex = tuple[str, str]
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
    """Compute the analytics of stored days again, on all cores.

    Quotes and statuses stay. With the same settings not a byte changes. --model or --set
    greeks.risk_free_rate=0.06 make other rows. After Ctrl-C the same command goes on where it was.
    CSV files keep what was written live. g6 rerun writes them as well.

    Example: g6 recompute --from 2026-11-18 --to 2026-11-18
    """
    from g6.bootstrap.stored_files.directory_certificates import issue_certificates

    settings = options.settings(config, set_, data_dir=data_dir, model=model)
    lots = _lots(settings, index, day_given(from_, settings), day_given(to, settings))
    console = terminal.console(settings, stderr=json_)
    pricing = json.dumps(asdict(plan(settings).pricing), sort_keys=True)
    journal = Journal(settings.directory / RECOMPUTE_JOURNAL, pricing)
    waiting = [lot for lot in lots if lot not in journal.done]
    began = time.monotonic()
    with manual.system(settings) as workers:
        workers.start()
        runtime = workers.runtime
        reports = list(_all(runtime, waiting, pricing, journal, console))
    issue_certificates(settings, sorted({date.fromisoformat(day) for day, _ in lots}))
    journal.close()
    seconds = time.monotonic() - began
    _show(terminal.console(settings), reports, len(lots) - len(waiting), seconds, as_json=json_)
    if any(report.error for report in reports):
        raise typer.Exit(1)


class Journal:
    """The lots of an unfinished recompute that are done. Another pricing begins anew."""

    def __init__(self, path: Path, pricing: str) -> None:
        self._path = path
        self._pricing = pricing
        record = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.done: list[DayOfIndex] = []
        if record.get("pricing") == pricing:
            self.done = [(day, index) for day, index in record.get("done", ())]

    def add(self, lot: DayOfIndex) -> None:
        """Remember a lot that is done."""
        from g6.files import replace

        self.done.append(lot)
        replace(self._path, json.dumps({"pricing": self._pricing, "done": self.done}).encode())

    def close(self) -> None:
        """Forget all: everything is done."""
        self._path.unlink(missing_ok=True)


def _lots(
    settings: Settings, index: str | None, first: date | None, last: date | None
) -> list[DayOfIndex]:
    from g6.adapters.parquet.maintenance.holdings import holdings

    if first and last and last < first:
        raise UserError(
            f"--to {last} lies before --from {first}", f"g6 recompute --from {last} --to {first}"
        )
    holdings_ = [lot for lot in holdings(settings.directory) if lot.kind == Kind.CHAIN]
    lots: list[DayOfIndex] = []
    for lot in holdings_:
        is_within = (first or lot.day) <= lot.day <= (last or lot.day)
        if is_within and index in (None, lot.name, lot.name.lower()):
            if lot.archived:
                raise UserError(
                    f"{lot.day} is archived, and nothing is rewritten in a cold place",
                    f"g6 archive back --date {lot.day}",
                )
            lots.append((lot.day.isoformat(), lot.name))
    if not lots:
        of_index = [lot for lot in holdings_ if index in (None, lot.name, lot.name.lower())]
        if holdings_ and not of_index:
            names = ", ".join(sorted({lot.name for lot in holdings_}))
            raise NothingToDo(
                f"no chain of {index} is stored in {settings.directory}, but of {names}",
                "g6 data ls shows what is there",
            )
        days = sorted({lot.day for lot in of_index})
        span = f"the first day there is {days[0]}, the last {days[-1]}" if days else ""
        raise NothingToDo(
            f"no chain is stored in {settings.directory} for these days; "
            f"{span or 'there is no day at all'}"
        )
    return sorted(lots)


def _all(
    runtime: Runtime, lots: Sequence[DayOfIndex], pricing: str, journal: Journal, console: Console
) -> list[RecomputeReport]:
    """Send every lot and wait for the reports, in whatever order they come."""
    after = runtime.bus.bounds()[1]
    for day, index in lots:
        runtime.sender.job("recompute", day, index, pricing)
    pending = set(lots)
    reports: list[RecomputeReport] = []
    for _ in followed(lots, "recomputing", console):
        report, after = _next(runtime, after, pending)
        lot = (report.day, report.index)
        pending.discard(lot)
        # A refused day is asked for again by the next call.
        if not report.error:
            journal.add(lot)
        reports.append(report)
    return reports


def _next(runtime: Runtime, after: str, pending: set[DayOfIndex]) -> tuple[RecomputeReport, str]:
    # A worker that raised and reported nothing kept this waiting for 100 s without a word, so a
    # refused day is a report as well.
    limit = time.monotonic() + WAIT_SECONDS
    watch = manual.QueueWatch(runtime)
    while time.monotonic() < limit and not watch.is_alone():
        for event in runtime.bus.read(after, count=1, block_seconds=1.0):
            after = event.id
            report = event.payload
            if isinstance(report, RecomputeReport) and (report.day, report.index) in pending:
                return report, after
    raise Unavailable(
        f"no job ended within {WAIT_SECONDS:g} s, or no worker serves the queue any more",
        "g6 ps shows whether workers serve the queue manual; call it again",
    )


def _show(
    console: Console,
    reports: Sequence[RecomputeReport],
    done_before: int,
    seconds: float,
    *,
    as_json: bool,
) -> None:
    """Write what became of each day and index, and how fast it was."""
    refused = [report for report in reports if report.error]
    finished = [report for report in reports if not report.error]
    option_count = sum(report.options for report in finished)
    changed = sum(report.changed for report in finished)
    reconfigured = sum(report.reconfigured for report in finished)
    # Seconds of the jobs, not of the clock: the figure is one process's, however many ran.
    busy = sum(report.seconds for report in finished)
    document = {
        "days_of_indices": len(finished),
        "done_before": done_before,
        "options": option_count,
        "changed": changed,
        "reconfigured": reconfigured,
        "seconds": round(seconds, 1),
        "options_per_second_and_process": round(option_count / busy) if busy else None,
    }
    if as_json:
        jobs = [report.to_json() for report in (*finished, *refused)]
        typer.echo(json.dumps(document | {"jobs": jobs}))
        return
    for report in sorted(finished, key=lambda report: (report.day, report.index)):
        outcome = _outcome(report)
        counts = f"{counted(report.units, 'cycle')}, {counted(report.options, 'option')}"
        console.print(f"{report.day}  {report.index:<10}  {counts}: {outcome}")
    for report in refused:
        console.print(
            f"{report.day}  {report.index:<10}  left as it is: {report.error}",
            soft_wrap=True,
            highlight=False,
        )
    are = "was" if done_before == 1 else "were"
    before = f", {done_before} {are} done before" if done_before else ""
    renamed = f", {reconfigured} under other settings alone" if reconfigured else ""
    console.print(
        f"{counted(len(finished), 'day')} of indices, {changed} changed{renamed}{before}; "
        f"{counted(option_count, 'option')} in {seconds:.1f} s"
    )


def _outcome(report: RecomputeReport) -> str:
    """Return in words what became of a day."""
    if report.changed:
        return "changed"
    return "the same rows, under other settings" if report.reconfigured else "the same to the byte"
