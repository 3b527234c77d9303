"""`g6 rerun`: past units are done again from their stored quotes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from g6.adapters.data_dir.owner import owner
from g6.bootstrap.reading.study_readers import market_time
from g6.config import Settings
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.market.instants import instant_ends
from g6.domain.schema.words import Stage
from g6.entrypoints.cli.operate.rerun_selection import instants, units
from g6.entrypoints.cli.shared import manual
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.day_options import instant
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.help.fix_commands import SystemOptions
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import bar, progress_console
from g6.errors import NothingToDo, UserError
from g6.pipeline import Runtime
from g6.pipeline.rerun import has_quotes
from g6.pipeline.rerun_results import (
    GONE,
    UNFINISHED,
    RerunResult,
    note_end,
    note_refusals,
    send_again,
)
from g6.rendering.wording import in_india

T = TypeVar("T")
WAIT_SECONDS = 120.0
"""How long nothing may end before the rest counts as unfinished, longer than one unit may take."""
REFUSED_SECONDS = 10.0
"""How long the store may refuse rows before the units that wait for it count as not written."""
First = Annotated[
    str,
    typer.Option("--from", metavar="quotes|analytics|persist", help="The first stage to repeat."),
]
FIRST = {"quotes": Stage.ANALYSE, "analytics": Stage.ANALYSE, "persist": Stage.PERSIST}
"""The stage that a rerun begins with, by what a person wants done again."""

Failed = Annotated[bool, typer.Option("--failed", help="Only units that are not OK or not stored.")]


@dataclass(frozen=True, slots=True)
class CycleOptions:
    """The options that say which cycles are done again."""

    cycle: Annotated[
        str | None,
        typer.Option("--cycle", metavar="CYCLE", help="One cycle's instant, such as 11:02."),
    ] = None
    since: Annotated[
        str | None, typer.Option("--since", metavar="CYCLE", help="The first of several cycles.")
    ] = None
    until: Annotated[
        str | None, typer.Option("--until", metavar="CYCLE", help="The last of them.")
    ] = None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rerun")(rerun)


@spread
def rerun(
    *,
    span: CycleOptions,
    index: options.OnlyIndex = None,
    stage: First = "quotes",
    failed: Failed = False,
    model: options.Model = None,
    interval: options.Interval = None,
    indices: options.Indices = None,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Repeat past cycles from their stored quotes.

    Today's market is never asked. The exit code is 3 when the quotes of all are gone, and 1 when a
    unit was not done: its quotes are gone, it is unfinished or not stored, or nobody serves the
    queue.

    Example: g6 rerun --cycle 2026-11-18T05:30:00Z --index NIFTY
    """
    first = _first_stage(stage)
    if not span.cycle and not (span.since and span.until):
        raise UserError("which cycles?", _missing_end(span))
    settings = configured.settings(model=model, interval=interval, indices=indices)
    if interval is None and indices is None:
        settings = _as_started(settings)
    console = terminal.console(settings, stderr=json_)
    with manual.system(settings) as workers:
        runtime = workers.runtime
        cycles = _cycles(runtime, settings, span)
        selected = units(runtime, settings, cycles, index, failed)
        # Workers take seconds to start: where all quotes are gone, none of them is needed.
        if any(has_quotes(runtime, unit) for unit in selected):
            workers.start()
        after = runtime.bus.bounds()[1]
        results = [
            send_again(runtime, unit, first) for unit in _tracked(selected, "rerunning", console)
        ]
        wait(runtime, results, console, compares=settings.storage.parquet.enabled)
        note_refusals(runtime, results, after)
    if json_:
        typer.echo(json.dumps([result.document() for result in results]))
    else:
        named = SystemOptions.of_settings(configured.data_dir, configured.config, configured.set_)
        _summarise(console, results, named)
    if results and all(result.outcome == GONE for result in results):
        raise NothingToDo(results[0].why)
    raise typer.Exit(0 if all(result.is_done for result in results) else 1)


def _missing_end(span: CycleOptions) -> str:
    """Return what to give where no cycles are named, or one end of them alone."""
    if span.since:
        return f"give the last one too: --since {span.since} --until CYCLE"
    if span.until:
        return f"give the first one too: --since CYCLE --until {span.until}"
    return "give --cycle CYCLE, or --since CYCLE --until CYCLE"


def _first_stage(word: str) -> Stage:
    """Return the stage that a rerun begins with.

    Raises:
        UserError: The word means none.
    """
    if word not in FIRST:
        raise UserError(
            f"--from {word} is no stage to begin with", "say --from quotes, analytics or persist"
        )
    return FIRST[word]


def _as_started(settings: Settings) -> Settings:
    """Return the settings with market, interval and indices of the system that runs, if one does.

    Raises:
        RedisDown: Redis does not answer.
    """
    from g6.bootstrap.reading.running_system import settings_as_started

    # Under other settings a rerun of a system that was started with --indices asked for units that
    # were never due, and wrote rows under another configuration.
    is_running = settings.redis.broker_url or owner(settings.directory)
    return settings_as_started(settings) if is_running else settings


