"""`g6 replay`: a stored day through the whole system again, held against what was stored."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from g6.config import Settings
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instants import MarketTime, instant_of_text
from g6.domain.reports.switches import REPLAY, ReplayOrder
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import NothingToDo
from g6.ports.sources import abilities_of
from g6.rendering.wording import counted
from g6.studies.stored.past_panels import shown_hashes

if TYPE_CHECKING:
    from rich.console import Console

    from g6.domain.documents.certificates import CertificateLink
    from g6.entrypoints.cli.shared.following import ClosedCycle, RunFollower
    from g6.entrypoints.machine.fork_server import ForkServer
    from g6.entrypoints.machine.supervisor import Stack
    from g6.pipeline import Runtime
    from g6.ports import Store

Day = Annotated[str, typer.Argument(metavar="DAY", help="The stored day, such as 2026-11-20.")]
From = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="Begin later, such as 10:30 in India.")
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End earlier.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where its rows go; else data/replay/DAY."),
]
Web = Annotated[
    bool, typer.Option("--web", help="Answer over HTTP too: page, panels, streams, metrics.")
]
KEY_LINE = "keys: space pauses, → one cycle, + faster, - slower, f a quarter of an hour on"
LEAP = timedelta(minutes=15)
FIRST_SPEED = 60.0
"""From which + and - double and halve, where a replay was as fast as its cycles close."""
MOST_LINES = 20
STORED_SECONDS = 60.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    day: Day,
    *,
    speed: options.Speed = None,
    from_: From = None,
    to: To = None,
    indices: options.Indices = None,
    out: Out = None,
    web: Web = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Run a stored day through the whole system again.

    Workers, queues, panels and streams are those of g6 up; only the quotes are the stored ones,
    under the stamp they were collected with. At its end rows, chains and panels are held against
    the stored ones: exit 1 when anything differs. The result names the day's certificate, and so do
    rows of the replay that are loaded, exported or answered. g6 control replay pause, step,
    seek:11:00 or 60x steers it, as keys do on a terminal.

    Example: g6 replay 2026-11-18 --speed 60x --from 10:30
    """
    from g6.bootstrap.stored_files.directory_certificates import newest_certificate_link
    from g6.bootstrap.stores import parquet_store
    from g6.entrypoints.machine.fork_server import ForkServer

    source = options.settings(config, set_, data_dir=data_dir)
    store = parquet_store(source)
    cycles = _cycles(source, store, day, from_, to)
    settings = options.settings(
        config,
        [*(set_ or ()), *_assignments(cycles)],
        data_dir=out or Path("data/replay") / day_of(parse_z(cycles[0])).isoformat(),
        provider="replay",
        recording=source.directory.absolute(),
        speed=speed or "max",
        indices=indices,
    )
    own_redis = settings.redis.model_copy(update={"broker_url": None, "cache_url": None})
    settings = settings.model_copy(update={"redis": own_redis})
    console = terminal.console(settings, stderr=json_)
    with ForkServer(by_fork=True, modules=settings.source.modules) as forks:
        certificate = newest_certificate_link(source, day_of(parse_z(cycles[0])))
        played = _play(settings, console, forks, certificate, serves=web)
    name = "" if certificate is None else certificate.name
    result = _compared(played, store, settings, console, name)
    _tell(result, played, console, as_json=json_)


def _cycles(
    source: Settings, store: Store, day: str, first: str | None, last: str | None
) -> list[str]:
    """Return the stored cycles of a day between two times of it.

    Raises:
        NothingToDo: There is none.
    """
    midnight = instant_of_text(day, MarketTime.of(lambda: parse_z("2026-01-01T00:00:00Z")))
    at = MarketTime.of(lambda: midnight)
    begin = midnight if first is None else instant_of_text(first, at)
    end = midnight + timedelta(days=1, seconds=-1) if last is None else instant_of_text(last, at)
    cycles = [*store.overview_cycles(begin, end)]
    if not cycles:
        raise NothingToDo(
            f"no cycle is stored from {isoformat_z(begin)} to {isoformat_z(end)} "
            f"in {source.directory}\n  fix: g6 data ls lists what is; --data-dir names another"
        )
    return cycles


def _assignments(cycles: Sequence[str]) -> list[str]:
    """Return the settings by which a replay takes these cycles, at the pace they were stored."""
    instants = [parse_z(cycle) for cycle in cycles]
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(instants)]
    step = int(min(steps, default=60.0))
    return [
        f"provider.stored_from={cycles[0]}",
        f"provider.stored_to={cycles[-1]}",
        f"interval={step}",
    ]


@dataclass(slots=True)
class PlayedDay:
    """What a replay did.

    Attributes:
        indices: Those that were replayed.
        closed: The cycles that were closed, in their order.
        shown: The hashes of the panels that stood in Redis when a cycle was read, by cycle.
        is_stored: Whether every cycle was stored in time.
    """

    indices: tuple[str, ...] = ()
    closed: list[str] = field(default_factory=list)
    shown: dict[str, dict[str, str]] = field(default_factory=dict)
    is_stored: bool = False


