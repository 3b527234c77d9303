"""`g6 serve` and `g6 status`: the running system, seen from outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from g6.entrypoints.cli.shared import options, terminal

if TYPE_CHECKING:
    from g6.entrypoints.web.state import Watcher

Host = Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")]
MetricsPort = Annotated[
    int | None,
    typer.Option("--metrics-port", metavar="PORT", help="Port of /metrics; 0 takes a free one."),
]
WebPort = Annotated[
    int | None,
    typer.Option(
        "--web-port", metavar="PORT", help="Port of /status and panels; 0 takes a free one."
    ),
]
Watch = Annotated[bool, typer.Option("--watch", help="Write a line per new cycle until Ctrl-C.")]


def register(app: typer.Typer) -> None:
    """Add `g6 serve` and `g6 status`."""
    app.command("serve")(serve)
    app.command("status")(status)


def serve(
    *,
    host: Host = None,
    metrics_port: MetricsPort = None,
    web_port: WebPort = None,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Answer over HTTP: /metrics on one port, /healthz, /readyz, /status and /panels on another.

    Example: g6 serve --metrics-port 0
    """
    from g6.bootstrap.redis_ports import totals
    from g6.bootstrap.running_system import recorded_start, settings_as_started
    from g6.bootstrap.wiring import redis_url, wire
    from g6.entrypoints.machine.drift import restart_reasons_in_child
    from g6.entrypoints.web import serving as server
    from g6.entrypoints.workers.app import create_app

    settings = options.settings(
        config, [*(set_ or ()), *([f"serve.host={host}"] if host else [])], data_dir=data_dir
    )
    runtime = create_app(settings_as_started(settings), redis_url(settings)).runtime
    own = settings.serve
    server.serve(
        runtime,
        totals(wire(settings)),
        own.host,
        own.metrics_port if metrics_port is None else metrics_port,
        own.web_port if web_port is None else web_port,
        token=own.token.get_secret_value() if own.token else "",
        status_file=settings.status_file,
        restart_needed=lambda: restart_reasons_in_child(recorded_start(settings)),
        announce=typer.echo,
    )


def status(
    *,
    json_: options.Json = False,
    watch: Watch = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Show the newest cycle, each index, queues and the market, or a line per new cycle.

    Example: g6 status
    """
    from g6.bootstrap.redis_ports import totals
    from g6.bootstrap.running_system import recorded_start, settings_as_started
    from g6.bootstrap.wiring import redis_url, wire
    from g6.entrypoints.machine.drift import restart_reasons
    from g6.entrypoints.web.state import Watcher
    from g6.entrypoints.workers.app import create_app
    from g6.observability.follower import BusFollower
    from g6.rendering import parts
    from g6.rendering.status_screen import status_parts

    settings = options.settings(config, set_, data_dir=data_dir)
    runtime = create_app(settings_as_started(settings), redis_url(settings)).runtime
    restart = restart_reasons(recorded_start(settings), settings)
    follower = BusFollower(runtime.bus, totals(wire(settings)), runtime.plan.indices, keeps=False)
    watcher = Watcher(runtime, follower, restart_needed=lambda: restart)
    watcher.follower.catch_up()
    if watch:
        _watch(watcher, as_json=json_)
        return
    document = watcher.status()
    if json_:
        typer.echo(json.dumps(document, indent=2))
    else:
        console = terminal.console(settings)
        parts.print_parts(console, status_parts(document))


def _watch(watcher: Watcher, *, as_json: bool) -> None:
    """Write a line for each new cycle, until somebody stops it."""
    from g6.rendering.status_screen import status_line

    last_cycle: str | None = ""
    while True:
        document = watcher.status()
        if document["cycle"] != last_cycle:
            last_cycle = document["cycle"]
            typer.echo(json.dumps(document) if as_json else status_line(document))
        watcher.follower.step(1.0)
