"""`g6 panels`: holds panel files against the hashes in their manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from g6.domain.schema.layout import MANIFEST, panel_file
from g6.entrypoints.cli.shared import options
from g6.errors import Unavailable, UserError

HELP = "Check panel files against their manifest.\n\nExample: g6 panels verify --strict"

Panels = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PANEL]…", help="Only these panels, such as index_NIFTY; else all."),
]
PanelsDir = Annotated[
    Path | None,
    typer.Option(
        "--panels-dir", metavar="DIR", help="Where the panels are; else below the data directory."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when there are issues.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing.")]


def register(app: typer.Typer) -> None:
    """Add `g6 panels`."""
    panels = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Check panel files against their manifest.\n\nExample: g6 panels verify",
    )
    panels.callback()(lambda: None)
    panels.command("verify")(verify)
    app.add_typer(panels, name="panels")


def verify(
    panel: Panels = None,
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

    Example: g6 panels verify index_NIFTY --strict
    """
    from g6.adapters.panel_files import verify_manifest_hashes

    directory = panels_dir or options.settings(config, data_dir=data_dir).panels_dir
    if not (directory / MANIFEST).is_file():
        raise Unavailable(
            f"{directory} has no manifest.json",
            "name the directory with --panels-dir, or run a cycle first",
        )
    issues = _chosen(verify_manifest_hashes(directory), panel or (), directory)
    if as_json and not quiet:
        typer.echo(json.dumps({"issues": issues, "count": len(issues)}, sort_keys=True))
    elif not quiet:
        for file, code in issues.items():
            typer.echo(f"{file}: {code}")
        whole = f"{directory}: every panel is what the manifest says"
        typer.echo(f"{len(issues)} issues in {directory}" if issues else whole)
    raise typer.Exit(1 if issues and strict else 0)


def _chosen(issues: Mapping[str, str], panels: Sequence[str], directory: Path) -> Mapping[str, str]:
    """Return the issues of these panels and of the manifest, all where none is named.

    Raises:
        UserError: The directory has no such panel.
    """
    if not panels:
        return issues
    names = {panel_file(panel.removesuffix(".json")) for panel in panels}
    unknown = [
        name for name in sorted(names) if name not in issues and not (directory / name).exists()
    ]
    if unknown:
        raise UserError(
            f"{directory} has no panel {unknown[0].removesuffix('.json')}",
            f"ls {directory} lists the panels",
        )
    return {name: issue for name, issue in issues.items() if name in {*names, MANIFEST}}
