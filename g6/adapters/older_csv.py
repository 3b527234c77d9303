"""The two older layouts of CSV files: which rows of single options they hold, and what in them cannot be read.

`<base>/<INDEX>/<EXPIRY>/<OFFSET>/<DATE>.csv`, and `<base>/options/<INDEX>/<expiry>/<offset>/<date>.csv` beside
`<base>/overview/…`. One row per instant with both sides; only what the market said is taken, everything computed is computed
again. Overviews are figures made of the same rows: they are not read.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from g6.domain.instrument import INDICES

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "timestamp": ("timestamp", "time"),
    "expiry": ("expiry", "expiry_date"),
    "strike": ("strike", "strike_price"),
    "spot": ("index_price", "spot", "underlying_price"),
}
_SIDE: Mapping[str, tuple[str, ...]] = {
    "ltp": ("{0}", "{1}", "{0}_last", "{1}_last_price", "{0}_price", "{1}_price", "{0}_ltp"),
    "volume": ("{0}_vol", "{0}_volume", "{1}_volume"),
    "oi": ("{0}_oi", "{1}_oi"),
    "average_price": ("avg_{0}", "{0}_avg", "{0}_average_price", "{1}_average_price", "{1}_avgerage_price"),
}
"""Columns by the names they had; {0} is ce or pe, {1} call or put. A misspelt one is understood."""
COLUMNS = ("timestamp", "symbol", "expiry", "strike", "option_type", "spot", *_SIDE)
_SIDES = (("ce", "call", "CE"), ("pe", "put", "PE"))


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be read: a file, the row in it (the header is row 1; None for the whole file), why."""

    path: Path
    row: int | None
    reason: str


@dataclass(slots=True)
class Day:
    """One index on one day: its files, and once read its options by column of `COLUMNS`, and the troubles."""

    index: str
    day: date
    files: list[Path]
    options: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)


def find(base: Path) -> tuple[list[Day], list[Trouble]]:
    """Return the days of each index below `base`, by day, and the CSV files that belong to neither layout."""
    found: dict[tuple[date, str], list[Path]] = defaultdict(list)
    strange: list[Trouble] = []
    for path in sorted(base.rglob("*.csv")):
        parts = path.relative_to(base).parts
        if parts[0] == "overview":
            continue
        index, *rest = parts[1:] if parts[0] == "options" else parts
        if len(rest) != 3 or index.upper() not in INDICES or not _DATE.fullmatch(path.stem):
            strange.append(Trouble(path, None, "its path is of neither layout: INDEX/EXPIRY/OFFSET/DATE.csv"))
            continue
        found[date.fromisoformat(path.stem), index.upper()].append(path)
    return [Day(index, day, files) for (day, index), files in sorted(found.items())], strange


def read(wanted: Day) -> None:
    """Read the files of a day; the same option at the same instant in two files (two buckets of one date) counts once."""
    for path in wanted.files:
        try:
            with path.open(encoding="utf-8", newline="") as file:
                lines = csv.reader(file)
                _read(wanted, path, next(lines, []), lines)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            wanted.troubles.append(Trouble(path, None, str(error)))


def _read(wanted: Day, path: Path, header: Sequence[str], lines: Iterator[list[str]]) -> None:
    place = {name.strip().lower(): n for n, name in enumerate(header)}
    plain = {name: _first(place, names) for name, names in _PLAIN.items()}
    folder = path.parts[-3]
    if plain["expiry"] is None and not _DATE.fullmatch(folder):
        wanted.troubles.append(Trouble(path, None, f"no column says which date {folder!r} was"))
        return
    missing = [name for name in ("timestamp", "strike", "spot") if plain[name] is None]
    if missing:
        wanted.troubles.append(Trouble(path, 1, f"has no column {', '.join(missing)}"))
        return
    sides = [
        ({name: _first(place, _named(names, ours, theirs)) for name, names in _SIDE.items()}, word) for ours, theirs, word in _SIDES
    ]
    for row, cells in enumerate(lines, 2):
        if len(cells) != len(header):
            wanted.troubles.append(Trouble(path, row, f"has {len(cells)} cells, the header {len(header)}"))
            continue
        known = {name: cells[n].strip() if n is not None else folder for name, n in plain.items()}
        if trouble := _doubt(known):
            wanted.troubles.append(Trouble(path, row, trouble))
            continue
        for columns, word in sides:
            values = {name: cells[n].strip() if n is not None else "" for name, n in columns.items()}
            if any(values.values()):
                key = (known["timestamp"], wanted.index, known["expiry"], known["strike"], word)
                wanted.options[key] = (*key, known["spot"], *values.values())


def _named(names: Sequence[str], ours: str, theirs: str) -> list[str]:
    return [name.format(ours, theirs) for name in names]


def _first(place: Mapping[str, int], names: Sequence[str]) -> int | None:
    return next((place[name] for name in names if name in place), None)


def _doubt(known: Mapping[str, str]) -> str:
    if not _DATE.match(known["timestamp"]):
        return f"timestamp {known['timestamp']!r} is no instant"
    if not _DATE.fullmatch(known["expiry"]):
        return f"expiry {known['expiry']!r} is no date"
    for name in ("strike", "spot"):
        try:
            float(known[name] or "nan")
        except ValueError:
            return f"{name} {known[name]!r} is not a number"
    return "" if known["strike"] else "strike is missing"
