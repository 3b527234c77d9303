"""CSV files and the Parquet store side by side: the lines that Parquet's rows make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from g6.adapters.csv import CsvStore
from g6.adapters.csv.line_checks import Stored, files_of_day, indices_by_day
from g6.adapters.csv.lines import ASIDE, put_lines
from g6.adapters.csv.sheet import OVERVIEW_HEADER, read_sheet
from g6.adapters.parquet import ParquetHistory, days
from g6.adapters.parquet.units import day_overviews, day_units, is_recomputed
from g6.config import Settings
from g6.domain.schema.frame import SIDE_PREFIXES, Frame
from g6.domain.schema.layout import Kind
from g6.domain.schema.rows import csv_header
from g6.errors import G6Error, StoreBusy
from g6.files import refusals, shown
from g6.ports.history import OVERVIEW

__all__ = ["MendedDay", "csv_days", "mend_day", "stored_lines"]

IMPORTED = frozenset(("import", ""))
"""Sources of rows that came from older files: these are kept in Parquet alone."""

LinesByCycle = dict[str, tuple[str, str]]
"""Header and line of each cycle of one file."""


@dataclass(slots=True)
class MendedDay:
    """What was written again into the CSV files of one index and day.

    Attributes:
        day: The session day.
        index: The underlying's name.
        files: Files of which a line was written.
        lines: Lines that were written.
        aside: Lines that were set aside, since they said otherwise.
        aside_in: The files that hold these.
        unread: Parquet files that could not be read, with the reason.
        refused: CSV files that could not be written, with the reason.
        is_recomputed: Whether Parquet's figures were computed again, so that no line is theirs.
        missing: Of such a day, lines that Parquet has a row of and the files do not have.
    """

    day: date
    index: str
    files: int = 0
    lines: int = 0
    aside: int = 0
    aside_in: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    is_recomputed: bool = False
    missing: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything could be read and written."""
        return not (self.unread or self.refused)


def csv_days(settings: Settings, day: date | None) -> list[tuple[date, str]]:
    """Return the days and indices whose CSV files can be compared with Parquet, ascending.

    These are the days of which there is a CSV file at all, or `day` alone.
    """
    history = ParquetHistory(settings.directory)
    with_files = indices_by_day(settings.csv_dir)
    lots: list[tuple[date, str]] = []
    for name in history.names():
        if name == OVERVIEW:
            continue
        stored = days.days(history.root(name))
        held_days = with_files.keys() & stored if day is None else {day} & set(stored)
        lots += [(of_day, name) for of_day in held_days]
    return sorted(lots)


def stored_lines(settings: Settings, index: str, day: date) -> tuple[Stored, list[str]]:
    """Return the lines of Parquet's rows of an index and day, and why a file was not read."""
    store = CsvStore(settings.csv_dir)
    lines: dict[Path, LinesByCycle] = {}
    frames, damaged = day_units(settings.directory, index, day)
    imported = {unit.cycle for unit, frame in frames.items() if _is_imported(frame)}
    for unit, frame in frames.items():
        if len(frame) and frame.header.get("stamp") and unit.cycle not in imported:
            _add(lines, unit.cycle, store.chain_lines(unit, frame))
    rows, unread = day_overviews(settings.directory, day)
    cycles = {unit.cycle for unit in frames}
    for row in rows:
        cycle = str(row["timestamp"])
        if row["underlying"] != index:
            continue
        cycles.add(cycle)
        if cycle not in imported:
            _add(lines, cycle, store.overview_lines(cycle, [row]))
    reasons = [error.sentence for error in (*damaged, *unread)]
    return Stored(lines, frozenset(cycles), files_unread=bool(reasons)), reasons


def mend_day(settings: Settings, day: date, index: str) -> MendedDay:
    """Write into the CSV files of an index and day what Parquet has and they do not say.

    Those of a day that was computed again keep the live lines: what is damaged is set aside, and no
    line of other figures is put between them.
    """
    stored, unread = stored_lines(settings, index, day)
    mended = MendedDay(day, index, unread=unread)
    if is_recomputed(settings.directory, index, day):
        mended.is_recomputed = True
        for path in sorted({*files_of_day(settings.csv_dir, index, day), *stored.lines}):
            _mend_live(mended, path, settings.csv_dir, set(stored.lines.get(path, ())))
        return mended
    for path, lines in stored.lines.items():
        by_header: dict[str, dict[str, str]] = {}
        for cycle, (header, line) in lines.items():
            by_header.setdefault(header, {})[cycle] = line
        _mend_file(mended, path, by_header)
    return mended


def _mend_live(mended: MendedDay, path: Path, base: Path, stored: set[str]) -> None:
    """Set aside what is damaged in a file of live lines, and count the lines that it lacks."""
    if not path.exists():
        mended.missing += len(stored)
        return
    try:
        header, instants = _own_lines(path, base)
    except StoreBusy as error:
        mended.refused.append(str(error))
        return
    mended.missing += len(stored - instants)
    _mend_file(mended, path, {header: {}})


def _own_lines(path: Path, base: Path) -> tuple[str, set[str]]:
    """Return the header that a file's lines are written under, and the instants of whole lines."""
    is_overview = path.relative_to(base).parts[0] == Kind.OVERVIEW
    header = OVERVIEW_HEADER if is_overview else ",".join(csv_header(True))
    with refusals(path):
        sheet = read_sheet(path.read_bytes(), header)
    return ",".join(sheet.columns) or header, {line.instant for line in sheet.lines}


def _mend_file(mended: MendedDay, path: Path, by_header: Mapping[str, Mapping[str, str]]) -> None:
    puts = []
    for header, lines in by_header.items():
        try:
            puts.append(put_lines(path, header, lines))
        except G6Error as error:
            mended.refused.append(str(error))
    mended.files += any(put.bytes for put in puts)
    mended.lines += sum(put.rows for put in puts)
    aside = sum(put.aside for put in puts)
    if aside:
        mended.aside += aside
        mended.aside_in.append(shown(f"{path}{ASIDE}"))


def _is_imported(frame: Frame) -> bool:
    """Tell whether rows came from older files."""
    sources = {str(word) for side in SIDE_PREFIXES for word in frame.columns[f"{side}source"]}
    return "import" in sources and sources <= IMPORTED


def _add(
    lines: dict[Path, LinesByCycle], cycle: str, by_path: Mapping[Path, tuple[str, str]]
) -> None:
    for path, header_and_line in by_path.items():
        lines.setdefault(path, {})[cycle] = header_and_line
