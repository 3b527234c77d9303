"""Checks of CSV files: each line for itself, and against the other store's rows of its unit."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from g6.adapters.csv.lines import ASIDE, same_cell
from g6.adapters.csv.place import LineKeys
from g6.adapters.csv.sheet import OVERVIEW_HEADER, CsvContent, CsvLine, order, read_sheet
from g6.domain.schema import layout
from g6.domain.schema.rows import CHAIN, OVERVIEW, csv_header
from g6.files import being_written, quoted, shown
from g6.ports.history import Finding

_WORD_KINDS = ("text", "date", "instant")
_WORDS = frozenset(
    ["index", "expiry_tag"]
    + [column.name for column in (*CHAIN, *OVERVIEW) if column.kind in _WORD_KINDS]
)
"""Columns that hold no number."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The other store's rows of an index on a day.

    Attributes:
        lines: Header and line by file and instant.
        units: The instants of which it has anything.
        files_unread: Whether it has damaged files of that day. Then what it lacks proves nothing.
    """

    lines: Mapping[Path, Mapping[str, tuple[str, str]]] = field(default_factory=dict)
    units: frozenset[str] = frozenset()
    files_unread: bool = False


def files_of_day(base: Path, index: str, day: date) -> list[Path]:
    """Return the files of one index and day, its overview last."""
    overview = base / layout.csv_overview_file(index, day)
    offsets = sorted((base / index).glob(f"*/*/{overview.name}"))
    return [*offsets, *overview.parent.glob(overview.name)]


def indices_by_day(base: Path) -> dict[date, set[str]]:
    """Return the indices that have a CSV file, by day."""
    indices: dict[date, set[str]] = {}
    for path in base.rglob("*.csv"):
        place = layout.csv_place(path.relative_to(base).parts)
        if place is not None and place.index:
            indices.setdefault(place.day, set()).add(place.index)
    return indices


def check_day(
    base: Path, index: str, day: date, stored: Stored | None, mend: str
) -> Iterator[Finding]:
    """Yield the damages of one index and day.

    Args:
        base: The directory of CSV files.
        index: The underlying's name.
        day: The session's day in India.
        stored: The other store's rows, None where they are not to be compared.
        mend: The command that mends the damages.
    """
    files = files_of_day(base, index, day)
    alone: dict[str, list[Path]] = {}
    for path in files:
        sheet = yield from _read(base, path)
        if sheet is None:
            continue
        keys = LineKeys.of(path)
        for kind, what in (*_damages(sheet), *_lines(keys, sheet), *_against(path, sheet, stored)):
            yield Finding(shown(path), kind, what, mend)
        if stored is not None and not stored.files_unread:
            for line in sheet.lines:
                is_misplaced = bool(keys and keys.fault_of(sheet.columns, line))
                if line.instant not in stored.units and not is_misplaced:
                    alone.setdefault(line.instant, []).append(path)
    for instant, paths in sorted(alone.items()):
        what = (
            f"{index} at {instant}: Parquet has nothing of this unit, {len(paths)} CSV files "
            "have a line"
        )
        fix = (
            f"g6 rerun --cycle {instant} --index {index} --from persist; where its quotes are "
            "gone, these lines are the only copy"
        )
        yield Finding(shown(paths[0]), "unmatched", what, fix)
    for path in sorted(set(stored.lines if stored else ()) - set(files)):
        count = len(stored.lines[path]) if stored else 0
        yield Finding(shown(path), "lost", f"is not there; its {count} lines are in Parquet", mend)


def _read(base: Path, path: Path) -> Generator[Finding, None, CsvContent | None]:
    """Return the content of a file, and yield what keeps it from being read."""
    try:
        content = path.read_bytes()
    except IsADirectoryError:
        what = "is a directory where a file must be"
        yield Finding(shown(path), "stray", what, f"mv {quoted(path)} {quoted(path)}.away")
    except FileNotFoundError:
        # It was pruned meanwhile.
        pass
    except OSError as error:
        is_forbidden = isinstance(error, PermissionError)
        fix = f"chmod u+r {quoted(path)}" if is_forbidden else "see that the disk is healthy"
        yield Finding(shown(path), "unreadable", f"cannot be read: {error.strerror}", fix)
    else:
        overview = path.relative_to(base).parts[0] == "overview"
        return read_sheet(content, OVERVIEW_HEADER if overview else ",".join(csv_header(True)))
    return None


def _damages(sheet: CsvContent) -> Iterator[tuple[str, str]]:
    if not sheet.columns and not sheet.torn and not sheet.damaged:
        yield "torn", "is empty"
    elif sheet.torn:
        yield "torn", "its end is not a whole line"
    if sheet.lost_header:
        yield "header", f"line 1 {sheet.lost_header}"
    if sheet.carriage_returns:
        yield "line", "its lines end in CR LF, not in LF"
    for line in sheet.damaged:
        if line.number > 1 or not sheet.lost_header:
            yield "line", f"line {line.number} {line.what}"


def _lines(keys: LineKeys | None, sheet: CsvContent) -> Iterator[tuple[str, str]]:
    """Yield the faults of whole lines by themselves: order, place, letters in numbers."""
    previous: CsvLine | None = None
    for line in sheet.lines:
        number = f"line {line.number}"
        if previous is not None and order(line.instant) == order(previous.instant):
            yield "duplicate", f"{number}: {line.instant} is there twice"
        elif previous is not None and order(line.instant) < order(previous.instant):
            yield "order", f"{number}: {line.instant} stands after a later one"
        previous = line
        if keys is not None and (fault := keys.fault_of(sheet.columns, line)):
            yield "misplaced", f"{number} {fault}"
        for name, cell in zip(sheet.columns, line.cells, strict=True):
            if name not in _WORDS and cell and not _is_number(cell):
                yield "figure", f"{number}: {name} is {cell!r}, which is no number"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.strip() == cell


def _against(path: Path, sheet: CsvContent, stored: Stored | None) -> Iterator[tuple[str, str]]:
    """Yield the differences between the lines and the other store's."""
    if stored is None or (path not in stored.lines and stored.files_unread):
        return
    keys = LineKeys.of(path)
    in_parquet = {order(instant): line for instant, line in stored.lines.get(path, {}).items()}
    in_both = set()
    for line in sheet.lines:
        counterpart = in_parquet.get(order(line.instant))
        if counterpart is not None:
            in_both.add(order(line.instant))
            yield from _figures(sheet, line, *counterpart)
            continue
        is_misplaced = bool(keys and keys.fault_of(sheet.columns, line))
        if line.instant in stored.units and not is_misplaced and not stored.files_unread:
            what = f"line {line.number}: the unit of {line.instant} has no such line in Parquet"
            yield "unmatched", what
    missing = sorted(set(in_parquet) - in_both)
    if missing:
        more = f" and {len(missing) - 1} later ones" if len(missing) > 1 else ""
        yield "missing", f"has no whole line of {''.join(missing[0])}Z{more}, which Parquet has"


