"""`g6 ticker`: the tick stream into the quote cache, as g6 up starts it."""

from __future__ import annotations

import os
import sys

import typer

from g6.config import environment
from g6.entrypoints.cli.shared.arguments import options
from g6.errors import BadConfig
from g6.ports.sources import Ability


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ticker")(ticker)


def ticker(
    *,
    log_format: options.LogFormat = None,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Stream ticks into the quote cache until Ctrl-C.

    g6 up does so by itself. Another host may do it alone. The exit code is 1 when the stream ended
    by itself: start it anew, as systemd and g6 up do.

    Example: g6 ticker --set provider.name=kite
    """
    settings = options.settings(config, set_, data_dir=data_dir, log_format=log_format)
    if not settings.source.can(Ability.STREAM):
        raise BadConfig(
            f"provider {settings.provider.name} has no stream", "g6 ticker --set provider.name=kite"
        )
    # The stream's own process does without the commands' libraries, which take more memory than
    # all ticks do.
    own = os.environ | environment(settings)
    command = [sys.executable, "-m", "g6.entrypoints.machine.tick_stream"]
    os.execve(sys.executable, command, own)  # noqa: S606 - no shell is wanted
