"""`g6 init`: a configuration to start from."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from g6.config import build
from g6.config.settings_reference import example_environment, json_schema, scaffold
from g6.domain.market.instrument import INDICES
from g6.domain.schema.json_reading import part
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.shell.invocation import as_typed
from g6.errors import Unavailable

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing and take the defaults.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
CONFIG = Path("config/g6_config.json")
SCHEMA = CONFIG.with_name("schema_v2.json")
ENVIRONMENT = Path(".env.example")


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
    """Write a first configuration file and .env.example.

    They go into the working directory, the configuration as config/g6_config.json.

    Example: g6 init --yes
    """
    existing = [str(path) for path in (CONFIG, ENVIRONMENT) if path.exists()]
    if existing and not force:
        raise Unavailable(f"{' and '.join(existing)} exists already", "g6 init --force replaces it")
    if not yes:
        indices = indices or _asked("Indices", ",".join(part(scaffold(), "index_params")))
        usual = scaffold()["interval"]
        interval = interval or int(_asked("Seconds between two cycles", str(usual), int))
    config = _with_answers(scaffold(), indices, interval)
    build({name: value for name, value in config.items() if name != "$schema"})
    _write(CONFIG, json.dumps(config, indent=2) + "\n")
    # The configuration names it, for editors: it stands beside it from a wheel too.
    _write(SCHEMA, json.dumps(json_schema(), indent=2) + "\n")
    _write(ENVIRONMENT, example_environment())
    program = as_typed("g6")
    typer.echo(f"next: {program} config check, then {program} run --once")


def _asked(question: str, usual: str, kind: type = str) -> str:
    """Return a person's answer, the usual one where nobody can answer."""
    try:
        return str(typer.prompt(question, default=usual, type=kind))
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        # From a script without an answer it ended with a question and nothing written.
        typer.echo()
        return usual


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {path}")


def _with_answers(
    config: dict[str, object], indices: str | None, interval: int | None
) -> dict[str, object]:
    """Return the configuration with the indices and the interval that a person wants."""
    if interval is not None:
        config = config | {"interval": interval}
    if indices is None:
        return config
    switches = options.enabled_indices(indices)
    enabled = [path.split(".")[1] for path, is_enabled in switches.items() if is_enabled]
    params = part(config, "index_params")
    default = next(iter(params))
    by_index: dict[str, object] = {}
    for name in (*params, *enabled):
        own = part(params, name if name in params else default)
        by_index[name] = {**own, "enabled": name in enabled}
    listed = [name for name in INDICES if name in by_index]
    others = [name for name in by_index if name not in INDICES]
    return config | {"index_params": {name: by_index[name] for name in (*listed, *others)}}
