"""`g6 maintenance`: all that keeps a data directory tidy, in one command that may be repeated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import typer
from rich.console import Console

from g6.config import Settings
from g6.domain.schema.layout import Folder
from g6.entrypoints.cli.past.sizes_and_folding import certify_days, fold_days
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.log.rotation import Rotation, log_files, prune_logs, rotate_by_copy


@dataclass(frozen=True, slots=True)
class MaintenanceStep:
    """What one step did.

    Attributes:
        name: The step.
        count: How many files or days it worked on. A second call does nothing.
        what: What they are.
        refused: Why it could not do the rest.
    """

    name: str
    count: int
    what: str
    refused: tuple[str, ...] = ()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("maintenance")(maintenance)


@spread
def maintenance(
    context: typer.Context,
    *,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Tidy the data directory.

    Leftovers are cleared, days that are over are folded and certified, logs begin anew. A running
    g6 up does all this by itself, so this is for a directory that is written from cron or by
    imports. Nothing that is stored is deleted. A second call has nothing to do, and what is stopped
    half way goes on where it was when it is called again.

    Example: g6 maintenance
    """
    settings = configured.settings()
    options.own_rows(context, settings, "g6 maintenance")
    console = terminal.console(settings, stderr=json_)
    steps: list[MaintenanceStep] = []
    for step in STEPS:
        steps += step(settings, console)
    if json_:
        facts = [
            {"step": one.name, "done": one.count, "refused": list(one.refused)} for one in steps
        ]
        typer.echo(json.dumps(facts))
    else:
        _show(terminal.console(settings), settings, steps)
    if any(one.refused for one in steps):
        raise typer.Exit(1)


def _leftovers(settings: Settings, _: Console) -> list[MaintenanceStep]:
    from g6.bootstrap.stored_files.certified_days import stored_days

    removed = stored_days(settings).clear_abandoned()
    return [MaintenanceStep("leftovers", removed, "temporary files of killed writers removed")]


def _days(settings: Settings, console: Console) -> list[MaintenanceStep]:
    from g6.bootstrap.stored_files.directory_certificates import certificate_count

    before = certificate_count(settings)
    folded = fold_days(settings, None, console)
    damaged = tuple(f"{day.name} {day.day}: {day.error}" for day in folded if day.report is None)
    refused = tuple(map(str, certify_days(settings, None, console)))
    issued = certificate_count(settings) - before
    return [
        MaintenanceStep(
            "compaction", len(folded) - len(damaged), "days of indices folded", damaged
        ),
        MaintenanceStep("certificates", issued, "certificates issued", refused),
    ]


def _logs(settings: Settings, _: Console) -> list[MaintenanceStep]:
    folder = settings.directory / Folder.LOGS
    rotation = Rotation(settings.log.rotate_bytes, settings.log.keep_files)
    now = time.time()
    newest = [file.path for file in log_files(folder) if file.day is None]
    begun = sum(rotate_by_copy(path, rotation, now) for path in newest)
    removed = prune_logs(folder, rotation.keep_files)
    return [MaintenanceStep("logs", begun + removed, "log files begun anew or removed")]


STEPS: tuple[Callable[[Settings, Console], list[MaintenanceStep]], ...] = (
    _leftovers,
    _days,
    _logs,
)
"""What is done, in this order."""


def _show(console: Console, settings: Settings, steps: list[MaintenanceStep]) -> None:
    for step in steps:
        console.print(f"{step.name:<13}{step.count} {step.what}", soft_wrap=True)
        for sentence in step.refused:
            console.print(f"  not done: {sentence}", soft_wrap=True, highlight=False)
    if not any(step.count or step.refused for step in steps):
        console.print(f"everything is tidy in {settings.directory}", soft_wrap=True)
