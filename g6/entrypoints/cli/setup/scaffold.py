"""`g6 init`: a configuration to start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from g6.config import build
from g6.config.reference import example_environment, scaffold
from g6.domain.market.instrument import INDICES
from g6.entrypoints.cli.shared import options
from g6.errors import Unavailable

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, take the defaults.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]
CONFIG, ENVIRONMENT = Path("config/g6_config.json"), Path(".env.example")


def register(app: typer.Typer) -> None:
    """Add `g6 init`."""
    app.command("init")(init)


def init(
    *,
    yes: Yes = False,
    force: Force = False,
    indices: options.Indices = None,
    interval: options.Interval = None,
) -> None:
    """Write config/g6_config.json and .env.example into the working directory.

    Example: g6 init --yes
    """
    there = [str(path) for path in (CONFIG, ENVIRONMENT) if path.exists()]
    if there and not force:
        raise Unavailable(f"{' and '.join(there)} exists already", "g6 init --force replaces it")
    if not yes:
        indices = indices or typer.prompt("Indices", default=",".join(scaffold()["index_params"]))
        interval = interval or typer.prompt(
            "Seconds between two cycles", default=scaffold()["interval"], type=int
        )
    config = _answers(scaffold(), indices, interval)
    build({name: value for name, value in config.items() if name != "$schema"})
    for path, text in (
        (CONFIG, json.dumps(config, indent=2) + "\n"),
        (ENVIRONMENT, example_environment()),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        typer.echo(f"wrote {path}")
    typer.echo("next: g6 config check, then g6 run --once")


def _answers(config: dict[str, Any], indices: str | None, interval: int | None) -> dict[str, Any]:
    if interval is not None:
        config = config | {"interval": interval}
    if indices is None:
        return config
    wanted = [path.split(".")[1] for path, on in options.only(indices).items() if on]
    params = config["index_params"]
    plain = next(iter(params.values()))
    named = {
        name: params.get(name, plain) | {"enabled": name in wanted} for name in [*params, *wanted]
    }
    order = {name: at for at, name in enumerate(INDICES)}
    return config | {
        "index_params": dict(sorted(named.items(), key=lambda item: order.get(item[0], len(order))))
    }
