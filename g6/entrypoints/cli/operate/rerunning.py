"""`g6 rerun`: past units again, from their stored quotes, with progress and a summary of what changed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from g6.adapters.data_dir.owner import owner
from g6.bootstrap.reading import past_reader
from g6.config import Settings
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.cycles.gaps import NO_CHAIN
from g6.domain.reports import StageReport
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import ANALYSED, Stage, Status
from g6.entrypoints.cli.shared import manual, options, terminal
from g6.entrypoints.cli.shared.days import instant
from g6.errors import BadInput, NothingToDo, UserError
from g6.pipeline import Runtime
from g6.pipeline import rerun as rerun_unit
from g6.ports.sources import abilities_of
from g6.studies.stored.past_span import PastSpan
from g6.studies.stored.stored_past import grids_between, outcomes_of_units

WAIT_SECONDS = 120.0
"""How long nothing may end before the rest counts as unfinished; longer than a job's patience for one unit."""
First = Annotated[
    str,
    typer.Option("--from", metavar="quotes|analytics|persist", help="The first stage to do again."),
]
FIRST = {"quotes": "analyse", "analytics": "analyse", "persist": "persist"}
GONE, UNFINISHED, DAMAGED = "gone", "unfinished", "damaged"
Result = dict[str, Any]
"""One unit: cycle, index, outcome, and as far as it came attempt, source, stored, changed, errors."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rerun")(rerun)


def rerun(
    *,
    cycle: Annotated[
        str | None, typer.Option("--cycle", metavar="CYCLE", help="One cycle's instant.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="CYCLE", help="Every cycle from this instant …")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="CYCLE", help="… to this one.")
    ] = None,
    index: Annotated[
        str | None, typer.Option("--index", metavar="INDEX", help="Only this index.")
    ] = None,
    stage: First = "quotes",
    failed: Annotated[
        bool, typer.Option("--failed", help="Only units that are not OK, or not stored.")
    ] = False,
    model: options.Model = None,
    interval: options.Interval = None,
    indices: options.Indices = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Do past cycles again from their stored quotes; never from today's market.

    Exit code 3 when the quotes of all are gone; 1 when one was not done: gone, unfinished, not stored, or nobody serves the queue.

    Example: g6 rerun --cycle 2026-11-18T05:30:00Z --index NIFTY
    """
    if stage not in FIRST:
        raise UserError(
            f"--from {stage} is no stage to begin with", "say --from quotes, analytics or persist"
        )
    settings = options.settings(
        config, set_, data_dir=data_dir, model=model, interval=interval, indices=indices
    )
    if interval is None and indices is None:
        settings = _of_who_runs(settings)
    console = terminal.console(settings, stderr=json_)
    with manual.system(settings) as runtime:
        wanted = units(
            runtime, settings, _cycles(runtime, settings, cycle, since, until), index, failed
        )
        after = runtime.bus.bounds()[1]
        results = [
            _again(runtime, unit, FIRST[stage])
            for unit in track(wanted, "rerunning", console=console, transient=True)
        ]
        _wait(runtime, results, console, compares=settings.storage.parquet.enabled)
        _note_refusals(runtime, results, after)
    if json_:
        typer.echo(json.dumps(results))
    else:
        _summarise(console, results)
    if results and all(result["outcome"] == GONE for result in results):
        raise NothingToDo(results[0]["why"])
    raise typer.Exit(0 if all(map(_is_done, results)) else 1)


def _of_who_runs(settings: Settings) -> Settings:
    """Return the settings with market, interval and indices of the system that runs: under others its rows would not be the same.

    Errors: RedisDown.
    """
    from g6.bootstrap.running_system import settings_as_started

    return (
        settings_as_started(settings)
        if settings.redis.broker_url or owner(settings.directory)
        else settings
    )


def _cycles(
    runtime: Runtime, settings: Settings, cycle: str | None, since: str | None, until: str | None
) -> list[str]:
    if cycle:
        return [instant(cycle)]
    if not since or not until:
        raise UserError("which cycles?", "give --cycle CYCLE, or --since CYCLE --until CYCLE")
    first, last = parse_z(instant(since)), parse_z(instant(until))
    if last < first:
        raise UserError(
            f"--until {until} lies before --since {since}", "give the earlier instant to --since"
        )
    return [isoformat_z(at) for at in instants(runtime, settings, first, last)]


def instants(
    runtime: Runtime, settings: Settings, first: datetime, last: datetime
) -> list[datetime]:
    """Return the cycles between two instants, ascending: the session's grid, and what store and ledger know beside it.

    A cycle that a full disk kept from every file is on the grid alone; its frames are in Redis.
    """
    stored = {parse_z(cycle) for cycle in runtime.store.overview_cycles(first, last)}
    opened = {parse_z(record.cycle) for record in runtime.ledger.open_cycles()}
    recorded = abilities_of(runtime.provider).recorded
    if recorded is not None:
        due = set(recorded.cycles())
    else:
        grids = grids_between(past_reader(settings), first, last, settings.indices)
        due = {at for grid in grids.values() for at in grid}
    return sorted(at for at in stored | opened | due if first <= at <= last)