def _play(
    settings: Settings,
    console: Console,
    forks: ForkServer,
    certificate: CertificateLink | None,
    *,
    serves: bool,
) -> PlayedDay:
    """Run the day until its last cycle is closed and stored."""
    from g6.bootstrap.stored_files.directory_certificates import note_replayed
    from g6.entrypoints.cli.run.bounded import started, with_progress
    from g6.entrypoints.cli.shared.following import stoppable

    played = PlayedDay()
    with stoppable(), started(settings, None, console, forks, who="g6 replay") as facts:
        stack, follower, cycles, _ = facts
        played.indices = tuple(stack.runtime.plan.indices)
        if certificate is not None:
            note_replayed(settings, certificate)
        if serves:
            stack.start_serve()
            console.print(f"page     http://127.0.0.1:{settings.serve.web_port}/", highlight=False)
        with steering(stack.runtime, console) as steer:
            closing = _closing(stack, follower, steer)
            for closed in with_progress(closing, cycles, console):
                played.closed.append(closed.report.cycle)
                played.shown[closed.report.cycle] = shown_hashes(
                    stack.runtime.panels, closed.report.cycle
                )
        limit = stack.runtime.clock.wall() + STORED_SECONDS
        played.is_stored = follower.until_stored(limit)
    return played


def _closing(
    stack: Stack, follower: RunFollower, steer: Callable[[], None]
) -> Iterator[ClosedCycle]:
    """Yield closed cycles until the last one of the day is closed."""
    recorded = abilities_of(stack.runtime.provider).recorded
    last = isoformat_z(recorded.cycles()[-1]) if recorded is not None else ""
    while last not in follower.closed:
        yield from follower.poll()
        steer()


@contextmanager
def steering(runtime: Runtime, console: Console) -> Iterator[Callable[[], None]]:
    """Yield what reads the keys that were pressed and steers the replay, on a terminal alone."""
    if not (console.is_terminal and sys.stdin.isatty()):
        yield lambda: None
        return
    from g6.entrypoints.cli.shared.screen.keyboard import Keyboard, without_echo

    console.print(KEY_LINE, highlight=False)
    keyboard = Keyboard(sys.stdin.fileno())

    def steer() -> None:
        for key in keyboard.keys(0.0):
            order = runtime.controls.read().replay or ReplayOrder()
            word = word_of(key, order, runtime.clock.market())
            if word:
                runtime.controls.set(REPLAY, order.then(word).to_json())

    with without_echo(sys.stdin.fileno()):
        yield steer


def word_of(key: str, order: ReplayOrder, now: datetime) -> str:
    """Return what a key asks of a replay, empty for a key that asks nothing.

    >>> noon = parse_z("2026-11-18T06:30:00Z")
    >>> word_of(" ", ReplayOrder(), noon), word_of("+", ReplayOrder(speed=60.0), noon)
    ('pause', '120x')
    """
    if key == " ":
        return "resume" if order.is_paused else "pause"
    if key in {"right", "s"}:
        return "step"
    if key in {"+", "-"}:
        speed = order.speed or FIRST_SPEED
        return f"{speed * 2 if key == '+' else speed / 2:g}x"
    return f"seek:{isoformat_z(now + LEAP)}" if key == "f" else ""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """How a replay compares with what was stored.

    Attributes:
        cycles: Cycles that were replayed.
        rows: Overview rows that were held against the stored ones.
        chains: Chains that were.
        panels: Panels that the rows of both make.
        published: Panels of the running system that were held against them.
        differing: What is not the same, with its cycle.
        hash: Over the hashes of all panels, in order.
        certificate: Day, version and root of what certifies the stored day, empty without one.
    """

    cycles: int
    rows: int
    chains: int
    panels: int
    published: int
    differing: tuple[str, ...]
    hash: str
    certificate: str


def _compared(
    played: PlayedDay, before: Store, settings: Settings, console: Console, certificate: str
) -> ReplayResult:
    """Hold every replayed cycle against the stored one."""
    from g6.bootstrap.stores import parquet_store
    from g6.domain.documents.panels import digest
    from g6.studies.stored.days.replay_comparison import compare_cycle

    after = parquet_store(settings)
    differing: list[str] = []
    hashes: list[str] = []
    counts = Counter[str]()
    for cycle in followed(sorted(played.closed), "comparing", console):
        compared = compare_cycle(before, after, cycle, played.indices)
        counts.update(rows=compared.rows, chains=compared.chains, panels=len(compared.panels))
        hashes += [f"{name}={hash}" for name, hash in sorted(compared.panels.items())]
        different = [*compared.differing]
        for name, hash in played.shown.get(cycle, {}).items():
            if name in compared.panels:
                counts["published"] += 1
                if hash != compared.panels[name]:
                    different.append(f"published {name}")
        differing += [f"{cycle} {what}" for what in different]
    return ReplayResult(
        len(played.closed),
        counts["rows"],
        counts["chains"],
        counts["panels"],
        counts["published"],
        tuple(differing),
        digest(hashes),
        certificate,
    )


def _tell(result: ReplayResult, played: PlayedDay, console: Console, *, as_json: bool) -> None:
    """Print how the replay went.

    Raises:
        Exit: With 1, where something differs or was not stored.
    """
    if as_json:
        typer.echo(json.dumps(asdict(result)))
    else:
        console.print(
            f"{counted(result.cycles, 'cycle')}: {counted(result.rows, 'overview row')}, "
            f"{counted(result.chains, 'chain')}, {counted(result.panels, 'panel')}, "
            f"{result.published} of them as they were published; {len(result.differing)} differ",
            highlight=False,
            soft_wrap=True,
        )
        for line in result.differing[:MOST_LINES]:
            console.print(f"  differs: {line}", highlight=False, soft_wrap=True)
        console.print(f"hash of all panels {result.hash}", highlight=False, soft_wrap=True)
        certified = f"certificate of the day {result.certificate}"
        words = certified if result.certificate else "the stored day has no certificate"
        console.print(words, highlight=False, soft_wrap=True)
    if result.differing or not played.is_stored or not result.cycles:
        raise typer.Exit(1)
