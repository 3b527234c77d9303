"""`g6 check`: whether the provider answers, with prices, and how quickly."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from g6.entrypoints.cli.shared import options, terminal

ProviderName = Annotated[
    str | None,
    typer.Argument(
        metavar="[PROVIDER]", help="sim, replay, kite …; without it, the configured one."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    provider: ProviderName = None,
    *,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    recording: options.Recording = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Ask the provider for the price of each index, and say why where it does not answer.

    The exit code is 1, with cause and fix, when it cannot be collected from.

    Example: g6 check kite
    """
    from g6.bootstrap.provider_questions import ask_provider

    # The word itself means the configured one: g6 check provider.
    name = None if provider == "provider" else provider
    settings = options.settings(config, set_, data_dir=data_dir, provider=name, recording=recording)
    answers = ask_provider(settings)
    if json_:
        checks = [asdict(answer) for answer in answers.answers]
        typer.echo(json.dumps({"ok": answers.ok, "checks": checks}))
    else:
        console = terminal.console(settings)
        for answer in answers.answers:
            mark = "✓" if answer.ok else "✗"
            fix = f"\n  fix: {answer.fix}" if answer.fix else ""
            console.print(f"{mark} {answer.what}: {answer.seen}{fix}", soft_wrap=True)
    raise typer.Exit(0 if answers.ok else 1)
