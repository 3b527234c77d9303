"""`g6 retention`: old days are pruned, only when a person asks, and shown first."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from g6.bootstrap.reading.study_readers import archive_reader
from g6.entrypoints.cli.shared.arguments import options, study_command
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.rendering.wording import counted, megabytes
from g6.studies.stored.days.pruning_plan import PruningPlanParameters, answer
from g6.studies.table import by_name

HELP = (
    "Delete old days; nothing is deleted unless you ask.\n\n"
    "Example: g6 retention plan --keep-days 365"
)


def register(app: typer.Typer) -> None:
    """Add `g6 retention`."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help=HELP,
    )
    group.callback()(lambda: None)
    study_command.add(group, "retention plan")
    group.command("apply")(apply)
    app.add_typer(group, name="retention")


@spread
@spread
def apply(
    context: typer.Context,
    *,
    old: PruningPlanParameters,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Delete what g6 retention plan shows, after asking.

    What is deleted cannot be fetched again.

    Example: g6 retention apply --before 2025-01-01 --kinds csv
    """
    from g6.bootstrap.stored_files.directory_certificates import issue_certificates, prune

    settings = configured.settings()
    options.refuse_missing_rows(settings, "g6 retention apply")
    plan = answer(archive_reader(settings), old)
    files = plan.files
    console = terminal.console(settings, stderr=json_)
    if files and not yes:
        what = f"{counted(len(files), 'file')}, {megabytes(plan.bytes)}"
        question = f"delete {what}, of {files[0].day} to {files[-1].day}"
        typer.confirm(f"{question} for ever?", abort=True, err=json_)
    if files:
        options.own_directory(context, settings, "g6 retention")
    pruned = prune(settings, followed(files, "deleting", console))
    # The certificates of these days go on to say what they hold, in a new version.
    issue_certificates(settings, pruned)
    study = by_name("pruning_plan")
    study_command.write(study, replace(plan, is_done=True), settings, as_json=json_)
