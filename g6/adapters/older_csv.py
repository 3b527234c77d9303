"""The two older layouts of CSV files: their rows of single options, and the rows that are unread.

`<base>/<INDEX>/<EXPIRY>/<OFFSET>/<DATE>.csv`, and
`<base>/options/<INDEX>/<expiry>/<offset>/<date>.csv` beside `<base>/overview/…`. A row has both
sides of an instant. Prices, volumes and open interest are taken, and everything else is computed
again. Overviews are figures made of the same rows, so they are not read. One bad cell costs its
row, which is named. Of rows of the same option and instant the first counts, in the order of the
files' paths and of the lines in each.
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
        "{1}_avgerage_price",  # as one of the systems wrote it
    ),
}
"""Columns by the names they had: {0} is ce or pe, {1} call or put."""
COLUMNS = ("timestamp", "symbol", "expiry", "strike", "option_type", "spot", *_SIDE)
_SIDES = (("ce", "call", "CE"), ("pe", "put", "PE"))

ExpiryOf = Callable[[str, str, date], date]
"""Returns the expiry that a folder's name (`this_week`, a date) meant for an index on a day.

A ValueError says why it is not known.
"""


class CsvLines(Protocol):
    """A reader of CSV that counts the lines of the file."""

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
    """A row that could not be read or is flagged, or a whole file.

    Attributes:
        path: The file.
        row: The header is row 1, None is the whole file.
        reason: Why it could not be read, or what is flagged of it.
        is_read: Whether it is read all the same, and flagged.
    """

    path: Path
    row: int | None
    reason: str
    is_read: bool = False


OptionKey = tuple[str, ...]
"""Instant, index, expiry, strike and side of an option, as the columns write them."""


@dataclass(slots=True)
class OlderDay:
    """One index on one day.

    Attributes:
        index: Name of the index.
        day: The day in the files' names.
        files: The files of the day.
        options: After reading, the columns of COLUMNS by option.
        origins: File and row of each option, in the order of `options`.
        troubles: Rows that could not be read.
        contradictions: Options with other figures than an earlier row of theirs.
        contradiction: The first of them, in words.
    """

    index: str
    day: date
    files: list[Path]
    options: dict[OptionKey, tuple[str, ...]] = field(default_factory=dict)
    origins: dict[OptionKey, tuple[Path, int]] = field(default_factory=dict)
    troubles: list[UnreadRow] = field(default_factory=list)
    contradictions: int = 0
    contradiction: str = ""

    def add(self, key: OptionKey, option: tuple[str, ...], path: Path, row: int) -> None:
        """Take an option, unless an earlier row has it."""
        earlier = self.options.setdefault(key, option)
        origin = self.origins.setdefault(key, (path, row))
        if earlier == option:
            return
        self.contradictions += 1
        if not self.contradiction:
            figures = ", ".join(
                f"{name} {here or 'none'} here and {there or 'none'} there"
                for name, here, there in zip(COLUMNS, option, earlier, strict=True)
                if here != there
            )
            at, _, expiry, strike, side = key
            where = f"{path}, line {row}: {expiry} {float(strike):g} {side} at {at}"
            self.contradiction = f"{where} contradicts {origin[0]}, line {origin[1]}: {figures}"


def find(base: Path) -> tuple[list[OlderDay], list[UnreadRow]]:
    """Return the days of each index below `base`, and the CSV files of neither layout."""
    files: dict[tuple[date, str], list[Path]] = defaultdict(list)
    strange: list[UnreadRow] = []
    for path in sorted(base.rglob("*.csv")):
        parts = path.relative_to(base).parts
        if parts[0] == "overview":
            continue
        index, *rest = parts[1:] if parts[0] == "options" else parts
        day = _day_of(path.stem)
        if len(rest) != 3 or index.upper() not in INDICES or day is None:
            reason = "its path is of neither layout: INDEX/EXPIRY/OFFSET/DATE.csv"
            strange.append(UnreadRow(path, None, reason))
            continue
        files[day, index.upper()].append(path)
    days = [OlderDay(index, day, paths) for (day, index), paths in sorted(files.items())]
    return days, strange


def _day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def read(day: OlderDay, expiry_of: ExpiryOf) -> None:
    """Read the files of a day into its options and troubles.

    A file without a column of expiries takes the one that its folder's name meant on that day,
    where `expiry_of` knows it.
    """
    # One expiry may stand in the folders of two buckets, with the same options.
    for path in day.files:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                _read_file(day, path, csv.reader(file), expiry_of)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            day.troubles.append(UnreadRow(path, None, str(error)))


@dataclass(frozen=True, slots=True)
class _CellPlaces:
    """The places of cells in a row.

    Attributes:
        plain: Place by name of what an instant has once.
        sides: Place by name of what each side has, and the side's word.
        expiry: The expiry of the whole file, where it has no such column.
    """

    plain: Mapping[str, int | None]
    sides: Sequence[tuple[Mapping[str, int | None], str]]
    expiry: date | None

    @classmethod
    def of(cls, header: Sequence[str], expiry: date | None) -> _CellPlaces:
        """Return the places of cells below a header."""
        place = {name.strip().lower(): n for n, name in enumerate(header)}
        plain = {name: _first(place, names) for name, names in _PLAIN.items()}
        sides = []
        for short, long, word in _SIDES:
            of_side = {}
            for name, patterns in _SIDE.items():
                of_side[name] = _first(place, [text.format(short, long) for text in patterns])
            sides.append((of_side, word))
        return cls(plain, sides, expiry)

    def used(self) -> list[int]:
        """Return the places that are read, in the order of the header."""
        places = {*self.plain.values()}
        for of_side, _ in self.sides:
            places.update(of_side.values())
        return sorted(place for place in places if place is not None)


def _read_file(day: OlderDay, path: Path, lines: CsvLines, expiry_of: ExpiryOf) -> None:
    header = next(lines, [])
    try:
        columns = _places_of(header, path, day, expiry_of)
    except BadHeader as error:
        day.troubles.append(UnreadRow(path, error.row, str(error)))
        return
    last_line = 1
    for values in lines:
        # A quoted cell may hold line ends, so that a row begins after the reader's last line.
        row = last_line + 1
        last_line = lines.line_num
        if any(value.strip() for value in values):
            _read_row(day, path, row, columns, header, values)


def _read_row(
    day: OlderDay,
    path: Path,
    row: int,
    columns: _CellPlaces,
    header: Sequence[str],
    values: Sequence[str],
) -> None:
    if len(values) != len(header):
        reason = f"has {len(values)} cells, the header {len(header)}"
        day.troubles.append(UnreadRow(path, row, reason))
        return
    try:
        options = _options(day, columns, values)
    except ValueError as error:
        day.troubles.append(UnreadRow(path, row, str(error)))
        return
    for key, option in options:
        day.add(key, option, path, row)


class BadHeader(ValueError):
    """A file lacks a column that cannot be done without, or has one twice.

    `row` is None for the whole file.
    """

    def __init__(self, sentence: str, row: int | None) -> None:
        super().__init__(sentence)
        self.row = row


def _places_of(
    header: Sequence[str], path: Path, day: OlderDay, expiry_of: ExpiryOf
) -> _CellPlaces:
    """Return the places of cells in a file.

    Raises:
        BadHeader: A column that every row needs is missing, or one stands there twice.
    """
    columns = _CellPlaces.of(header, None)
    names = [name.strip().lower() for name in header]
    for place in columns.used():
        if names.count(names[place]) > 1:
            name = header[place].strip()
            raise BadHeader(f"has several columns {name!r}, and which one counts is not known", 1)
    missing = [name for name in ("timestamp", "strike", "spot") if columns.plain[name] is None]
    if missing:
        raise BadHeader(f"has no column {', '.join(missing)}", 1)
    if columns.plain["expiry"] is not None:
        return columns
    try:
        return _CellPlaces.of(header, expiry_of(path.parts[-3], day.index, day.day))
    except ValueError as error:
        raise BadHeader(
            f"has no column of expiries, and its folder does not tell the date: {error}", None
        ) from error


def _options(
    day: OlderDay, columns: _CellPlaces, row: Sequence[str]
) -> list[tuple[OptionKey, tuple[str, ...]]]:
    """Return the options of a row by key.

    Raises:
        ValueError: A cell is wrong, with its fault.
    """
    texts = _texts(columns.plain, row)
    if _is_other_index(texts["index"], day.index):
        raise ValueError(f"index {texts['index']!r} is not {day.index}, whose folder this is")
    at = _instant(texts["timestamp"])
    if at.astimezone(IST).date() != day.day:
        raise ValueError(
            f"timestamp {texts['timestamp']!r} is not of {day.day}, the day in the file's name"
        )
    expiry = columns.expiry or _expiry(texts["expiry"])
    if expiry < day.day:
        raise ValueError(f"expiry {texts['expiry']!r} is before the row's own day")
    strike = _number("strike", texts["strike"])
    if not strike > 0:
        raise ValueError(f"strike {texts['strike']!r} is missing or not positive")
    spot = _written(_number("spot", texts["spot"]))
    options: list[tuple[OptionKey, tuple[str, ...]]] = []
    for places, word in columns.sides:
        of_side = _texts(places, row)
        if any(of_side.values()):
            key = (isoformat_z(at), day.index, expiry.isoformat(), f"{strike!r}", word)
            options.append((key, (*key, spot, *_figures(word, of_side))))
    return options


def _texts(places: Mapping[str, int | None], row: Sequence[str]) -> dict[str, str]:
    return {name: "" if n is None else row[n].strip() for name, n in places.items()}


def _is_other_index(text: str, index: str) -> bool:
    """Tell whether a cell names another underlying."""
    # A symbol of a contract begins with the name, and a cell without a letter names nothing.
    name = text.upper().replace(" ", "")
    names = (index, INDICES[index].spot.upper().replace(" ", ""))
    return any(letter.isalpha() for letter in name) and not name.startswith(names)


def _figures(word: str, texts: Mapping[str, str]) -> list[str]:
    figures = {name: _number(f"{word} {name}", text) for name, text in texts.items()}
    if isnan(figures["ltp"]) and texts["ltp"] and figures["volume"] > 0:
        raise ValueError(
            f"{word} ltp is {texts['ltp']!r}, "
            f"and the same row says that it traded (volume {texts['volume']})"
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


def _first(place: Mapping[str, int], names: Sequence[str]) -> int | None:
    return next((place[name] for name in names if name in place), None)
