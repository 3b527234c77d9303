"""`g6 panels`: holds panel files against the hashes in their manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from g6.domain.schema.layout import MANIFEST
from g6.entrypoints.cli.shared import options
from g6.errors import Unavailable

PanelsDir = Annotated[
    Path | None,
    typer.Option(
        "--panels-dir", metavar="DIR", help="Where the panels are; else below the data directory."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 when there are issues.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Write nothing.")]


def register(app: typer.Typer) -> None:
    """Add `g6 panels`."""
    panels = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check panel files.")
    panels.callback()(lambda: None)
    panels.command("verify")(verify)
    app.add_typer(panels, name="panels")


def verify(
    *,
    panels_dir: PanelsDir = None,
    strict: Strict = False,
    as_json: options.Json = False,
    quiet: Quiet = False,
    config: options.Config = None,
    data_dir: options.DataDir = None,
) -> None:
    """Compare panel files with the hashes in their manifest.

    Exit 0 clean (or not strict), 1 issues, 2 could not run.

    Example: g6 panels verify --strict
    """
    from g6.adapters.panel_files import verify_manifest_hashes

    directory = panels_dir or options.settings(config, data_dir=data_dir).panels_dir
    if not (directory / MANIFEST).is_file():
        raise Unavailable(
            f"{directory} has no manifest.json",
            "name the directory with --panels-dir, or run a cycle first",
        )
    issues = dict(verify_manifest_hashes(directory))
    if as_json and not quiet:
        typer.echo(json.dumps({"issues": issues, "count": len(issues)}, sort_keys=True))
    elif not quiet:
        for file, code in issues.items():
            typer.echo(f"{file}: {code}")
        whole = f"{directory}: every panel is what the manifest says"
        typer.echo(f"{len(issues)} issues in {directory}" if issues else whole)
    raise typer.Exit(1 if issues and strict else 0)
