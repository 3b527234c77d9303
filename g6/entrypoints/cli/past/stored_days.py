"""`g6 data`: what is stored, how large it is, whether it is whole, and folding it into fewer files."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from g6.config import Settings, calendar
from g6.entrypoints.cli.shared import options, terminal
from g6.entrypoints.cli.shared.days import Date, day_given
from g6.entrypoints.cli.shared.progress import followed
from g6.errors import G6Error, NothingToDo


def ls(
    *,
    date_: Date = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """List the stored days by index: in how many files, how far folded, how large.

    Example: g6 data ls --date 2026-11-18
    """
    from g6.adapters.parquet.holdings import holdings

    settings = options.settings(config, set_, data_dir=data_dir)
    day = day_given(date_)
    found = [each for each in holdings(settings.directory) if day in (None, each.day)]
    if not found:
        raise NothingToDo(f"nothing is stored in {settings.directory}{f' of {day}' if day else ''}")
    if json_:
        typer.echo(
            json.dumps(
                [
                    {**asdict(each), "day": each.day.isoformat(), "state": each.state}
                    for each in found
                ]
            )
        )
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for heading in ("day", "what", "files"):
        table.add_column(heading, no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for each in sorted(found, key=lambda each: (each.day, each.kind, each.name)):
        table.add_row(each.day.isoformat(), each.name, each.state, megabytes(each.bytes))
    terminal.console(settings).print(table)


def size(
    *,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="What a day of this configuration will take instead.")
    ] = False,
    interval: options.Interval = None,
    indices: options.Indices = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Measure what is stored by kind, or estimate what a whole day will take.

    Example: g6 data size --estimate --interval 30
    """
    from g6.adapters.parquet.sizes import sizes

    settings = options.settings(config, set_, data_dir=data_dir, interval=interval, indices=indices)
    if estimate:
        _tell_estimate(settings, json_)
        return
    found = sizes(settings.directory)
    total = tuple(map(sum, zip(*found.values(), strict=True)))
    if json_:
        typer.echo(
            json.dumps(
                {
                    kind: {"files": files, "bytes": size}
                    for kind, (files, size) in {**found, "total": total}.items()
                }
            )
        )
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for heading in ("what", "files", "size"):
        table.add_column(heading, justify="left" if heading == "what" else "right", no_wrap=True)
    for kind, (files, size) in {**found, "total": total}.items():
        table.add_row(kind, str(files), megabytes(size))
    terminal.console(settings).print(table)


def _tell_estimate(settings: Settings, json_: bool) -> None:
    from g6.entrypoints.cli.shared import sizing

    found = sizing.estimated(settings)
    if found is None:
        raise NothingToDo("a recording is as long as it is: there is no day of it to estimate")
    if json_:
        by_index = {name: asdict(each) for name, each in found.indices.items()}
        told = {
            "day": found.day.isoformat(),
            "cycles": found.cycles,
            "indices": by_index,
            "overview": asdict(found.overviews),
        }
        typer.echo(
            json.dumps({**told, "total": asdict(found.total), "unknown": list(found.unknown)})
        )
        return
    terminal.console(settings).print(
        sizing.sentence(settings, found), soft_wrap=True, highlight=False
    )


def compact(
    context: typer.Context,
    *,
    date_: Date = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Fold every day that is over into one file per index, or the day that is named; readers may read meanwhile.

    What is stopped half way goes on where it was when it is called again.

    Example: g6 data compact --date 2026-11-18
    """
    from g6.adapters.parquet import ParquetHistory

    settings = options.settings(config, set_, data_dir=data_dir)
    if settings.directory.exists():
        options.owns(context, settings, "g6 data compact")
    console = terminal.console(settings, stderr=json_)
    history, day = ParquetHistory(settings.directory), day_given(date_)
    wanted = [
        loose for loose in history.loose_days() if (loose.day == day if day else _over(loose.day))
    ]
    done: list[dict[str, Any]] = []
    for loose in followed(wanted, "compacting", console):
        try:
            folded = asdict(history.compact(loose.name, loose.day))
        except G6Error as error:
            folded = {"error": str(error)}
        done.append(
            {
                "name": loose.name,
                "day": loose.day.isoformat(),
                "files_before": loose.files,
                **folded,
            }
        )
    _tell_compacted(settings, done, json_)
    if any("error" in each for each in done):
        raise typer.Exit(1)


def _tell_compacted(settings: Settings, done: list[dict[str, Any]], json_: bool) -> None:
    if json_:
        typer.echo(json.dumps(done))
        return
    console = terminal.console(settings)
    for each in done:
        told = (
            each.get("error")
            or f"{each['files_before']} files into 1, {each['rows']} rows, {megabytes(each['bytes'])}"
        )
        left = (
            f"; {each['damaged']} damaged left alone, see g6 data check"
            if each.get("damaged")
            else ""
        )
        console.print(f"{each['day']}  {each['name']:<10}  {told}{left}", soft_wrap=True)
        for path in each.get("left", ()):
            console.print(f"  left alone: {path}", soft_wrap=True, highlight=False)
    if not done:
        console.print(
            f"every day that is over is compacted in {settings.directory}", soft_wrap=True
        )


def _over(day: date) -> bool:
    """Tell whether a day is over by the wall clock; simulated days may lie anywhere, and those ahead are left alone."""
    now = datetime.now(UTC)
    return now > max(calendar().close_of(exchange, day) for exchange in ("NSE", "BSE"))


def megabytes(size: float) -> str:
    """Write bytes as a person reads them."""
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
