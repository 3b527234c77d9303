"""`g6 control`: the switches of a running system."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.market.instants import MarketTime, instant_of_text
from g6.domain.reports.switches import EVERY_INDEX, REPLAY, ReplayOrder, Switches
from g6.domain.schema.json_reading import text
from g6.entrypoints.cli.shared.arguments import options
from g6.errors import BadConfig

if TYPE_CHECKING:
    from g6.pipeline import Runtime

PAUSED_BY_HAND = "by hand"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("control")(control)


def control(
    name: Annotated[str, typer.Argument(metavar="greeks|paused|replay", help="The switch.")],
    value: Annotated[
        str,
        typer.Argument(
            metavar="on|off|all|none|INDEX|WORD",
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
    controls.set(name, _switch(name, value, controls.read(), _newest(runtime)))
    # A bounded run's window and raised alerts stand among the switches; no person throws them.
    switches = replace(controls.read(), window=None, alerts={})
    typer.echo(json.dumps(switches.to_json()))


def _switch(name: str, value: str, switches: Switches, now: datetime) -> object:
    """Return what a switch is set to.

    Raises:
        BadConfig: There is no such switch, or it is never set to that.
    """
    if name == "greeks" and value in ("on", "off"):
        return value == "on"
    if name == REPLAY:
        order = (switches.replay or ReplayOrder()).then(_dated(value, now))
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


def _newest(runtime: Runtime) -> datetime:
    """Return the instant of the newest cycle that is shown, else the market's."""
    # The clock of this process is that of its own settings, which need not be a replay's.
    overview = runtime.panels.get("overview")
    return parse_z(text(overview, "updated_at")) if overview else runtime.clock.market()


def _dated(word: str, now: datetime) -> str:
    """Return an order of a replay, its instant as cycles are named.

    Raises:
        BadConfig: The instant is not later than the replay.
    """
    name, _, time = word.partition(":")
    if name != "seek":
        return word
    instant = instant_of_text(time, MarketTime.of(lambda: now))
    if instant <= now:
        raise BadConfig(
            f"a running replay goes forward, and {time} is not later than its cycle",
            f"start it again from there: g6 replay DAY --from {time}",
        )
    return f"seek:{isoformat_z(instant)}"
