"""`g6 import-config`: a configuration of an older system becomes one of this."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from g6.bootstrap.importing.older_config import LEFT_OUT, OlderConfig, convert
from g6.domain.documents.json_plain import json_plain
from g6.entrypoints.cli.shared.arguments import options
from g6.errors import BadConfig, BadInput
from g6.files import replace

Older = Annotated[Path, typer.Argument(metavar="OLD", help="The JSON file of the older system.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the configuration here.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import-config")(import_config)


def import_config(older: Older, *, out: Out = None, json_: options.Json = False) -> None:
    """Convert the JSON configuration of an older system, with notes.

    The configuration is printed, or written with --out, which replaces no file. Secrets are not
    copied. Exit code 1 when a setting was left out.

    Example: g6 import-config old_config.json --out config/g6_config.json
    """
    converted = _converted(older)
    if out is not None:
        if out.exists():
            raise BadConfig(f"{out} exists already", f"g6 import-config {older} --out another.json")
        replace(out, converted.text.encode())
    if json_:
        notes = json_plain(converted.notes)
        typer.echo(json.dumps({"config": json.loads(converted.text), "notes": notes}, indent=1))
    else:
        if out is None:
            typer.echo(converted.text, nl=False)
        for note in converted.notes:
            typer.echo(f"{note.path}: {note.verdict}: {note.sentence}", err=out is None)
        if out is not None:
            typer.echo(f"written: {out}; g6 config check --config {out} checks it")
    if any(note.verdict == LEFT_OUT and note.path != "$schema" for note in converted.notes):
        raise typer.Exit(1)


def _converted(path: Path) -> OlderConfig:
    try:
        return convert(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path, None, f"cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise BadInput(path, error.lineno, f"is no JSON: {error.msg}") from error
    except ValueError as error:
        raise BadInput(path, None, str(error)) from error
