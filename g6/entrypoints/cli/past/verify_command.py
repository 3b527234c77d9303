"""`g6 verify`: stored cycles against a second implementation."""

from __future__ import annotations

import typer
from rich.progress import track

from g6.bootstrap.study_readers import unit_reader
from g6.entrypoints.cli.shared import options, terminal
from g6.entrypoints.cli.shared.option_groups import spread
from g6.studies.checks import verification
from g6.studies.checks.verification import VerificationParameters


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


@spread
def verify(
    *,
    parameters: VerificationParameters,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Compute stored figures again by a second implementation and show the largest differences.

    The exit code is 1 when one is above the tolerance.

    Example: g6 verify --cycles 20
    """
    from g6.rendering import parts, plain

    settings = options.settings(config, set_, data_dir=data_dir)
    console = terminal.console(settings, stderr=json_)
    document = verification.answer(
        unit_reader(settings),
        parameters,
        lambda units: track(units, "verifying", console=console, transient=True),
    )
    if json_:
        typer.echo(plain.as_json(parts.json_value_of("verify", document)))
    else:
        parts.print_parts(console, parts.parts_of("verify", document))
    raise typer.Exit(1 if document.above else 0)
