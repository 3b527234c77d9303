"""The two older layouts of CSV files: which rows of single options they hold, and what in them cannot be read.

`<base>/<INDEX>/<EXPIRY>/<OFFSET>/<DATE>.csv`, and `<base>/options/<INDEX>/<expiry>/<offset>/<date>.csv` beside
`<base>/overview/…`. One row per instant with both sides; only what the market said is taken, everything computed is computed
again. Overviews are figures made of the same rows: they are not read. One bad cell costs its row, which is named.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from math import isnan
from pathlib import Path
from typing import Protocol

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import INDICES
from g6.domain.quotes import cells

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "timestamp": ("timestamp", "time"),
    "expiry": ("expiry", "expiry_date"),
    "strike": ("strike", "strike_price"),
    "spot": ("index_price", "spot", "underlying_price"),
    "index": ("index", "symbol", "underlying"),
}
_SIDE: Mapping[str, tuple[str, ...]] = {
    "ltp": ("{0}", "{1}", "{0}_last", "{1}_last_price", "{0}_price", "{1}_price", "{0}_ltp"),
    "volume": ("{0}_vol", "{0}_volume", "{1}_volume"),
    "oi": ("{0}_oi", "{1}_oi"),
    "average_price": (
        "avg_{0}",
        "{0}_avg",
        "{0}_average_price",
        "{1}_average_price",
        "{1}_avgerage_price",
    ),
}
"""Columns by the names they had; {0} is ce or pe, {1} call or put. A misspelt one is understood."""
COLUMNS = ("timestamp", "symbol", "expiry", "strike", "option_type", "spot", *_SIDE)
_SIDES = (("ce", "call", "CE"), ("pe", "put", "PE"))

ExpiryOf = Callable[[str, str, date], date]
"""The expiry that a folder's name (`this_week`, a date) meant for an index on a day. Errors: ValueError, with the reason."""


class CsvLines(Protocol):
    """A reader of CSV, that says how many lines of the file it has read."""

    @property
    def line_num(self) -> int:
        """Lines read so far."""
        ...

    def __iter__(self) -> CsvLines:
        """Return itself."""
        ...

    def __next__(self) -> list[str]:
        """Return the next row."""
        ...


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """What could not be read: a file, the row in it (the header is row 1; None for the whole file), why."""

    path: Path
    row: int | None
    reason: str


@dataclass(slots=True)
class OlderDay:
    """One index on one day: its files, and once read its options by column of `COLUMNS`, and the troubles.

    `origins`: file and row of each option, in the order of `options`.
    """

    index: str
    day: date
    files: list[Path]
    options: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    origins: dict[tuple[str, ...], tuple[Path, int]] = field(default_factory=dict)
    troubles: list[UnreadRow] = field(default_factory=list)


def find(base: Path) -> tuple[list[OlderDay], list[UnreadRow]]:
    """Return the days of each index below `base`, by day, and the CSV files that belong to neither layout."""
    found: dict[tuple[date, str], list[Path]] = defaultdict(list)
    strange: list[UnreadRow] = []
    for path in sorted(base.rglob("*.csv")):
        parts = path.relative_to(base).parts
        if parts[0] == "overview":
            continue
        index, *rest = parts[1:] if parts[0] == "options" else parts
        day = _day_of(path.stem)
        if len(rest) != 3 or index.upper() not in INDICES or day is None:
            strange.append(
                UnreadRow(path, None, "its path is of neither layout: INDEX/EXPIRY/OFFSET/DATE.csv")
            )
            continue
        found[day, index.upper()].append(path)
    return [OlderDay(index, day, files) for (day, index), files in sorted(found.items())], strange


def _day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def read(day: OlderDay, expiry_of: ExpiryOf) -> None:
    """Read the files of a day; the same option at the same instant in two files (two buckets of one date) counts once.

    A file without a column of expiries takes the one that its folder's name meant on that day, where `expiry_of` knows it.
    """
    for path in day.files:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                lines = csv.reader(file)
                _read(day, path, lines, expiry_of)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            day.troubles.append(UnreadRow(path, None, str(error)))


@dataclass(frozen=True, slots=True)
class _CellPlaces:
    """Where a file has what: cells of a row by name, and by name and side; `expiry` for files that have no such column."""

    plain: Mapping[str, int | None]
    sides: Sequence[tuple[Mapping[str, int | None], str]]
    expiry: date | None

    @classmethod
    def of(cls, header: Sequence[str], expiry: date | None) -> _CellPlaces:
        place = {name.strip().lower(): n for n, name in enumerate(header)}
        sides = [
            (
                {name: _first(place, _named(names, ours, theirs)) for name, names in _SIDE.items()},
                word,
            )
            for ours, theirs, word in _SIDES
        ]
        return cls({name: _first(place, names) for name, names in _PLAIN.items()}, sides, expiry)


