"""`g6 retention`: pruning old days, only when asked, and shown first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from g6.config import Settings
from g6.domain.market.calendar import day_of
from g6.entrypoints.cli.past.stored_days import megabytes
from g6.entrypoints.cli.shared import options, terminal
from g6.entrypoints.cli.shared.days import day_given
from g6.entrypoints.cli.shared.progress import followed
from g6.errors import UserError

Before = Annotated[
    str | None, typer.Option("--before", metavar="DAY", help="Days earlier than this one.")
]
Keep = Annotated[
    int | None,
    typer.Option(
        "--keep-days", metavar="N", min=1, help="All but the last N days of the calendar."
    ),
]
Kinds = Annotated[
    str,
    typer.Option(
        "--kinds",
        metavar="A,B",
        help="Of chain, overview, events, csv; instruments are never pruned.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add `g6 retention` and `g6 retention-scan`."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Prune old days; everything is kept unless you do.",
    )
    group.callback()(lambda: None)
    group.command("plan")(plan)
    group.command("apply")(apply)
    app.add_typer(group, name="retention")
    app.command("retention-scan")(scan)


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
    """Show what pruning would take away, by day and kind; nothing is deleted.

    Example: g6 retention plan --keep-days 365
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    _show(settings, _chosen(settings, before, keep_days, kinds), json_, "would be deleted")


def apply(
    context: typer.Context,
    *,
    before: Before = None,
    keep_days: Keep = None,
    kinds: Kinds = "csv",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Delete what `g6 retention plan` shows with the same options, after asking. What is deleted cannot be fetched again.

    Example: g6 retention apply --before 2025-01-01 --kinds csv
    """
    from g6.adapters.data_dir.retention import remove

    settings = options.settings(config, set_, data_dir=data_dir)
    files = _chosen(settings, before, keep_days, kinds)
    console = terminal.console(settings, stderr=json_)
    if files and not yes:
        size = megabytes(sum(each.bytes for each in files))
        typer.confirm(
            f"delete {len(files)} files, {size}, of {files[0].day} to {files[-1].day} for ever?",
            abort=True,
            err=json_,
        )
    if files:
        options.owns(context, settings, "g6 retention")
    for each in followed(files, "deleting", console):
        remove([each])
    _show(settings, files, json_, "deleted")


def scan(
    *,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Count the CSV files: how many, how large, from when to when, by index.

    Example: g6 retention-scan --json
    """
    from g6.adapters.data_dir.retention import scan as scanned

    settings = options.settings(config, set_, data_dir=data_dir)
    found = scanned(settings.csv_dir)
    if json_:
        typer.echo(json.dumps(found))
        return
    console = terminal.console(settings)
    for name, value in found.items():
        told = (
            ", ".join(f"{index} {count}" for index, count in value.items())
            if isinstance(value, dict)
            else value
        )
        console.print(f"{name:<18} {told}", soft_wrap=True)


def _chosen(
    settings: Settings, before: str | None, keep_days: int | None, kinds: str
) -> Sequence[Any]:
    from g6.adapters.data_dir.retention import KINDS, older

    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    if strange := [kind for kind in wanted if kind not in KINDS]:
        raise UserError(f"{strange[0]!r} is not pruned", f"choose of {', '.join(KINDS)}")
    if (before is None) == (keep_days is None):
        raise UserError("which days?", "give --before DAY or --keep-days N")
    limit = day_given(before) or day_of(datetime.now(UTC)) - timedelta(days=(keep_days or 1) - 1)
    return older(settings.directory, settings.csv_dir, limit, wanted)


def _show(settings: Settings, files: Sequence[Any], json_: bool, done: str) -> None:
    sizes: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    for each in files:
        sizes[each.day.isoformat(), each.kind] += each.bytes
        counts[each.day.isoformat(), each.kind] += 1
    if json_:
        days = [
            {"day": day, "kind": kind, "files": counts[day, kind], "bytes": size}
            for (day, kind), size in sorted(sizes.items())
        ]
        typer.echo(
            json.dumps(
                {
                    "days": days,
                    "files": len(files),
                    "bytes": sum(sizes.values()),
                    "deleted": done == "deleted",
                }
            )
        )
        return
    console = terminal.console(settings)
    for (day, kind), size in sorted(sizes.items()):
        console.print(
            f"{day}  {kind:<9} {counts[day, kind]:>6} files  {megabytes(size)}", highlight=False
        )
    console.print(f"{len(files)} files, {megabytes(sum(sizes.values()))} {done}", highlight=False)
