"""`g6 retention`: old days are pruned, only when a person asks, and shown first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from g6.config import Settings
from g6.domain.market.calendar import day_of
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.day_options import day_given
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import UserError
from g6.rendering.wording import megabytes

if TYPE_CHECKING:
    from g6.adapters.data_dir.retention import Dated

Before = Annotated[
    str | None, typer.Option("--before", metavar="DAY", help="Delete days before this one.")
]
Keep = Annotated[
    int | None,
    typer.Option(
        "--keep-days", metavar="N", min=1, help="Delete all but the last N calendar days."
    ),
]
Kinds = Annotated[
    str,
    typer.Option(
        "--kinds",
        metavar="KIND,…",
        help="Kinds of files, of chain, overview, events and csv.",
    ),
]

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
    group.command("plan")(plan)
    group.command("apply")(apply)
    app.add_typer(group, name="retention")


def plan(
    *,
    before: Before = None,
    keep_days: Keep = None,
    kinds: Kinds = "csv",
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Show what would be deleted, and delete nothing.

    Example: g6 retention plan --keep-days 365
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    files = _old_files(settings, before, keep_days, kinds)
    _show(settings, files, as_json=json_, deleted=False)


def apply(
    context: typer.Context,
    *,
    before: Before = None,
    keep_days: Keep = None,
    kinds: Kinds = "csv",
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Delete what g6 retention plan shows, after asking.

    What is deleted cannot be fetched again.

    Example: g6 retention apply --before 2025-01-01 --kinds csv
    """
    from g6.adapters.data_dir.retention import remove

    settings = options.settings(config, set_, data_dir=data_dir)
    files = _old_files(settings, before, keep_days, kinds)
    console = terminal.console(settings, stderr=json_)
    if files and not yes:
        size = megabytes(sum(file.bytes for file in files))
        question = f"delete {len(files)} files, {size}, of {files[0].day} to {files[-1].day}"
        typer.confirm(f"{question} for ever?", abort=True, err=json_)
    if files:
        options.own_directory(context, settings, "g6 retention")
    for file in followed(files, "deleting", console):
        remove([file])
    _show(settings, files, as_json=json_, deleted=True)


def _old_files(
    settings: Settings, before: str | None, keep_days: int | None, kinds: str
) -> Sequence[Dated]:
    """Return the files that the options name, oldest first. Errors: UserError."""
    from g6.adapters.data_dir.retention import KINDS, older

    # Instruments are not among the kinds: no provider gives the listing of a day that is over.
    names = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    for name in names:
        if name not in KINDS:
            raise UserError(f"{name!r} is not pruned", f"choose of {', '.join(KINDS)}")
    # No default: what is deleted cannot be fetched again, so a person names the days.
    if (before is None) == (keep_days is None):
        raise UserError("which days?", "give --before DAY or --keep-days N")
    first_kept = day_of(datetime.now(UTC)) - timedelta(days=(keep_days or 1) - 1)
    return older(settings.directory, settings.csv_dir, day_given(before) or first_kept, names)


def _show(settings: Settings, files: Sequence[Dated], *, as_json: bool, deleted: bool) -> None:
    """Write the files by day and kind, and in total."""
    sizes: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    for file in files:
        sizes[file.day.isoformat(), file.kind] += file.bytes
        counts[file.day.isoformat(), file.kind] += 1
    if as_json:
        days = [
            {"day": day, "kind": kind, "files": counts[day, kind], "bytes": size}
            for (day, kind), size in sorted(sizes.items())
        ]
        document = {"days": days, "files": len(files), "bytes": sizes.total(), "deleted": deleted}
        typer.echo(json.dumps(document))
        return
    console = terminal.console(settings)
    for (day, kind), size in sorted(sizes.items()):
        console.print(
            f"{day}  {kind:<9} {counts[day, kind]:>6} files  {megabytes(size)}", highlight=False
        )
    outcome = "deleted" if deleted else "would be deleted"
    console.print(f"{len(files)} files, {megabytes(sizes.total())} {outcome}", highlight=False)
