"""Kite's instrument dump: CSV in, columns out.

A row that cannot be a contract is left out, with its line and the reason.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date
from math import isfinite

from g6.domain.market.dump_layout import DUMP_COLUMNS
from g6.domain.market.instrument import INDICES, INVENTED
from g6.errors import BadInput

_AT = {name: column for column, name in enumerate(DUMP_COLUMNS)}
_KINDS = frozenset(("CE", "PE", "FUT"))
_EXCHANGES = frozenset(
    ("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCO", "NSEIX", "GLOBAL", "MCXSX")
)

FARTHEST_YEARS = 10
"""NIFTY's half-yearlies run five years ahead.

No contract lives twice as long.
"""
MOST_DIGITS = 18
"""A token or lot with more digits does not fit the 64 bits of a column."""
# One weekly of NIFTY alone is 210 rows, 5 % of its contracts: a dump of yesterday's expiry day
# shows.
OLD_ROWS = 10
"""A dump with this many expired contracts is yesterday's, if they are OLD_SHARE of all as well."""
OLD_SHARE = 0.01
ODD_ROWS = 100
"""More wrong rows than this, and than right ones, are no odd rows but a damaged dump."""
SHOWN_ROWS = 3
"""Rows that a sentence quotes."""
MADE_AT = "the exchange's dump is made about 08:00 IST"


@dataclass(frozen=True, slots=True)
class DumpRow:
    """A contract of the dump, its columns by the names that `instrument.listing` takes."""

    symbol: str
    token: int
    name: str
    expiry: date
    strike: float
    tick_size: float
    lot_size: int
    instrument_type: str
    segment: str
    exchange: str

    @property
    def is_future(self) -> bool:
        """Whether the contract is a future, which has no strike."""
        return self.instrument_type == "FUT"


FIELDS = tuple(column.name for column in fields(DumpRow))


@dataclass(slots=True)
class Dump:
    """The contracts of the known indices in one dump.

    Attributes:
        columns: Equally long lists by name, as `instrument.listing` takes them.
        left_out: Line and reason of every row that cannot be a contract of this exchange.
        foreign: How many rows belong to another exchange's contracts.
    """

    columns: dict[str, list[object]] = field(default_factory=lambda: {name: [] for name in FIELDS})
    left_out: list[tuple[int, str]] = field(default_factory=list)
    foreign: int = 0

    def add(self, row: DumpRow) -> None:
        """Add a contract to the columns."""
        # dataclasses.astuple would copy every value deeply: ten copies a contract.
        for name in FIELDS:
            self.columns[name].append(getattr(row, name))

    def sentence(self) -> str:
        """Return how many rows are left out and why, in one line. "" when none is."""
        count = len(self.left_out) + self.foreign
        if not count:
            return ""
        parts = [f"line {line} {reason}" for line, reason in self.left_out[:SHOWN_ROWS]]
        if len(self.left_out) > SHOWN_ROWS:
            parts.append(f"{len(self.left_out) - SHOWN_ROWS} more")
        if self.foreign:
            parts.append(f"{self.foreign} of another exchange")
        rows = "rows are" if count > 1 else "row is"
        return f"{count} {rows} left out: {'; '.join(parts)}"


def parse_dump(raw: bytes, exchange: str, day: date, where: str = "") -> Dump:
    """Return the contracts of the known indices in a dump of one exchange.

    A row that cannot be a contract is left out and counted, and the rest stands: a number that is
    none, a line with too few fields, a contract twice, one of another exchange or one that expired
    before `day`.

    Args:
        raw: The dump as Kite sends it.
        exchange: NFO or BFO.
        day: The day of the dump. `date.min` lets expired contracts pass.
        where: The file's name for errors.

    Raises:
        BadInput: The dump has other columns, ends within a line, is of an earlier day, or most rows
            of our indices are wrong.
    """
    where = where or f"instrument dump of {exchange}"
    dump = Dump()
    listed = _ListedLines()
    expired: list[int] = []
    options = 0
    rows = 0
    for line, values in _rows(raw, where, dump):
        if values[_AT["name"]] not in INDICES or values[_AT["instrument_type"]] not in _KINDS:
            continue
        if values[_AT["exchange"]] != exchange and values[_AT["exchange"]] in _EXCHANGES:
            dump.foreign += 1
            continue
        rows += 1
        try:
            row = _contract(values, exchange, day)
            if row.expiry < day:
                expired.append(line)
                raise ValueError(f"expired on {row.expiry}, before {day}")
            listed.add(row, line)
        except ValueError as error:
            dump.left_out.append((line, str(error)))
            continue
        dump.add(row)
        options += not row.is_future
    _refuse_old(where, rows, expired)
    _refuse_damaged(dump, where, options)
    return dump


def _refuse_old(where: str, rows: int, expired: list[int]) -> None:
    """Refuse a dump of an earlier day.

    Raises:
        BadInput: It is of an earlier day.
    """
    if not expired:
        return
    if len(expired) == rows or len(expired) >= max(OLD_ROWS, OLD_SHARE * rows):
        reason = f"{len(expired)} of {rows} contracts had expired: this is an old dump"
        raise BadInput(where, expired[0], reason, f"{MADE_AT}; try later")