def _figures(sheet: CsvContent, line: CsvLine, header: str, text: str) -> Iterator[tuple[str, str]]:
    in_parquet = dict(zip(header.split(","), next(csv.reader([text])), strict=True))
    for name, cell in zip(sheet.columns, line.cells, strict=True):
        if name not in in_parquet or same_cell(cell, in_parquet[name]):
            continue
        # Letters in a number are a finding of their own already.
        if name in _WORDS or not cell or _is_number(cell):
            stored_cell = in_parquet[name] or "nothing"
            what = f"line {line.number}: {name} is {cell or 'empty'}, Parquet says {stored_cell}"
            yield "figure", what


def strays(base: Path) -> Iterator[Finding]:
    """Yield what lies below the CSV directory and is none of its files."""
    for path in sorted(base.rglob("*")):
        if path.is_dir() or path.name.endswith(ASIDE):
            continue
        if path.name.endswith(".tmp") and path.name.startswith("."):
            if not being_written(path):
                yield Finding.leftover(shown(path), f"rm {quoted(path)}")
        elif path.name.startswith("."):
            continue
        elif layout.csv_place(path.relative_to(base).parts) is None:
            fix = f"move it away: mv {quoted(path)} .."
            yield Finding(shown(path), "stray", "is no file of the store", fix)
