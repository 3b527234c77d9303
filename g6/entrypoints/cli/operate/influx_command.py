"""`g6 influx`: what waits for InfluxDB, sending it, and filling it from the store."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from g6.adapters.clocks import wall_time
from g6.config import Settings, plan
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.documents.point_lines import most_series
from g6.domain.market.instants import instant_ends
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.salvage_file import SalvageFile, show_salvage
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import NothingToDo
from g6.rendering.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

    from g6.domain.reports import OutboxState
    from g6.pipeline.maintenance.outlet import Outlet

From = Annotated[
    str,
    typer.Option("--from", metavar="INSTANT", help="The first instant, such as 2026-11-20 09:15."),
]
To = Annotated[
    str, typer.Option("--to", metavar="INSTANT", help="The last instant; a day alone is all of it.")
]
Again = Annotated[
    bool, typer.Option("--again", help="Begin anew, though an earlier call was stopped half way.")
]
ONE_DAY = timedelta(days=1)
LONGEST_DAY = len("2026-11-20")


def register(app: typer.Typer) -> None:
    """Add `g6 influx`."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Send stored rows to InfluxDB, and say what waits for it.\n\n"
        "Example: g6 influx backfill --from 2026-11-20 --to 2026-11-20",
    )
    group.callback()(lambda: None)
    for command in (status, backfill, send, mend):
        group.command(command.__name__)(command)
    app.add_typer(group, name="influx")


def status(
    *,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Say what waits for InfluxDB, and how many series there can be.

    Example: g6 influx status --json
    """
    from g6.adapters.data_dir.outbox import stored_outbox
    from g6.bootstrap.processes.outlets import bucket_of, outbox_path

    settings = options.settings(config, set_, data_dir=data_dir)
    state, spans = stored_outbox(outbox_path(settings))
    document = {
        "url": settings.influx.url,
        "bucket": bucket_of(settings),
        "most_series": series_bound(settings),
        **asdict(state),
        "missed": [asdict(span) for span in spans],
    }
    if json_:
        typer.echo(json.dumps(document))
        return
    console = terminal.console(settings)
    address = settings.influx.url or "no server: influx.url is not set"
    console.print(f"server   {address}", highlight=False)
    console.print(f"bucket   {document['bucket']}", highlight=False)
    console.print(f"series   at most {document['most_series']}", highlight=False)
    console.print(f"waiting  {_waiting(state)}", highlight=False)
    for span in spans:
        line = f"missed   {span.first} to {span.last} ({span.reason}): filled from the store"
        console.print(line, highlight=False)


def backfill(
    *,
    from_: From,
    to: To,
    again: Again = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Send what is stored of a span of time to InfluxDB.

    A point that is there already is replaced by itself. What is stopped half way goes on where it
    was when it is called again.

    Example: g6 influx backfill --from 2026-11-20 --to 2026-11-20
    """
    from g6.bootstrap.processes.outlets import backfill_outlet

    settings = options.settings(config, set_, data_dir=data_dir)
    console = terminal.console(settings, stderr=json_)
    with backfill_outlet(settings) as outlet:
        counts = _fill(outlet, settings, _span(from_, to), again=again, console=console)
    if json_:
        typer.echo(json.dumps(asdict(counts)))
        return
    before = f"; {counted(counts.sent_before, 'cycle')} sent before" if counts.sent_before else ""
    what = f"{counted(counts.points, 'point')} of {counted(counts.units, 'unit')}"
    line = f"sent {what} in {counted(counts.cycles, 'cycle')}{before}"
    console.print(line, highlight=False)


@dataclass(frozen=True, slots=True)
class BackfillCounts:
    """What a backfill sent, and how many cycles an earlier call had sent before it was stopped."""

    cycles: int
    units: int
    points: int
    sent_before: int


def _fill(
    outlet: Outlet,
    settings: Settings,
    span: tuple[datetime, datetime],
    *,
    again: bool,
    console: Console,
) -> BackfillCounts:
    """Send every stored cycle of a span that an earlier call has not sent.

    Raises:
        NothingToDo: Nothing is stored of it.
    """
    from g6.bootstrap.processes.outlets import BackfillMark, backfill_path

    first, last = map(isoformat_z, span)
    cycles = [*outlet.store.overview_cycles(*span)]
    if not cycles:
        raise NothingToDo(
            f"nothing is stored from {first} to {last} in {settings.directory}\n"
            "  fix: g6 data ls lists what is"
        )
    mark = BackfillMark(backfill_path(settings), f"{first}/{last}")
    sent_before = "" if again else mark.done_until()
    waiting = [cycle for cycle in cycles if cycle > sent_before]
    units = 0
    for cycle in followed(waiting, "sending", console):
        units += outlet.send_cycle(cycle)
        mark.record(cycle)
    mark.close()
    return BackfillCounts(len(waiting), units, outlet.sent_points, len(cycles) - len(waiting))


def send(
    *,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Send what a running system stores to InfluxDB, until Ctrl-C.

    g6 up, run and demo do it by themselves where influx.url is set. This is for a host whose
    workers were started by hand. It runs where the data directory is.

    Example: g6 influx send
    """
    from g6.bootstrap.wiring import wire
    from g6.entrypoints.machine.outlet_process import send_until_stopped

    settings = options.settings(config, set_, data_dir=data_dir)
    typer.echo("sending what is stored; Ctrl-C stops", err=True)
    send_until_stopped(wire(settings))


@spread
def mend(
    *,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Mend a damaged outbox: what it lost is filled from the store.

    The damaged file stays beside the new one. A running system mends its outbox by itself when its
    process starts; this is for a directory on which nothing runs.

    Example: g6 influx mend --data-dir data/g6_data
    """
    from g6.bootstrap.processes.outlets import mend_outbox, outbox_path

    settings = configured.settings()
    file = SalvageFile("outbox", outbox_path(settings), "nothing waits")
    show_salvage(file, mend_outbox(settings), json_=json_)


def series_bound(settings: Settings) -> int:
    """Return how many series a configuration can have."""
    decisions = plan(settings)
    wide = decisions.most_strikes if decisions.reach else 0
    total = 1
    for index in decisions.indices.values():
        below = max(index.strikes_itm, wide)
        above = max(index.strikes_otm, wide)
        total += most_series(1, len(index.rules), below, above) - 1
    return total


def _span(first: str, last: str) -> tuple[datetime, datetime]:
    """Return the instants of a span. A last day without a time is meant whole."""
    at = wall_time()
    begin, end = instant_ends(first, last, at)
    if len(last.strip()) <= LONGEST_DAY and ":" not in last:
        end += ONE_DAY - timedelta(seconds=1)
    return parse_z(isoformat_z(begin)), parse_z(isoformat_z(end))


def _waiting(state: OutboxState) -> str:
    if not state.units:
        return "nothing"
    counts = f"{counted(state.units, 'unit')}, about {counted(state.points, 'point')}"
    return f"{counts}; sent while G6 runs, once the server answers"