def _refuse_damaged(dump: Dump, where: str, options: int) -> None:
    """Refuse a dump that lists no option, or has more wrong rows than right ones.

    Raises:
        BadInput: It is such a dump.
    """
    if options and len(dump.left_out) <= max(ODD_ROWS, len(dump.columns["symbol"])):
        return
    reason = "has more wrong rows than right ones"
    if not options:
        reason = "lists no option of any known index"
    line = None
    if dump.left_out:
        line, example = dump.left_out[0]
        reason += f"; line {line} {example}"
    elif dump.foreign:
        reason += f"; {dump.foreign} rows are another exchange's"
    raise BadInput(where, line, reason, f"{MADE_AT}; g6 check kite asks for it again")


def _rows(raw: bytes, where: str, dump: Dump) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and values of every line after the header that is as long as the header."""
    lines = raw.decode("utf-8-sig", errors="replace").split("\n")
    header = _split(lines[0].rstrip("\r"))
    if tuple(header[: len(DUMP_COLUMNS)]) != DUMP_COLUMNS:
        names = ", ".join(header)[:80] or "of nothing"
        raise BadInput(where, 1, f"has the columns {names}, not those of a dump")
    last = len(lines)
    for number, line in enumerate(lines[1:], 2):
        text = line.rstrip("\r")
        if not text.strip():
            continue
        values = _split(text)
        is_whole = len(values) == len(header)
        # A download that broke off ends within a line, so that rows are missing that nobody can
        # count.
        if number == last and not (is_whole and values[_AT["exchange"]] in _EXCHANGES):
            reason = (
                "the dump is cut: it ends within this line, "
                f"after {len(values)} of {len(header)} fields"
            )
            raise BadInput(where, number, reason)
        if not is_whole:
            reason = f"has {len(values)} fields where {len(header)} are due"
            dump.left_out.append((number, reason))
            continue
        yield number, values


def _split(line: str) -> list[str]:
    """Return the values of one line.

    A quote that is not closed ends with its line.
    """
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _contract(values: list[str], exchange: str, day: date) -> DumpRow:
    """Return the contract of a line.

    Raises:
        ValueError: It cannot be one, with the reason.
    """
    if values[_AT["exchange"]] != exchange:
        raise ValueError(f"belongs to {values[_AT['exchange']][:20]!r}")
    try:
        # A blank strike or "1.0" as a lot cost kiteconnect 5.2.2 the whole dump.
        row = DumpRow(
            symbol=values[_AT["tradingsymbol"]],
            token=_whole(values[_AT["instrument_token"]]),
            name=values[_AT["name"]],
            expiry=date.fromisoformat(values[_AT["expiry"]]),
            strike=float(values[_AT["strike"]] or 0),
            tick_size=float(values[_AT["tick_size"]] or 0),
            lot_size=_whole(values[_AT["lot_size"]] or "0"),
            instrument_type=values[_AT["instrument_type"]],
            segment=values[_AT["segment"]],
            exchange=values[_AT["exchange"]],
        )
    except (ValueError, OverflowError) as error:
        raise ValueError(f"cannot be read: {str(error)[:80]}") from error
    if reason := _impossible(row, day):
        raise ValueError(reason)
    return row


def _impossible(row: DumpRow, day: date) -> str:
    """Return why no exchange lists such a contract, "" when one may."""
    kind = row.instrument_type
    if row.token <= 0 or row.lot_size <= 0:
        return f"has token {row.token}, lot {row.lot_size}: no {kind} has"
    if not isfinite(row.strike) or (not row.is_future and row.strike <= 0):
        return f"has strike {row.strike:g}: no {kind} has"
    if not isfinite(row.tick_size) or row.tick_size < 0:
        return f"has tick {row.tick_size:g}"
    if not row.symbol or "�" in row.symbol:
        return "has no symbol that can be asked for"
    if day > date.min and row.expiry.year > day.year + FARTHEST_YEARS:
        return f"expires on {row.expiry}, more than {FARTHEST_YEARS} years ahead"
    return ""


def _whole(text: str) -> int:
    """Return a whole number, also one written as 65.0.

    Raises:
        ValueError: The text is no whole number.
    """
    value = text.strip()
    number, _, fraction = value.partition(".")
    if not number.isdecimal() or fraction.strip("0") or len(number) > MOST_DIGITS:
        raise ValueError(f"{value[:40]!r} is not a whole number")
    return int(number)


class _ListedLines:
    """Remembers which contracts a dump has listed, and in which line."""

    def __init__(self) -> None:
        self._lines: dict[tuple[object, ...], int] = {}

    def add(self, row: DumpRow, line: int) -> None:
        """Remember a contract.

        Raises:
            ValueError: An earlier line has its symbol, token or terms.
        """
        keys = (
            ("symbol", row.symbol),
            ("token", row.token),
            ("contract", row.name, row.expiry, row.strike, row.instrument_type),
        )
        for key in keys:
            if key in self._lines:
                raise ValueError(f"repeats the {key[0]} of line {self._lines[key]} ({row.symbol})")
        self._lines.update(dict.fromkeys(keys, line))


def of_interest(raw: bytes, names: Iterable[str] = (*INDICES, *INVENTED)) -> bytes:
    """Return the dump without the roots that are not ours, byte for byte otherwise.

    A fifth of the dump is left, which is what the shared cache holds.
    """
    roots = {name.encode() for name in names}
    header, _, body = raw.partition(b"\n")
    lines = [header + b"\n"]
    for line in body.splitlines(keepends=True):
        values = line.split(b",", 4)
        # A line that is too short stays: the parser counts it as one that cannot be read.
        if len(values) < 5 or values[3].strip(b'"') in roots:
            lines.append(line)
    return b"".join(lines)
