"""`g6 dashboards`: writes Grafana's dashboards and holds files against the catalogue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from g6.entrypoints.cli.shared.arguments import options
from g6.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from g6.observability.catalogue.dashboard import Dashboard
    from g6.observability.generators.grafana import Drift

Directory = Annotated[
    Path, typer.Option("--dir", metavar="DIR", help="Where the dashboards are, one file each.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="One dashboard, as g6-home; may be repeated."),
]
DIRECTORY = Path("grafana/dashboards")
DRIFT_EXIT_CODE = 6


def register(app: typer.Typer) -> None:
    """Add `g6 dashboards`."""
    dashboards = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Write Grafana's dashboards, or check files against them.\n\n"
        "Example: g6 dashboards build",
    )
    dashboards.callback()(lambda: None)
    dashboards.command("build")(build)
    dashboards.command("verify")(verify)
    app.add_typer(dashboards, name="dashboards")


def build(*, directory: Directory = DIRECTORY, only: Only = None) -> None:
    """Write the dashboards as JSON files that Grafana imports.

    Example: g6 dashboards build --dir grafana/dashboards
    """
    from g6.observability.generators.grafana import as_text

    directory.mkdir(parents=True, exist_ok=True)
    for dashboard in _chosen(only):
        path = directory / f"{dashboard.uid}.json"
        path.write_text(as_text(dashboard), encoding="utf-8")
        typer.echo(f"{path}: {len(dashboard.panels)} panels")


def verify(
    *, directory: Directory = DIRECTORY, only: Only = None, as_json: options.Json = False
) -> None:
    """Compare dashboard files with the catalogue.

    It names the panels that differ. Exit 0 nothing differs, 6 something does. With --json one line
    a dashboard.

    Example: g6 dashboards verify --only g6-home
    """
    drifts = [_drift(directory, dashboard) for dashboard in _chosen(only)]
    for drift in drifts:
        typer.echo(json.dumps(drift.to_json()) if as_json else _sentence(drift))
    raise typer.Exit(DRIFT_EXIT_CODE if any(drift.is_any for drift in drifts) else 0)


def _chosen(names: Sequence[str] | None) -> Sequence[Dashboard]:
    """Return the dashboards of these names, all where none is named."""
    from g6.observability.catalogue.dashboards import DASHBOARDS

    if not names:
        return DASHBOARDS
    by_uid = {dashboard.uid: dashboard for dashboard in DASHBOARDS}
    for name in names:
        if name not in by_uid:
            raise Unavailable(f"there is no dashboard {name}", f"name one of {', '.join(by_uid)}")
    return [by_uid[name] for name in names]


def _drift(directory: Path, dashboard: Dashboard) -> Drift:
    from g6.observability.generators.grafana import drift

    path = directory / f"{dashboard.uid}.json"
    text = path.read_text(encoding="utf-8") if path.is_file() else None
    try:
        return drift(text, dashboard)
    except (TypeError, ValueError) as error:
        raise BadInput(
            path, None, f"no dashboard: {error}", f"g6 dashboards build --dir {directory}"
        ) from error


def _sentence(drift: Drift) -> str:
    """Return one line of what differs."""
    parts = [
        f"{word}: {', '.join(titles)}"
        for word, titles in (
            ("added", drift.added),
            ("removed", drift.removed),
            ("changed", drift.changed),
        )
        if titles
    ]
    return f"{drift.uid}: {'; '.join(parts) or 'as the catalogue says'}"
