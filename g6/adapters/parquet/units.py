"""The units of a stored day one by one, for studies and to be compared with other stores."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from g6.adapters.parquet import days
from g6.adapters.parquet.arrays import integers_of
from g6.adapters.parquet.columns import (
    CHAIN_SCHEMA,
    OVERVIEW_SCHEMA,
    chain_frame,
    lazy_chain_frame,
    narrow_chain_frame,
    overview_rows,
)
from g6.adapters.parquet.days import DayFile, FoldLevel
from g6.adapters.parquet.maintenance.rewriting import RECOMPUTED
from g6.adapters.parquet.reading import (
    by_instant,
    header_of,
    part_header,
    readable,
    rows_at,
    unit_table,
    whole,
)
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.schema import layout
from g6.domain.schema.frame import Frame, Header
from g6.domain.schema.layout import Kind
from g6.domain.schema.overview_row import OverviewRow
from g6.errors import BadInput


def day_units(directory: Path, index: str, day: date) -> tuple[dict[Unit, Frame], list[BadInput]]:
    """Return the chains of an index on a day, and why files could not be read.

    Each comes from the best file that holds it.
    """
    folder = directory / layout.day_folder(Kind.CHAIN, day, index)
    return days.steadily(lambda: _units(folder, index, None))


def session_units(
    directory: Path, units: Collection[Unit]
) -> tuple[dict[Unit, Frame], list[BadInput]]:
    """Return the stored chains of units of one index and session, and why files cannot be read.

    A file is read once, and only if it may hold one of them that no better file has: unit by unit a
    compacted day of 375 cycles was opened 375 times, which took 25 s. A unit that has no rows and
    is there all the same is a frame without rows.
    """
    first = next(iter(units))
    folder = days.part_path(directory / layout.folder(Kind.CHAIN, first.index), first.instant)
    instants = [unit.instant for unit in units]
    stored, damaged = days.steadily(lambda: _units(folder.parent, first.index, instants))
    return {unit: stored[unit] for unit in units if unit in stored}, damaged


def stored_unit(directory: Path, unit: Unit) -> Frame | None:
    """Return one stored chain, None when there is none.

    Raises:
        BadInput: The best file that may hold it is damaged.
    """
    stored, damaged = session_units(directory, [unit])
    if damaged:
        raise damaged[0]
    return stored.get(unit)


def unit_columns(directory: Path, unit: Unit, names: Sequence[str]) -> Frame | None:
    """Return some columns of one stored chain, None when there is none.

    Args:
        directory: The data directory.
        unit: The unit.
        names: Of columns of `rows.CHAIN`. `underlying` and `timestamp` come with them.

    Raises:
        BadInput: The best file that may hold it is damaged.
    """
    folder = days.part_path(directory / layout.folder(Kind.CHAIN, unit.index), unit.instant).parent
    wanted = ["timestamp", *(name for name in names if name not in {"timestamp", "underlying"})]
    schema = pa.schema([CHAIN_SCHEMA.field(name) for name in wanted])
    stored = days.steadily(lambda: unit_table(days.files(folder), unit.instant, schema))
    return None if stored is None else narrow_chain_frame(stored[0], unit.index, stored[1], wanted)


def unit_header(directory: Path, unit: Unit) -> Header | None:
    """Return the header of a stored unit without its rows, None where there is none.

    Raises:
        BadInput: A file is damaged.
    """
    folder = days.part_path(directory / layout.folder(Kind.CHAIN, unit.index), unit.instant).parent
    return days.steadily(lambda: _header(folder, unit))


def _header(folder: Path, unit: Unit) -> Header | None:
    for file in sorted(days.files(folder), key=lambda file: file.level):
        if not file.may_hold(unit.instant):
            continue
        if file.level is FoldLevel.PART:
            return part_header(file.path)
        stored = header_of(file.path, unit.cycle)
        if stored is not None:
            return stored
    return None


def _units(
    folder: Path, index: str, instants: Sequence[datetime] | None
) -> tuple[dict[Unit, Frame], list[BadInput]]:
    """Return the units of a day, of some instants if they are named."""
    units: dict[Unit, Frame] = {}
    damaged: list[BadInput] = []
    waiting = None if instants is None else dict.fromkeys(instants)
    for file in sorted(days.files(folder), key=lambda file: file.level):
        inside = None
        if waiting is not None:
            inside = [at for at in waiting if file.may_hold(at)]
            if not inside:
                continue
        try:
            with whole(file.path):
                for unit, frame in _of_file(file, index, inside):
                    units.setdefault(unit, frame)
                    if waiting is not None:
                        waiting.pop(unit.instant, None)
        except BadInput as error:
            damaged.append(error)
    return units, damaged


def _of_file(
    file: DayFile, index: str, among: Sequence[datetime] | None
) -> Iterator[tuple[Unit, Frame]]:
    raw, header_of = rows_at(file, among, CHAIN_SCHEMA)
    if file.level is FoldLevel.PART:
        cycle = isoformat_z(file.first)
        yield Unit(cycle, index), chain_frame(raw, index, header_of[cycle])
        return
    table = by_instant(raw)
    micros = integers_of(table.column("timestamp"))
    stamps, starts = np.unique(micros, return_index=True)
    ends = np.append(starts, len(micros))[1:]
    if len(stamps) == 1:
        cycle = isoformat_z(int(stamps[0]) / 1e6)
        yield Unit(cycle, index), lazy_chain_frame(table, index, header_of.get(cycle, {}))
    else:
        frame = chain_frame(table, index, {})
        for at, first, last in zip(stamps.tolist(), starts, ends, strict=True):
            cycle = isoformat_z(at / 1e6)
            columns = {name: values[first:last] for name, values in frame.columns.items()}
            yield Unit(cycle, index), Frame(header_of.get(cycle, {}), columns)
    with_rows = set(stamps.tolist())
    for at in among or ():
        cycle = isoformat_z(at)
        if cycle in header_of and round(at.timestamp() * 1e6) not in with_rows:
            yield Unit(cycle, index), chain_frame(table.slice(0, 0), index, header_of[cycle])


def is_recomputed(directory: Path, index: str, day: date) -> bool:
    """Tell whether a day's figures were computed again.

    CSV files keep the live ones.
    """
    return (directory / layout.day_folder(Kind.CHAIN, day, index) / RECOMPUTED).exists()


def day_overviews(directory: Path, day: date) -> tuple[list[OverviewRow], list[BadInput]]:
    """Return the overview rows of a day, and why files could not be read."""
    files = days.files(directory / layout.day_folder(Kind.OVERVIEW, day))
    try:
        table, damaged = days.steadily(
            lambda: readable(files, OVERVIEW_SCHEMA, OVERVIEW_SCHEMA.names)
        )
        return list(overview_rows(table)), list(damaged.values())
    except BadInput as error:
        return [], [error]