def units(
    runtime: Runtime, settings: Settings, cycles: Sequence[str], index: str | None, failed: bool
) -> list[Unit]:
    """Return the units to do again; `failed` leaves those out that ended OK and are stored.

    How a unit ended is what the ledger says, else the stored overview; of what neither knows nothing was stored.
    Errors: UserError (no such index).
    """
    if index and index.upper() not in settings.indices:
        raise UserError(f"{index} is no enabled index", f"one of {', '.join(settings.indices)}")
    if not cycles:
        return []
    span = PastSpan(since=parse_z(cycles[0]), until=parse_z(cycles[-1]))
    rows = outcomes_of_units(past_reader(settings), span) if failed or len(cycles) > 1 else {}
    found: list[Unit] = []
    for cycle in cycles:
        record = runtime.ledger.record(cycle)
        names = dict.fromkeys([*runtime.expected(cycle), *(record.units if record else ())])
        names |= dict.fromkeys(name for name in settings.indices if Unit(cycle, name) in rows)
        for name in [index.upper()] if index else list(names) or settings.indices:
            unit, state = Unit(cycle, name), record.units.get(name) if record else None
            stored = rows.get(unit, ("", ""))
            status = state.status if state is not None and state.status else stored[0]
            lost = unit not in rows or stored[1] == NO_CHAIN
            if not failed or status != Status.OK or lost:
                found.append(unit)
    return found


def _again(runtime: Runtime, unit: Unit, stage: str) -> Result:
    result: Result = {"cycle": unit.cycle, "index": unit.index, "before": _stored(runtime, unit)}
    try:
        sent = rerun_unit(runtime, unit, stage)
    except (NothingToDo, BadInput) as error:
        return result | {"outcome": GONE, "why": str(error)}
    return result | {"outcome": UNFINISHED, "attempt": sent.attempt, "source": sent.source}


def _wait(
    runtime: Runtime, results: Sequence[Result], console: Console, *, compares: bool = True
) -> None:
    """Wait until every unit that was sent has ended, nothing has for WAIT_SECONDS, or nobody serves the queue any more.

    Without a Parquet store there is nothing to compare (`compares`): that a unit is stored is what persist says.
    """
    waiting = [result for result in results if result["outcome"] == UNFINISHED]
    watchman, limit, gone = manual.QueueWatch(runtime), time.monotonic() + WAIT_SECONDS, False
    for result in track(waiting, "waiting", console=console, transient=True):
        unit = Unit(result["cycle"], result["index"])
        while not (status := _finished(runtime, unit)) and not gone:
            gone = watchman.is_alone() or time.monotonic() > limit
            runtime.clock.sleep(0.05)
        if status:
            limit = time.monotonic() + WAIT_SECONDS
            digest = _stored(runtime, unit)
            result |= {"outcome": status, "stored": not compares or digest not in (None, DAMAGED)}
            result["changed"] = digest != result["before"] if compares else None


def _finished(runtime: Runtime, unit: Unit) -> str:
    record = runtime.ledger.record(unit.cycle)
    if record is None or not record.closed or not (state := record.units[unit.index]).status:
        return ""
    stored = state.status in ("MISSING", "SKIPPED") or (
        "persist" in state.stages and state.stages["persist"].state == "done"
    )
    return state.status if stored else ""


def _note_refusals(runtime: Runtime, results: Sequence[Result], after: str) -> None:
    """Put beside each unit what a sink that refused its rows said: the rows in the store are those of before then."""
    by_unit = {
        (result["cycle"], result["index"]): result for result in results if "attempt" in result
    }
    while by_unit and (events := runtime.bus.read(after)):
        after = events[-1].id
        for event in events:
            report = event.payload
            if not isinstance(report, StageReport) or report.stage != Stage.PERSIST:
                continue
            result = by_unit.get((report.cycle, report.index))
            if result is not None:
                refused = report.refusals
                result.pop("errors", None)
                if refused:
                    result["errors"] = refused


def _stored(runtime: Runtime, unit: Unit) -> str | None:
    """Return what tells the stored chain of a unit from another, None where there is none."""
    try:
        return _digest(runtime.store.read_chain(unit))
    except BadInput:
        return DAMAGED


def _digest(frame: Frame | None) -> str | None:
    """Tell two stored chains apart by every value they hold."""
    import hashlib

    if frame is None:
        return None
    digest = hashlib.sha256()
    for name, column in frame.columns.items():
        digest.update(name.encode() + (repr(column.tolist()).encode()))
    return digest.hexdigest()


def _is_done(result: Mapping[str, Any]) -> bool:
    """Tell whether a unit was analysed again and its rows are in every store."""
    analysed = result["outcome"] in ANALYSED
    return analysed and bool(result["stored"]) and not result.get("errors")


def _summarise(console: Console, results: Sequence[Result]) -> None:
    for result in results:
        console.print(
            f"{result['cycle']}  {result['index']:<10}  {_sentence(result)}", soft_wrap=True
        )
    undone = sum(not _is_done(result) for result in results)
    if not results:
        console.print("no unit to do again")
    elif undone:
        console.print(f"{undone} of {len(results)} units were not done again")


def _sentence(result: Mapping[str, Any]) -> str:
    if result["outcome"] == GONE:
        return "quotes are gone"
    begun = f"{result['outcome']}, attempt {result['attempt']}, from the {result['source']}"
    if result["outcome"] == UNFINISHED:
        return f"{begun}; g6 ps shows the workers and the queue, g6 trace {result['cycle']} how far it came"
    if result.get("errors"):
        return f"{begun}: not written: {result['errors']}"
    if not result["stored"]:
        return f"{begun}: nothing is stored"
    if result["changed"] is None:
        return f"{begun}: written; CSV rows are not compared"
    if result["before"] is None:
        return f"{begun}: stored, where nothing was"
    return f"{begun}: {'changed' if result['changed'] else 'the same rows'}"
