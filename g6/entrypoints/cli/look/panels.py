"""`g6 panels`: holds panel files against their manifest, times them, and reads older ones."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from g6.entrypoints.cli.look import panel_difference
from g6.entrypoints.cli.shared.arguments import options, study_command

if TYPE_CHECKING:
    from g6.config import Settings

PanelsDir = Annotated[
    Path | None,
    typer.Option(
        "--panels-dir", metavar="DIR", help="Where the panels are; else below the data directory."
    ),
]
Reads = Annotated[
    int, typer.Option("--reads", metavar="N", min=2, help="How often all panels are read.")
]
Most = Annotated[
    float,
    typer.Option("--most-ms", metavar="MS", min=0.0, help="Exit with 1 above this p95; 0: never."),
]
From = Annotated[Path, typer.Argument(metavar="DIR", help="The directory of the plain files.")]
To = Annotated[
    Path | None, typer.Option("--to", metavar="DIR", help="Where panels go; else DIR/converted.")
]


def register(app: typer.Typer) -> None:
    """Add `g6 panels`."""
    panels = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Check, time, convert and difference panel files.\n\nExample: g6 panels verify",
    )
    panels.callback()(lambda: None)
    study_command.add(panels, "panels verify")
    panels.command("bench")(bench)
    panels.command("convert")(convert)
    panels.command("delta")(panel_difference.delta)
    panels.command("apply")(panel_difference.apply)
    app.add_typer(panels, name="panels")


def bench(
    *,
    panels_dir: PanelsDir = None,
    reads: Reads = 200,
    most_ms: Most = 5.0,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
) -> None:
    """Time the reading of each panel file.

    The exit code is 1 where one read in twenty takes longer than --most-ms.

    Example: g6 panels bench --reads 500 --json
    """
    import numpy as np

    from g6.bootstrap.stored_files.panel_directory import panel_directory
    from g6.entrypoints.cli.shared.screen import terminal
    from g6.errors import Unavailable

    settings = _settings(config, data_dir)
    directory = panels_dir or settings.panels_dir
    files = panel_directory(directory)
    names = files.names()
    if not names:
        raise Unavailable(
            f"{directory} has no panel",
            "name the directory with --panels-dir, or run a cycle first",
        )
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(reads):
        for name in names:
            began = time.perf_counter()
            files.get(name)
            seconds[name].append(time.perf_counter() - began)
    panels = {name: _times(np.array(times)) for name, times in seconds.items()}
    aggregate = _times(np.concatenate([np.array(times) for times in seconds.values()]))
    if json_:
        document = {"directory": str(directory), "aggregate": aggregate, "panels": panels}
        typer.echo(json.dumps(document))
    else:
        console = terminal.console(settings)
        for name, times in [*panels.items(), ("all", aggregate)]:
            console.print(
                f"{name:<24} p50 {1e3 * times['p50_s']:.2f} ms  p95 {1e3 * times['p95_s']:.2f} ms",
                soft_wrap=True,
            )
    if most_ms and 1e3 * aggregate["p95_s"] > most_ms:
        raise typer.Exit(1)


def convert(
    directory: From,
    *,
    to: To = None,
    json_: options.Json = False,
) -> None:
    """Put the plain panel files of an older system into envelopes.

    The plain files stay as they are. Each panel is of the instant that its data name, or of the
    time of its file. The exit code is 1 when a file is no panel.

    Example: g6 panels convert old/panels --to data/panels
    """
    from g6.bootstrap.stored_files.panel_directory import panel_directory, panels_to_convert
    from g6.entrypoints.cli.shared.screen import terminal

    plain = panels_to_convert(directory)
    target = to or directory / "converted"
    written = panel_directory(target).put(plain.documents) if plain.documents else ()
    older = sorted(set(plain.documents) - set(written))
    if json_:
        document = {
            "directory": str(target),
            "converted": sorted(written),
            "older": older,
            "enveloped": plain.enveloped,
            "refused": plain.refusals,
        }
        typer.echo(json.dumps(document))
    else:
        console = terminal.console(None)
        for name in older:
            console.print(f"{name}: a newer one stands in {target}; left out", soft_wrap=True)
        for file in plain.enveloped:
            console.print(f"{file}: has an envelope already; left as it is", soft_wrap=True)
        for file, reason in plain.refusals.items():
            console.print(f"{file}: {reason}", soft_wrap=True, markup=False)
        console.print(f"{len(written)} panels written to {target}", soft_wrap=True)
    if plain.refusals:
        raise typer.Exit(1)


def _settings(config: Path | None, data_dir: Path | None) -> Settings:
    from g6.bootstrap.reading.reading_place import reading_settings

    return reading_settings(options.settings(config, data_dir=data_dir))


def _times(seconds: object) -> dict[str, float]:
    import numpy as np

    p50, p95 = np.percentile(np.asarray(seconds, dtype=np.float64), [50, 95])
    return {"p50_s": float(p50), "p95_s": float(p95)}