def _read(day: OlderDay, path: Path, lines: CsvLines, expiry_of: ExpiryOf) -> None:
    header = next(lines, [])
    columns, folder = _CellPlaces.of(header, None), path.parts[-3]
    missing = [name for name in ("timestamp", "strike", "spot") if columns.plain[name] is None]
    if missing:
        day.troubles.append(UnreadRow(path, 1, f"has no column {', '.join(missing)}"))
        return
    if columns.plain["expiry"] is None:
        try:
            columns = _CellPlaces.of(header, expiry_of(folder, day.index, day.day))
        except ValueError as error:
            reason = f"has no column of expiries, and its folder does not tell the date: {error}"
            day.troubles.append(UnreadRow(path, None, reason))
            return
    before = 1  # a quoted cell may hold line ends: the reader counts the file's lines
    for cells_ in lines:
        row, before = before + 1, lines.line_num
        if not any(cell.strip() for cell in cells_):
            continue
        if len(cells_) != len(header):
            day.troubles.append(
                UnreadRow(path, row, f"has {len(cells_)} cells, the header {len(header)}")
            )
            continue
        try:
            options = _options(day, columns, cells_)
        except ValueError as error:
            day.troubles.append(UnreadRow(path, row, str(error)))
            continue
        for key, values in options:
            day.options[key] = values
            day.origins[key] = path, row


def _options(
    day: OlderDay, columns: _CellPlaces, row: Sequence[str]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The options of a row, key and values. Errors: ValueError, with the cell and what is wrong with it."""
    plain = {name: "" if n is None else row[n].strip() for name, n in columns.plain.items()}
    if _other_index(plain["index"], day.index):
        raise ValueError(f"index {plain['index']!r} is not {day.index}, whose folder this is")
    at = _instant(plain["timestamp"])
    if at.astimezone(IST).date() != day.day:
        raise ValueError(
            f"timestamp {plain['timestamp']!r} is not of {day.day}, the day in the file's name"
        )
    expiry = columns.expiry or _expiry(plain["expiry"])
    if expiry < day.day:
        raise ValueError(f"expiry {plain['expiry']!r} is before the row's own day")
    strike = _number("strike", plain["strike"])
    if not strike > 0:
        raise ValueError(f"strike {plain['strike']!r} is missing or not positive")
    spot = _number("spot", plain["spot"])
    told: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for places, word in columns.sides:
        texts = {name: "" if n is None else row[n].strip() for name, n in places.items()}
        if any(texts.values()):
            key = (isoformat_z(at), day.index, expiry.isoformat(), f"{strike!r}", word)
            told.append((key, (*key, _written(spot), *_figures(word, texts))))
    return told


def _other_index(text: str, index: str) -> bool:
    """Tell whether a cell names another underlying; contracts' symbols begin with the name, and a number names none."""
    name = text.upper().replace(" ", "")
    names = (index, INDICES[index].spot.upper().replace(" ", ""))
    return any(letter.isalpha() for letter in name) and not name.startswith(names)


def _figures(word: str, texts: Mapping[str, str]) -> list[str]:
    figures = {name: _number(f"{word} {name}", text) for name, text in texts.items()}
    if isnan(figures["ltp"]) and texts["ltp"] and figures["volume"] > 0:
        raise ValueError(
            f"{word} ltp is {texts['ltp']!r}, and the same row says that it traded (volume {texts['volume']})"
        )
    return [_written(value) for value in figures.values()]


def _written(value: float) -> str:
    return "" if isnan(value) else repr(value)


def _number(name: str, text: str) -> float:
    try:
        return cells.number(text)
    except ValueError as error:
        raise ValueError(
            f"{name} {text!r} is not a number (read are {cells.NUMBER_FORMS})"
        ) from error


def _instant(text: str) -> datetime:
    try:
        return cells.instant(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"timestamp {text!r} is no instant (read are {cells.INSTANT_FORMS})"
        ) from error


def _expiry(text: str) -> date:
    try:
        return cells.day(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"expiry {text!r} is no date (read are {cells.DAY_FORMS})") from error


def _named(names: Sequence[str], ours: str, theirs: str) -> list[str]:
    return [name.format(ours, theirs) for name in names]


def _first(place: Mapping[str, int], names: Sequence[str]) -> int | None:
    return next((place[name] for name in names if name in place), None)
