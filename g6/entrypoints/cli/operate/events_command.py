"""`g6 events`: what a running system publishes, by type and key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from g6.domain.market.calendar import day_of
from g6.domain.reports import Event, EventSelection, StoreRefused
from g6.domain.schema.nearest import nearest
from g6.domain.schema.words import EventType, Stage
from g6.entrypoints.cli.shared.arguments import options
from g6.errors import BadConfig

if TYPE_CHECKING:
    from g6.pipeline.subscription import Subscription

DEFAULT_MINUTES = 5.0
BLOCK_SECONDS = 1.0

Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Only events of this type; repeatable."),
]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key", metavar="KEY", help="Only events of this index, cycle or state; repeatable."
    ),
]
Name = Annotated[
    str,
    typer.Option(
        "--as", metavar="NAME", help="Go on where this subscriber stopped, and remember it."
    ),
]
Last = Annotated[
    float | None,
    typer.Option(
        "--last", metavar="MINUTES", help="Begin so many minutes ago; 5, or now with --follow."
    ),
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")]
All = Annotated[
    bool,
    typer.Option("--all", help="Reports of units, heartbeats, sizes and panels too."),
]
BESIDE = frozenset(
    {
        EventType.UNIT_REPORT,
        EventType.HEARTBEAT,
        EventType.STORAGE_SIZES,
        EventType.PANEL_FULL,
        EventType.PANEL_DIFF,
        EventType.CHAIN_DIFF,
        EventType.OI_CHANGE,
        EventType.BUS_SUBSCRIBER,
        EventType.OPTION_DETAIL,
        EventType.STREAM_FANOUT,
    }
)
"""What a healthy system says all the time: a person asks for it by name, by key or with --all."""
Forget = Annotated[bool, typer.Option("--forget", help="Forget the subscriber of --as, and stop.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("events")(events)


def events(
    *,
    type_: Types = None,
    key: Keys = None,
    name: Name = "",
    last: Last = None,
    follow: Follow = False,
    forget: Forget = False,
    all_: All = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Show the events of a running system: cycles, gaps, alerts.

    --all, --type, --key, --as and --json show reports of units, heartbeats and panels as well.
    Each event once: a subscriber with a name goes on where it stopped.

    Example: g6 events --type unit.report --key NIFTY --follow
    """
    selection = EventSelection.of(_types(type_ or ()), key or ())
    if forget and not name:
        raise BadConfig("--forget forgets a subscriber, and none is named", "g6 events --as NAME")
    settings = options.settings(config, set_, data_dir=data_dir)
    from g6.bootstrap.processes.redis_ports import bus
    from g6.bootstrap.wiring import wire
    from g6.pipeline.subscription import Subscription
    from g6.rendering.event_lines import event_json, event_line
    from g6.rendering.wording import counted

    wiring = wire(settings)
    stream = bus(wiring)
    if forget:
        stream.forget(name)
        return
    if last is None and not follow:
        last = DEFAULT_MINUTES
    now = wiring.clock.wall()
    since = None if last is None else now - 60.0 * last
    subscription = Subscription(stream, wiring.clock, name, selection, since=since)
    today = day_of(datetime.fromtimestamp(now, UTC))
    render = event_json if json_ else partial(event_line, today=today)
    shows_all = bool(all_ or json_ or name or type_ or key)
    left_out = _show(subscription, render, follows=follow, shows_all=shows_all)
    if left_out:
        beside = counted(left_out, "event")
        typer.echo(f"{beside} beside, of units, heartbeats, panels: --all", err=True)


def _show(
    subscription: Subscription, render: Callable[[Event], str], *, follows: bool, shows_all: bool
) -> int:
    """Print events, and return how many were left out because they do not matter to a person."""
    refused: set[tuple[str, str, Stage]] = set()
    left_out = 0
    while True:
        page = subscription.read(block_seconds=BLOCK_SECONDS if follows else 0.0)
        for event in page.events:
            if not shows_all and (event.type in BESIDE or _is_repeated(event, refused)):
                left_out += 1
            else:
                typer.echo(render(event))
        subscription.acknowledge(page)
        if not follows and page.is_last:
            subscription.tell()
            return left_out


def _is_repeated(event: Event, refused: set[tuple[str, str, Stage]]) -> bool:
    """Tell whether an event is a write that was refused before, and remember those that were.

    On a full disk each write is tried and refused once a second.

    Args:
        event: The event.
        refused: Cycle, index and stage of what was refused.
    """
    if not isinstance(event.payload, StoreRefused):
        return False
    write = (event.payload.cycle, event.payload.index, event.payload.stage)
    is_known = write in refused
    refused.add(write)
    return is_known


def _types(words: Sequence[str]) -> list[str]:
    """Return the types that are asked for.

    Raises:
        BadConfig: There is no such type.
    """
    every = [str(type) for type in EventType]
    for word in words:
        if word not in every:
            near = nearest(word, every)
            fix = f"did you mean {near}?" if near else f"there are {', '.join(every)}"
            raise BadConfig(f"{word!r} is no type of event", fix)
    return list(words)