def _cycles(runtime: Runtime, settings: Settings, span: CycleOptions) -> list[str]:
    at = market_time(settings)
    if span.cycle:
        return [instant(span.cycle, at)]
    ends = instant_ends(str(span.since), str(span.until), at)
    first, last = (parse_z(isoformat_z(end)) for end in ends)
    if last < first:
        raise UserError(
            f"--until {span.until} lies before --since {span.since}",
            "give the earlier instant to --since",
        )
    return [isoformat_z(at) for at in instants(runtime, settings, first, last)]


def _tracked(members: Sequence[T], what: str, console: Console) -> Iterator[T]:
    """Yield the members, with a bar on a terminal. Elsewhere it was an empty line."""
    if not progress_console(console).is_terminal:
        yield from members
        return
    with bar(console) as progress:
        yield from progress.track(members, description=what)


def wait(
    runtime: Runtime, results: Sequence[RerunResult], console: Console, *, compares: bool = True
) -> None:
    """Wait until every unit that was sent has ended, and note how.

    It gives up when nothing has ended for WAIT_SECONDS, when the store refuses rows for
    REFUSED_SECONDS, or when nobody serves the queue any more.
    """
    waiting = [result for result in results if result.outcome == UNFINISHED]
    watch = manual.QueueWatch(runtime)
    refusals = _StoreWatch(runtime, console)
    limit = time.monotonic() + WAIT_SECONDS
    gives_up = False
    for result in _tracked(waiting, "waiting", console):
        has_ended = note_end(runtime, result, compares=compares)
        while not has_ended and not gives_up:
            gives_up = watch.is_alone() or refusals.has_lasted() or time.monotonic() > limit
            runtime.clock.sleep(0.05)
            has_ended = note_end(runtime, result, compares=compares)
        if has_ended:
            limit = time.monotonic() + WAIT_SECONDS
        elif refusals.sentence:
            result.errors = refusals.sentence


@dataclass(slots=True)
class _StoreWatch:
    """Looks whether the store refuses rows, says so at once, and tells when that has lasted.

    On a full disk a rerun waited two minutes without a word, for rows that were tried again.
    """

    runtime: Runtime
    console: Console
    sentence: str = ""
    _since: float = 0.0
    _looks_again: float = 0.0

    def has_lasted(self) -> bool:
        """Return whether the store has refused for `REFUSED_SECONDS` now."""
        now = time.monotonic()
        if now < self._looks_again:
            return False
        self._looks_again = now + 1.0
        refusals = self.runtime.controls.read().longest_refusals()
        if not refusals:
            self.sentence = ""
            return False
        if not self.sentence:
            self._since = now
            self.sentence = refusals[0].sentence
            self.console.print(f"the store refuses rows: {self.sentence}", soft_wrap=True)
            if refusals[0].fix:
                self.console.print(f"  fix: {refusals[0].fix}", soft_wrap=True, markup=False)
        return now - self._since > REFUSED_SECONDS


def _summarise(console: Console, results: Sequence[RerunResult], named: SystemOptions) -> None:
    for result in results:
        unit = result.unit
        console.print(
            f"{in_india(unit.cycle)}  {unit.index:<10}  {named.completed(sentence(result))}",
            soft_wrap=True,
        )
    undone = sum(not result.is_done for result in results)
    if not results:
        console.print("no unit to do again")
    elif undone:
        console.print(f"{undone} of {len(results)} units were not done again")


def _why(result: RerunResult) -> str:
    """Return what the sinks said that refused a unit's rows."""
    errors = result.errors
    if isinstance(errors, Mapping):
        return "; ".join(f"{sink}: {why}" for sink, why in errors.items())
    return str(errors)


def sentence(result: RerunResult) -> str:
    """Return what became of a unit in a sentence."""
    if result.outcome == GONE:
        return "quotes are gone"
    begun = f"{result.outcome}, run {result.run} of the unit, from the {result.source}"
    if result.errors and result.outcome == UNFINISHED:
        return f"{begun}: not written: {_why(result)}; it is tried again as long as a system runs"
    if result.outcome == UNFINISHED:
        return (
            f"{begun}; g6 logs --cycle {result.unit.cycle} shows how far it came, "
            f"g6 rerun --cycle {result.unit.cycle} --index {result.unit.index} sends it again"
        )
    if result.failure:
        return (
            f"{begun}: the rerun failed ({result.failure}), and what was stored stays; "
            f"g6 trace {result.unit.cycle} shows where, g6 rerun tries again"
        )
    if result.errors:
        return f"{begun}: not written: {_why(result)}"
    if not result.is_stored:
        return f"{begun}: nothing is stored"
    if result.changed is None:
        return f"{begun}: written; CSV rows are not compared"
    if result.before is None:
        return f"{begun}: stored, where nothing was"
    if result.changed:
        return f"{begun}: changed"
    return f"{begun}: the same rows{', under other settings' if result.is_reconfigured else ''}"
