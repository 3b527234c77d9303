"""`g6 archive`: old days in a cold place, where they are read as if they were here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from g6.config import Settings
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.day_options import Date, day_given
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.screen import terminal
from g6.entrypoints.cli.shared.screen.progress import followed
from g6.errors import NothingToDo, UserError
from g6.rendering.parts import plain_table
from g6.rendering.wording import counted, day_words, megabytes

if TYPE_CHECKING:
    from g6.bootstrap.stored_files.cold_days import ArchivedDay

HELP = (
    "Put old days into a cold folder or S3 and read them there.\n\n"
    "Example: g6 archive put s3://bucket/g6?region=ap-south-1 --before 2026-01-01"
)
Place = Annotated[
    str,
    typer.Argument(
        metavar="PLACE", help="A folder, or an address of pyarrow.fs such as s3://bucket/prefix."
    ),
]
OneDay = Annotated[
    str | None, typer.Option("--date", metavar="DAY", help="This session day, such as 2026-11-20.")
]
Before = Annotated[
    str | None, typer.Option("--before", metavar="DAY", help="Every stored day before this one.")
]
Copy = Annotated[
    bool, typer.Option("--copy", help="Leave the files here as well; nothing is read there.")
]


def register(app: typer.Typer) -> None:
    """Add `g6 archive`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=HELP)
    group.callback()(lambda: None)
    for name, command in (
        ("put", put),
        ("back", back),
        ("ls", ls),
        ("check", check),
        ("restore", restore),
    ):
        group.command(name)(command)
    app.add_typer(group, name="archive")


