"""`g6 data coverage`, `gaps` and `repair`: where the stored past has holes, and filling them from minute candles."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from g6.config import Settings, calendar
from g6.domain import gaps as gaps_of
from g6.domain.calendar import Calendar
from g6.domain.cycle import Unit, isoformat_z
from g6.domain.gaps import Gap, Row
from g6.domain.instrument import INDICES
from g6.entrypoints.cli import options, terminal
from g6.entrypoints.cli.history import From, To, day_given
from g6.entrypoints.cli.progress import followed
from g6.errors import NothingToDo, UserError

OnlyIndex = Annotated[str | None, typer.Option("--index", metavar="INDEX", help="Only this index.")]


@dataclass(frozen=True, slots=True)
class Covered:
    """One index on one day: the instants that should have a row, and the rows there are."""

    index: str
    day: date
    grid: tuple[datetime, ...]
    rows: Mapping[datetime, Row]


def register(group: typer.Typer) -> None:
    """Add the commands to `g6 data`."""
    for name, command in (("coverage", coverage), ("gaps", gaps), ("repair", repair)):
        group.command(name)(command)


def coverage(
    *,
    index: OnlyIndex = None,
    from_: From = None,
    to: To = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Count the cycles of each index and day that were due, and how they ended.

    Example: g6 data coverage --from 2026-11-18
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    found = [
        {"index": each.index, "day": each.day.isoformat(), **gaps_of.counted(each.grid, each.rows)}
        for each in covered(settings, index, from_, to)
    ]
    if json_:
        typer.echo(json.dumps(found))
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in found[0]:
        table.add_column(name, justify="left" if name in {"index", "day"} else "right", no_wrap=True)
    for each in found:
        table.add_row(*map(str, each.values()))
    terminal.console(settings).print(table)


def gaps(
    *,
    index: OnlyIndex = None,
    from_: From = None,
    to: To = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """List the gaps: successive cycles of an index that are not OK, from when to when and why.

    Example: g6 data gaps --index NIFTY --from 2026-11-18
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    found = [gap for each in covered(settings, index, from_, to) for gap in gaps_of.find(each.index, each.grid, each.rows)]
    if json_:
        typer.echo(json.dumps([_plain(gap) for gap in found]))
        return
    console = terminal.console(settings)
    for gap in found:
        console.print(_sentence(gap), soft_wrap=True)
    count = sum(gap.cycles for gap in found)
    console.print(f"{len(found)} gaps, {count} cycles" if found else "no gap")


