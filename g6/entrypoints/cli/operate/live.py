"""`g6 ps`, `g6 rerun`, `g6 trace`, `g6 control`: looking into a running system and doing things again."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from g6.entrypoints.cli.shared import options, terminal
from g6.entrypoints.cli.shared.days import instant
from g6.errors import BadConfig

Cycle = Annotated[
    str, typer.Argument(metavar="CYCLE", help="The cycle's instant, such as 2026-11-20T04:05:00Z.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("ps")(ps)
    app.command("trace")(trace)
    app.command("control")(control)


def ps(
    *,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Show the worker processes and the depth of each queue.

    Example: g6 ps
    """
    from g6.entrypoints.workers.app import create_app

    settings = options.settings(config, set_, data_dir=data_dir)
    runtime = create_app(settings).runtime
    seen = dict(runtime.vitals.read())
    if json_:
        typer.echo(json.dumps(seen))
        return
    console = terminal.console(settings)
    workers = Table("worker", "pid", "state", "memory MB", "cores", box=None, padding=(0, 2, 0, 0))
    for name, facts in sorted(seen["workers"].items()):
        state = "up" if facts["up"] else "silent"
        workers.add_row(
            name,
            str(facts["pid"]),
            state,
            f"{facts['resident_bytes'] / 1e6:.0f}",
            f"{facts['cpu_ratio']:.2f}",
        )
    console.print(workers)
    queues = Table("queue", "waiting", box=None, padding=(0, 2, 0, 0))
    for queue, depth in seen["queues"].items():
        queues.add_row(queue, str(depth))
    console.print(queues)


def trace(
    cycle: Cycle,
    *,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Show what a cycle's units went through: stages with their waiting and running times, parts, expiries.

    Example: g6 trace 2026-11-18T05:30:00Z
    """
    from g6.entrypoints.cli.operate.trace import show, traced
    from g6.entrypoints.workers.app import create_app

    settings = options.settings(config, set_, data_dir=data_dir)
    found = traced(create_app(settings).runtime, instant(cycle))
    if json_:
        typer.echo(json.dumps(found))
    else:
        show(terminal.console(settings), found)


def control(
    name: Annotated[str, typer.Argument(metavar="SWITCH", help="greeks or paused.")],
    value: Annotated[
        str,
        typer.Argument(metavar="VALUE", help="greeks: on, off. paused: all, an index, or none."),
    ],
    *,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Throw a switch of a running system; it holds from the next cycle on.

    Example: g6 control greeks off
    """
    from g6.entrypoints.workers.app import create_app

    controls = create_app(options.settings(config, set_, data_dir=data_dir)).runtime.controls
    controls.set(name, _switch(name, value, controls.read()))
    typer.echo(json.dumps({key: held for key, held in controls.read().items() if key != "window"}))


def _switch(name: str, value: str, held: Any) -> Any:
    if name == "greeks" and value in ("on", "off"):
        return value == "on"
    if name == "paused":
        if value == "none":
            return None
        return {**(held.get("paused") or {}), ("*" if value == "all" else value.upper()): "by hand"}
    raise BadConfig(
        f"g6 control {name} {value} is no switch",
        "g6 control greeks on|off, g6 control paused all|INDEX|none",
    )