@spread
def put(
    context: typer.Context,
    place: Place,
    *,
    before: Before = None,
    date_: OneDay = None,
    copy: Copy = False,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Move chains and overviews of compacted days to a cold place.

    Each day is certified first, and its certificates go along. A file is removed here once it was
    read back from there and has the SHA-256 of its certificate. After Ctrl-C the same command goes
    on where it was. Every command, g6.load and --at read the days where they lie; keys of S3 come
    from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

    Example: g6 archive put /mnt/cold/g6 --before 2026-01-01
    """
    from g6.bootstrap.stored_files import cold_days
    from g6.bootstrap.stored_files.cold_places import cold_place

    settings = configured.settings()
    cold = cold_place(place)
    cold.keep_apart(settings.directory)
    chosen = _chosen(settings, before, date_)
    options.own_directory(context, settings, "g6 archive")
    console = terminal.console(settings, stderr=json_)
    cold_days.certify(settings, chosen)
    moved: dict[date, int] = {}
    # With the first day, once its rows are there: who is killed later has no day left to call for.
    certificates: Callable[[], None] | None = partial(
        cold_days.put_certificates, settings, cold, chosen[-1]
    )
    for day in followed(chosen, "archiving", console):
        moved[day] = cold_days.archive_day(
            settings.directory, day, cold, keep=copy, before_leaving=certificates
        )
        certificates = None
    size = sum(moved.values())
    if json_:
        days = [{"day": day.isoformat(), "bytes": bytes_} for day, bytes_ in moved.items()]
        typer.echo(json.dumps({"place": cold.address, "days": days, "bytes": size}))
        return
    verb = "copied" if copy else "moved"
    words = f"{counted(len(moved), 'day')}, {megabytes(size)}, {verb} to {cold.address}"
    terminal.console(settings).print(words, soft_wrap=True, highlight=False)


@spread
def back(
    context: typer.Context,
    *,
    date_: Date = None,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Bring archived days back: all, or one.

    Each file is held against the SHA-256 that it was put there with. The place keeps its own.

    Example: g6 archive back --date 2025-11-20
    """
    from g6.bootstrap.stored_files import cold_days

    settings = configured.settings()
    archived = _archived(settings, date_)
    options.own_directory(context, settings, "g6 archive")
    console = terminal.console(settings, stderr=json_)
    size = 0
    for one in followed(archived, "bringing back", console):
        size += cold_days.bring_back(settings.directory, one.day)
    if json_:
        names = [one.day.isoformat() for one in archived]
        typer.echo(json.dumps({"days": names, "bytes": size}))
        return
    words = f"{counted(len(archived), 'day')}, {megabytes(size)}, brought back"
    terminal.console(settings).print(words, soft_wrap=True, highlight=False)


@spread
def ls(
    *,
    date_: Date = None,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """List the archived days, their sizes and where they lie.

    Example: g6 archive ls
    """
    settings = configured.settings()
    archived = _archived(settings, date_)
    if json_:
        facts = [asdict(one) | {"day": one.day.isoformat()} for one in archived]
        typer.echo(json.dumps(facts))
        return
    table = plain_table()
    table.add_column("day", no_wrap=True)
    for heading in ("files", "size"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("place", overflow="fold")
    for one in archived:
        places = ", ".join(one.places)
        table.add_row(day_words(one.day), str(one.files), megabytes(one.bytes), places)
    terminal.console(settings).print(table)


@spread
def check(
    *,
    date_: Date = None,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Hold every archived file against its SHA-256.

    The exit code is 1 when one is damaged, gone, or cannot be read.

    Example: g6 archive check
    """
    from g6.bootstrap.stored_files import cold_days

    settings = configured.settings()
    archived = _archived(settings, date_)
    damaged: dict[str, str] = {}
    count = 0
    for one in followed(archived, "reading", terminal.console(settings, stderr=json_)):
        for name, what in cold_days.damaged_files(settings.directory, one.day):
            count += 1
            if what:
                damaged[name] = what
    if json_:
        typer.echo(json.dumps({"files": count, "damaged": damaged}))
    else:
        console = terminal.console(settings)
        for name, what in damaged.items():
            console.print(f"{name}: {what}", soft_wrap=True, highlight=False)
        whole = count - len(damaged)
        console.print(f"{whole} of {counted(count, 'archived file')} are whole")
    if damaged:
        raise typer.Exit(1)


@spread
def restore(
    context: typer.Context,
    place: Place,
    *,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Bring back what g6 export --cold put into a place: all of it.

    A file that is there and is another one stays as it is, is named, and makes the exit code 1.

    Example: g6 archive restore /mnt/cold/given-up --data-dir data/restored
    """
    from g6.bootstrap.stored_files.cold_export import exported_files, restore_file
    from g6.bootstrap.stored_files.cold_places import cold_place

    settings = configured.settings()
    cold = cold_place(place)
    files = exported_files(cold)
    options.own_directory(context, settings, "g6 archive")
    console = terminal.console(settings, stderr=json_)
    counts = Counter[str]()
    others: list[str] = []
    for file in followed(files, "restoring", console):
        outcome = restore_file(cold, file, settings.directory, settings.csv_dir)
        counts[outcome] += 1
        if outcome == "other":
            others.append(file.name)
    if json_:
        facts = {"written": counts["written"], "same": counts["same"], "other": len(others)}
        typer.echo(json.dumps(facts | {"others": others}))
    else:
        _show_restored(terminal.console(settings), settings, counts, others)
    if others:
        raise typer.Exit(1)


def _show_restored(
    console: Console, settings: Settings, counts: Counter[str], others: Iterable[str]
) -> None:
    written = counted(counts["written"], "file")
    console.print(
        f"{written} written into {settings.directory}, {counts['same']} were there",
        soft_wrap=True,
        highlight=False,
    )
    for name in others:
        console.print(f"left as it is, another file: {name}", soft_wrap=True, highlight=False)


def _chosen(settings: Settings, before: str | None, only: str | None) -> list[date]:
    """Return the days to be archived.

    Raises:
        UserError: Neither of the options is there, or both.
        NothingToDo: No such day is here.
    """
    from g6.bootstrap.stored_files.cold_days import days_to_archive

    if (before is None) == (only is None):
        raise UserError("say which days: --before DAY, or --date DAY", "g6 data ls lists them")
    day = day_given(only, settings)
    limit = day_given(before, settings)
    if day is not None:
        chosen = [one for one in days_to_archive(settings.directory, date.max) if one == day]
    else:
        chosen = days_to_archive(settings.directory, limit or date.min)
    if not chosen:
        words = f"of {day}" if day is not None else f"of a day before {limit}"
        raise NothingToDo(
            f"nothing {words} is in {settings.directory}",
            "g6 archive ls lists what is archived, g6 data ls what is stored",
        )
    return chosen


def _archived(settings: Settings, only: str | None) -> list[ArchivedDay]:
    """Return the archived days, or one of them.

    Raises:
        NothingToDo: No such day is archived.
    """
    from g6.bootstrap.stored_files.cold_days import archived_days

    day = day_given(only, settings)
    archived = [one for one in archived_days(settings.directory) if day in (None, one.day)]
    if not archived:
        words = f"{day} is not" if day else "no day is"
        raise NothingToDo(
            f"{words} archived in {settings.directory}",
            "g6 archive put PLACE --before DAY archives days",
        )
    return archived
