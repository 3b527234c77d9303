"""`g6 serve` and `g6 status`: the running system, seen from outside."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from g6.entrypoints.cli.shared import options, terminal

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
    """Answer over HTTP: /metrics on one port; /healthz, /readyz, /status and /panels/NAME on another.

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
    runtime, wanted = (
        create_app(settings_as_started(settings), redis_url(settings)).runtime,
        settings.serve,
    )
    server.serve(
        runtime,
        totals(wire(settings)),
        wanted.host,
        wanted.metrics_port if metrics_port is None else metrics_port,
        wanted.web_port if web_port is None else web_port,
        token=wanted.token.get_secret_value() if wanted.token else "",
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
    """Show the newest cycle, each index, workers, queues and the market; with --watch a line per new cycle.

    Example: g6 status
    """
    from g6.bootstrap.redis_ports import totals
    from g6.bootstrap.running_system import recorded_start, settings_as_started
    from g6.bootstrap.wiring import redis_url, wire
    from g6.entrypoints.machine.drift import restart_reasons
    from g6.entrypoints.web.state import Watcher
    from g6.entrypoints.workers.app import create_app
    from g6.observability.follower import BusFollower

    settings = options.settings(config, set_, data_dir=data_dir)
    runtime = create_app(settings_as_started(settings), redis_url(settings)).runtime
    restart = restart_reasons(recorded_start(settings), settings)
    follower = BusFollower(runtime.bus, totals(wire(settings)), runtime.plan.indices, keeps=False)
    watcher = Watcher(runtime, follower, restart_needed=lambda: restart)
    watcher.follower.catch_up()
    if watch:
        _watch(watcher, json_)
    elif json_:
        typer.echo(json.dumps(watcher.status(), indent=2))
    else:
        _show(terminal.console(settings), watcher.status())


def _watch(watcher: Any, as_json: bool) -> None:
    shown: str | None = ""
    while True:
        found = watcher.status()
        if found["cycle"] != shown:
            shown = found["cycle"]
            typer.echo(json.dumps(found) if as_json else line(found))
        watcher.follower.step(1.0)


def line(found: dict[str, Any]) -> str:
    """Return one cycle's status in a line."""
    indices = " ".join(
        f"{name} {facts['status'] or '-'}/{facts['options']}{' stale' if facts['stale'] else ''}"
        for name, facts in found["indices_info"].items()
    )
    elapsed = "-" if found["elapsed"] is None else f"{found['elapsed']:.2f} s"
    return f"{found['cycle'] or 'no cycle yet'}  {elapsed}  {found['options_last_cycle']} options  {indices}"


def _guards(provider: dict[str, Any]) -> str:
    """Return what a guarded provider says of itself, in a line; nothing for one without guards."""
    from g6.rendering.wording import countdown

    said = []
    if token := provider.get("login"):
        left = token.get("seconds_left")
        ends = (
            f", ends in {countdown(left)}"
            if left
            else ""
            if token["state"] == "valid"
            else "; run g6 login"
        )
        said.append(f"token {token['state']}{ends}")
    if provider.get("breaker"):
        said.append(f"breaker {provider['breaker']}")
    if budget := provider.get("budget_left"):
        said.append(
            "requests left a minute "
            + ", ".join(f"{family} {left}" for family, left in budget.items())
        )
    return "; ".join(said)


def _named(provider: dict[str, Any]) -> str:
    """Return the provider by name, its kind of market, and where its quotes come from now."""
    told = [provider["name"], *(provider[key] for key in ("mode", "source") if provider.get(key))]
    return ", ".join(dict.fromkeys(told))


def _show(console: Any, found: dict[str, Any]) -> None:
    market, ready = (
        found["market"],
        "ready" if found["readiness_ok"] else f"not ready: {found['readiness_reason']}",
    )
    console.print(f"cycle {found['cycle'] or '-'}, {ready}")
    console.print(
        f"market {market['phase'] or '-'} until {market['next_change'] or '-'}, provider {_named(found['provider'])}"
    )
    for change in found.get("restart_needed", ()):
        console.print(f"restart needed: {change}", soft_wrap=True, highlight=False, markup=False)
    if guards := _guards(found["provider"]):
        console.print(guards)
    for trouble in (found["provider"].get("instruments") or {}).values():
        console.print(f"instruments: {trouble}", soft_wrap=True)
    table = Table(
        "index",
        "status",
        "last",
        "options",
        "PCR",
        "age s",
        "",
        "source",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for name, facts in found["indices_info"].items():
        old = "stale" if facts["stale"] else ""
        row = (
            facts["status"],
            facts["ltp"],
            facts["options"],
            facts["pcr"],
            facts["age_seconds"],
            old,
            facts["source"],
        )
        table.add_row(
            name,
            *(
                "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
                for value in row
            ),
        )
    console.print(table)
    console.print(
        "queues " + (", ".join(f"{name} {depth}" for name, depth in found["queues"].items()) or "-")
    )
