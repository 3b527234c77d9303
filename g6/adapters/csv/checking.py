"""Looks for damage in CSV files: each line for itself, and against what the other store says of its unit."""

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

_WORDS = frozenset(
    (
        "index",
        "expiry_tag",
        *(
            column.name
            for column in (*CHAIN, *OVERVIEW)
            if column.kind in ("text", "date", "instant")
        ),
    )
)
"""Columns that hold no number."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the other store says of an index on a day: header and lines, by file and instant.

    `units` are the instants of which it has anything. `files_unread`: it has damaged files of that day, so that what it does not
    have proves nothing.
    """

    lines: Mapping[Path, Mapping[str, tuple[str, str]]] = field(default_factory=dict)
    units: frozenset[str] = frozenset()
    files_unread: bool = False


def dated(base: Path, index: str, day: date) -> list[Path]:
    """Return the files of one index and day, its overview last."""
    overview = base / layout.csv_overview_file(index, day)
    offsets = sorted((base / index).glob(f"*/*/{overview.name}"))
    return [*offsets, *overview.parent.glob(overview.name)]


def held(base: Path) -> dict[date, set[str]]:
    """Return the indices that have a CSV file, by day."""
    found: dict[date, set[str]] = {}
    for path in base.rglob("*.csv"):
        place = layout.csv_place(path.relative_to(base).parts)
        if place is not None and place.index:
            found.setdefault(place.day, set()).add(place.index)
    return found


def check_day(
    base: Path, index: str, day: date, stored: Stored | None, mend: str
) -> Iterator[Finding]:
    """Yield the damages of one index and day; `stored` is what the files are held against, `mend` the command that mends them."""
    files = dated(base, index, day)
    alone: dict[str, list[Path]] = {}
    for path in files:
        sheet = yield from _read(base, path)
        if sheet is None:
            continue
        place = LineKeys.of(path)
        for kind, what in (*_damages(sheet), *_lines(place, sheet), *_against(path, sheet, stored)):
            yield Finding(shown(path), kind, what, mend)
        if stored is not None and not stored.files_unread:
            for line in sheet.lines:
                if line.instant not in stored.units and not (
                    place and place.wrong(sheet.columns, line)
                ):
                    alone.setdefault(line.instant, []).append(path)
    for instant, paths in sorted(alone.items()):
        what = f"{index} at {instant}: Parquet has nothing of this unit, {len(paths)} CSV files have a line"
        fix = f"g6 rerun --cycle {instant} --index {index} --from persist; where its quotes are gone, these lines are the only copy"
        yield Finding(shown(paths[0]), "unmatched", what, fix)
    for path in sorted(set(stored.lines if stored else ()) - set(files)):
        count = len(stored.lines[path]) if stored else 0
        yield Finding(shown(path), "lost", f"is not there; its {count} lines are in Parquet", mend)


def _read(base: Path, path: Path) -> Generator[Finding, None, CsvContent | None]:
    """Return what a file holds; yield what keeps it from being read."""
    try:
        content = path.read_bytes()
    except IsADirectoryError:
        yield Finding(
            shown(path),
            "stray",
            "is a directory where a file must be",
            f"mv {quoted(path)} {quoted(path)}.away",
        )
    except FileNotFoundError:  # pruned meanwhile
        pass
    except OSError as error:
        fix = (
            f"chmod u+r {quoted(path)}"
            if isinstance(error, PermissionError)
            else "see that the disk is healthy"
        )
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
    for each in sheet.damaged:
        if each.number > 1 or not sheet.lost_header:
            yield "line", f"line {each.number} {each.what}"


def _lines(place: LineKeys | None, sheet: CsvContent) -> Iterator[tuple[str, str]]:
    """What is wrong with whole lines by themselves: their order, their place, letters in numbers."""
    previous: CsvLine | None = None
    for line in sheet.lines:
        where = f"line {line.number}"
        if previous is not None and order(line.instant) <= order(previous.instant):
            twice = order(line.instant) == order(previous.instant)
            what = "is there twice" if twice else "stands after a later one"
            yield ("duplicate" if twice else "order"), f"{where}: {line.instant} {what}"
        previous = line
        if place is not None and (wrong := place.wrong(sheet.columns, line)):
            yield "misplaced", f"{where} {wrong}"
        for name, cell in zip(sheet.columns, line.cells, strict=True):
            if name not in _WORDS and cell and not _is_number(cell):
                yield "figure", f"{where}: {name} is {cell!r}, which is no number"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.strip() == cell


def _against(path: Path, sheet: CsvContent, stored: Stored | None) -> Iterator[tuple[str, str]]:
    """What the lines say and the other store does not, and what they leave out."""
    if stored is None or (path not in stored.lines and stored.files_unread):
        return
    place = LineKeys.of(path)
    wanted = {order(instant): placed for instant, placed in stored.lines.get(path, {}).items()}
    seen = set()
    for line in sheet.lines:
        placed = wanted.get(order(line.instant))
        if placed is None:
            if (
                line.instant in stored.units
                and not (place and place.wrong(sheet.columns, line))
                and not stored.files_unread
            ):
                yield (
                    "unmatched",
                    f"line {line.number}: the unit of {line.instant} has no such line in Parquet",
                )
            continue
        seen.add(order(line.instant))
        yield from _figures(sheet, line, *placed)
    missing = sorted(set(wanted) - seen)
    if missing:
        more = f" and {len(missing) - 1} later ones" if len(missing) > 1 else ""
        yield "missing", f"has no whole line of {''.join(missing[0])}Z{more}, which Parquet has"


def _figures(sheet: CsvContent, line: CsvLine, header: str, text: str) -> Iterator[tuple[str, str]]:
    wanted = dict(zip(header.split(","), next(csv.reader([text])), strict=True))
    for name, cell in zip(sheet.columns, line.cells, strict=True):
        if (
            name in wanted
            and not same_cell(cell, wanted[name])
            and (name in _WORDS or not cell or _is_number(cell))
        ):
            yield (
                "figure",
                f"line {line.number}: {name} is {cell or 'empty'}, Parquet says {wanted[name] or 'nothing'}",
            )


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
            yield Finding(
                shown(path),
                "stray",
                "is no file of the store",
                f"move it away: mv {quoted(path)} ..",
            )
