"""`g6 control`: the switches of a running system."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer

from g6.domain.reports.switches import EVERY_INDEX, Switches
from g6.entrypoints.cli.shared.arguments import options
from g6.errors import BadConfig

PAUSED_BY_HAND = "by hand"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("control")(control)


def control(
    name: Annotated[str, typer.Argument(metavar="greeks|paused", help="The switch.")],
    value: Annotated[
        str,
        typer.Argument(
            metavar="on|off|all|none|INDEX",
            help="greeks takes on or off; paused takes all, an index, or none.",
        ),
    ],
    *,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Pause indices or switch Greeks, from the next cycle on.

    Example: g6 control greeks off
    """
    from g6.entrypoints.workers.app import create_app

    controls = create_app(options.settings(config, set_, data_dir=data_dir)).runtime.controls
    controls.set(name, _switch(name, value, controls.read()))
    # A bounded run's window and raised alerts stand among the switches; no person throws them.
    switches = replace(controls.read(), window=None, alerts={})
    typer.echo(json.dumps(switches.to_json()))


def _switch(name: str, value: str, switches: Switches) -> object:
    """Return what a switch is set to.

    Raises:
        BadConfig: There is no such switch, or it is never set to that.
    """
    if name == "greeks" and value in ("on", "off"):
        return value == "on"
    if name == "paused" and value == "none":
        return None
    if name == "paused":
        index = EVERY_INDEX if value == "all" else value.upper()
        return {**switches.paused, index: PAUSED_BY_HAND}
    raise BadConfig(
        f"g6 control {name} {value} is no switch",
        "g6 control greeks on|off, g6 control paused all|INDEX|none",
    )
