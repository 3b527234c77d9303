"""`g6 rerun`: past units again, from their stored quotes, with progress and a summary of what changed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from g6.adapters.data_dir import owner
from g6.config import Settings
from g6.domain.calendar import day_of
from g6.domain.cycle import Status, Unit, isoformat_z, parse_z
from g6.domain.frame import Frame
from g6.entrypoints.cli import options, terminal
from g6.entrypoints.cli.operate import instant
from g6.errors import NothingToDo, UserError
from g6.pipeline import Runtime
from g6.pipeline import rerun as rerun_unit

WAIT_SECONDS = 120.0
First = Annotated[str, typer.Option("--from", metavar="quotes|analytics|persist", help="The first stage to do again.")]
FIRST = {"quotes": "analyse", "analytics": "analyse", "persist": "persist"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rerun")(rerun)


def rerun(
    *,
    cycle: Annotated[str | None, typer.Option("--cycle", metavar="CYCLE", help="One cycle's instant.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="CYCLE", help="Every cycle from this instant …")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="CYCLE", help="… to this one.")] = None,
    index: Annotated[str | None, typer.Option("--index", metavar="INDEX", help="Only this index.")] = None,
    stage: First = "quotes",
    failed: Annotated[bool, typer.Option("--failed", help="Only units that are not OK.")] = False,
    model: options.Model = None,
    interval: options.Interval = None,
    indices: options.Indices = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Do past cycles again from their stored quotes; never from today's market. Exit code 3 when the quotes are gone.

    Example: g6 rerun --cycle 2026-11-18T05:30:00Z --index NIFTY
    """
    if stage not in FIRST:
        raise UserError(f"--from {stage} is no stage to begin with", "say --from quotes, analytics or persist")
    settings = options.settings(config, set_, data_dir=data_dir, model=model, interval=interval, indices=indices)
    console = terminal.console(settings, stderr=json_)
    with _system(settings) as runtime:
        wanted = units(runtime, settings, _cycles(runtime, cycle, since, until), index, failed)
        results = [_again(runtime, unit, FIRST[stage]) for unit in track(wanted, "rerunning", console=console, transient=True)]
        _wait(runtime, results, console)
    if json_:
        typer.echo(json.dumps(results))
    else:
        _summarise(console, results)
    if results and all(result["outcome"] == "gone" for result in results):
        raise NothingToDo(results[0]["why"])


@contextmanager
def _system(settings: Settings) -> Iterator[Runtime]:
    """Use the workers that run; without any, start a broker and workers of one's own for the time it takes."""
    from g6.entrypoints.app import create_app
    from g6.entrypoints.stack import running

    if settings.redis.broker_url or owner(settings.directory):
        yield create_app(settings).runtime
        return
    with running(settings) as stack:
        stack.start_workers()
        stack.wait_ready()
        yield stack.runtime


def _cycles(runtime: Runtime, cycle: str | None, since: str | None, until: str | None) -> list[str]:
    if cycle:
        return [instant(cycle)]
    if since and until:
        first, last = parse_z(instant(since)), parse_z(instant(until))
        return sorted(runtime.store.overview_cycles(first, last), key=parse_z)
    raise UserError("which cycles?", "give --cycle CYCLE, or --since CYCLE --until CYCLE")


def units(runtime: Runtime, settings: Settings, cycles: Sequence[str], index: str | None, failed: bool) -> list[Unit]:
    """Return the units to do again; `failed` leaves those out that ended OK, by the ledger, else by the stored overview.

    Errors: UserError (no such index).
    """
    if index and index.upper() not in settings.indices:
        raise UserError(f"{index} is no enabled index", f"one of {', '.join(settings.indices)}")
    found, ended = [], _ended(settings, cycles) if failed else {}
    for cycle in cycles:
        names = [index.upper()] if index else list(runtime.expected(cycle) or settings.indices)
        record = runtime.ledger.record(cycle)
        for name in names:
            unit, state = Unit(cycle, name), record.units.get(name) if record else None
            status = state.status if state is not None else ended.get(unit, Status.OK)
            if not failed or status != Status.OK:
                found.append(unit)
    return found


def _ended(settings: Settings, cycles: Sequence[str]) -> dict[Unit, str]:
    """Return how the stored units of the cycles' days ended: the ledger forgets, the files do not."""
    from g6.adapters.parquet_store.statuses import statuses

    if not cycles:
        return {}
    first, last = (day_of(parse_z(cycle)) for cycle in (cycles[0], cycles[-1]))
    return {
        Unit(isoformat_z(at), name): status
        for _, by_index in statuses(settings.directory, first, last)
        for name, rows in by_index.items()
        for at, (status, _) in rows.items()
    }


def _again(runtime: Runtime, unit: Unit, stage: str) -> dict[str, Any]:
    result: dict[str, Any] = {"cycle": unit.cycle, "index": unit.index, "before": _digest(runtime.store.read_chain(unit))}
    try:
        sent = rerun_unit(runtime, unit, stage)
    except NothingToDo as nothing:
        return result | {"outcome": "gone", "why": str(nothing)}
    return result | {"outcome": "sent", "attempt": sent.attempt, "source": sent.source}


def _wait(runtime: Runtime, results: list[dict[str, Any]], console: Console) -> None:
    waiting = [result for result in results if result["outcome"] == "sent"]
    limit = time.monotonic() + WAIT_SECONDS
    for result in track(waiting, "waiting", console=console, transient=True):
        unit = Unit(result["cycle"], result["index"])
        while not (state := _finished(runtime, unit)) and time.monotonic() < limit:
            time.sleep(0.05)
        result["outcome"] = state or "unfinished"
        result["changed"] = _digest(runtime.store.read_chain(unit)) != result["before"]


def _finished(runtime: Runtime, unit: Unit) -> str:
    record = runtime.ledger.record(unit.cycle)
    if record is None or not record.closed or not (state := record.units[unit.index]).status:
        return ""
    stored = state.status in ("MISSING", "SKIPPED") or ("persist" in state.stages and state.stages["persist"].state == "done")
    return state.status if stored else ""


def _digest(frame: Frame | None) -> str | None:
    """Tell two stored chains apart by every value they hold."""
    import hashlib

    if frame is None:
        return None
    digest = hashlib.sha256()
    for name, column in frame.columns.items():
        digest.update(name.encode() + (repr(column.tolist()).encode()))
    return digest.hexdigest()


def _summarise(console: Console, results: Sequence[dict[str, Any]]) -> None:
    for result in results:
        if result["outcome"] == "gone":
            said = "quotes are gone"
        else:
            changed = "changed" if result.get("changed") else "the same rows"
            said = f"{result['outcome']}, attempt {result['attempt']}, from the {result['source']}: {changed}"
        console.print(f"{result['cycle']}  {result['index']:<10}  {said}")
