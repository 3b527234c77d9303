"""`g6 control`: the switches of a running system."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.instants import MarketTime, instant_of_text
from g6.domain.reports.switches import EVERY_INDEX, REPLAY, ReplayOrder, Switches
from g6.entrypoints.cli.shared.arguments import options
from g6.errors import BadConfig
from g6.ports import Clock

PAUSED_BY_HAND = "by hand"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("control")(control)


def control(
    name: Annotated[str, typer.Argument(metavar="greeks|paused|replay", help="The switch.")],
    value: Annotated[
        str,
        typer.Argument(
            metavar="WORD",
            help="greeks: on, off; paused: all, INDEX, none; "
            "replay: pause, resume, step, step:N, seek:INSTANT, 60x, max.",
        ),
    ],
    *,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Pause indices, switch Greeks, or steer a running replay.

    It acts from the next cycle on.

    Example: g6 control greeks off
    """
    from g6.entrypoints.workers.app import create_app

    runtime = create_app(options.settings(config, set_, data_dir=data_dir)).runtime
    controls = runtime.controls
    controls.set(name, _switch(name, value, controls.read(), runtime.clock))
    # A bounded run's window and raised alerts stand among the switches; no person throws them.
    switches = replace(controls.read(), window=None, alerts={})
    typer.echo(json.dumps(switches.to_json()))


def _switch(name: str, value: str, switches: Switches, clock: Clock) -> object:
    """Return what a switch is set to.

    Raises:
        BadConfig: There is no such switch, or it is never set to that.
    """
    if name == "greeks" and value in ("on", "off"):
        return value == "on"
    if name == REPLAY:
        order = (switches.replay or ReplayOrder()).then(_dated(value, clock))
        return order.to_json()
    if name == "paused" and value == "none":
        return None
    if name == "paused":
        index = EVERY_INDEX if value == "all" else value.upper()
        return {**switches.paused, index: PAUSED_BY_HAND}
    raise BadConfig(
        f"g6 control {name} {value} is no switch",
        "g6 control greeks on|off, g6 control paused all|INDEX|none, g6 control replay pause|step",
    )


def _dated(word: str, clock: Clock) -> str:
    """Return an order of a replay, its instant as cycles are named.

    Raises:
        BadConfig: The instant is not later than the replay.
    """
    name, _, text = word.partition(":")
    if name != "seek":
        return word
    at = MarketTime.of(clock.market)
    instant = instant_of_text(text, at)
    if instant <= clock.market():
        raise BadConfig(
            f"a running replay goes forward, and {text} is not later than its cycle",
            f"start it again from there: g6 replay DAY --from {text}",
        )
    return f"seek:{isoformat_z(instant)}"