def repair(
    *,
    index: OnlyIndex = None,
    from_: From = None,
    to: To = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Fill gaps from the provider's minute candles: prices, volume and open interest; analysis is computed from them.

    Rows are marked (source backfill, quality bit 128) and dated to the repair for as_of; a row that is there is never touched.
    After Ctrl-C call it again: what was asked for is not asked for again. A second run changes nothing.

    Example: g6 data repair --from 2026-11-18
    """
    from g6 import pipeline
    from g6.bootstrap.mending import mending

    settings = options.settings(config, set_, data_dir=data_dir)
    console = terminal.console(settings, stderr=json_)
    lots = [(each, wanted) for each in covered(settings, index, from_, to) if (wanted := _missing(each))]
    runtime, shop = mending(settings)
    outcomes: Counter[str] = Counter()
    for lot, wanted in lots:
        units = [Unit(isoformat_z(at), lot.index) for at in wanted]
        for unit in followed(units, f"repairing {lot.index} {lot.day}", console):
            outcomes[pipeline.repair(runtime, unit).value] += 1
        shop.forget(lot.index, units[0].instant)
    filled = outcomes["OK"] + outcomes["PARTIAL"]
    told = {"gaps": sum(outcomes.values()), "repaired": filled, "nothing_to_fill": outcomes["MISSING"], "requests": shop.requests}
    if json_:
        typer.echo(json.dumps(told | {"partial": outcomes["PARTIAL"]}))
    else:
        console.print(f"{told['repaired']} of {told['gaps']} missing cycles repaired with {told['requests']} requests for candles")
        if outcomes["MISSING"]:
            console.print(
                f"{outcomes['MISSING']} have no candle to fill them with: the first of a session, or contracts that are gone"
            )


def covered(settings: Settings, index: str | None, from_: str | None, to: str | None) -> list[Covered]:
    """Return each stored index and day within the options. Errors: NothingToDo, UserError."""
    from g6.adapters.parquet_store.statuses import statuses

    name = index.upper() if index else None
    if name and name not in INDICES:
        raise UserError(f"{index} is no index that G6 knows", f"say one of {', '.join(INDICES)}")
    days = list(statuses(settings.directory, day_given(from_), day_given(to)))
    known = calendar()
    found = [
        Covered(each, day, grids[INDICES[each].exchange], rows)
        for day, by_index in _with_empty(days, known, settings)
        for grids in [grids_of(known, settings, day, by_index)]
        for each, rows in sorted(by_index.items())
        if name in (None, each)
    ]
    if not found:
        raise NothingToDo(f"no overview {f'of {name} ' if name else ''}is stored in {settings.directory} for these days")
    return found


def _with_empty(
    days: Sequence[tuple[date, dict[str, dict[datetime, Row]]]], known: Calendar, settings: Settings
) -> list[tuple[date, dict[str, dict[datetime, Row]]]]:
    """Add the live sessions between stored days of which there is nothing at all."""
    if not days or not _live(settings.directory):
        return list(days)
    held = dict(days)
    indices = {index for by_index in held.values() for index in by_index if index in settings.indices}
    first, last = min(held), max(held)
    for each in (first + timedelta(days=n) for n in range((last - first).days)):
        due = {index: dict[datetime, Row]() for index in indices if known.session(INDICES[index].exchange, each) is not None}
        if each not in held and due:
            held[each] = due
    return sorted(held.items())


def grids_of(
    known: Calendar, settings: Settings, day: date, by_index: Mapping[str, Mapping[datetime, Row]]
) -> dict[str, tuple[datetime, ...]]:
    """Return by exchange the instants of a day at which an index should have a row, at the interval that day was collected at.

    A live session counts from its open until now. A simulated one counts from its first row to its last: it may begin anywhere.
    """
    instants = sorted(set().union(*by_index.values()))
    step = gaps_of.step_of(instants, timedelta(seconds=settings.interval))
    if _live(settings.directory):
        first, last = datetime.min.replace(tzinfo=UTC), datetime.now(UTC) - step - timedelta(microseconds=1)
    else:
        first, last = (instants[0], instants[-1]) if instants else (datetime.max.replace(tzinfo=UTC),) * 2
    grids: dict[str, tuple[datetime, ...]] = {}
    for exchange in {INDICES[index].exchange for index in by_index}:
        session = known.session(exchange, day)
        grid = session.cycles(max(1, round(step.total_seconds()))) if session is not None else ()
        grids[exchange] = grid[bisect_left(grid, first) : bisect_right(grid, last)]
    return grids


def _live(directory: Path) -> bool:
    from g6.adapters.data_dir import KIND

    marker = directory / KIND
    return marker.exists() and marker.read_text("utf-8").strip() == "live"


def _missing(each: Covered) -> list[datetime]:
    """Return the instants of which no row is stored that has figures."""
    ended = {at for at, (status, _) in each.rows.items() if status in ("OK", "PARTIAL")}
    return sorted({*each.grid, *each.rows} - ended)


def _plain(gap: Gap) -> dict[str, Any]:
    told = {"index": gap.index, "from": isoformat_z(gap.first), "to": isoformat_z(gap.last), "cycles": gap.cycles}
    return {**told, "status": gap.status, "reason": gap.reason}


def _sentence(gap: Gap) -> str:
    last = "" if gap.cycles == 1 else f" … {isoformat_z(gap.last)}"
    return f"{gap.index:<10}  {isoformat_z(gap.first)}{last}  {gap.cycles} cycles  {gap.status}  {gap.reason}"
