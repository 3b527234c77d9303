"""The broker's instrument dump: CSV in, columns out; a row that cannot be one is left out with its line and the reason."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Any

from g6.domain.market.instrument import INDICES
from g6.errors import BadInput

COLUMNS = (
    "instrument_token", "exchange_token", "tradingsymbol", "name", "last_price", "expiry", "strike", "tick_size", "lot_size",
    "instrument_type", "segment", "exchange",
)  # fmt: skip
FIELDS = (
    "symbol",
    "token",
    "name",
    "expiry",
    "strike",
    "tick_size",
    "lot_size",
    "instrument_type",
    "segment",
    "exchange",
)
_AT = {name: place for place, name in enumerate(COLUMNS)}
_KINDS = frozenset(("CE", "PE", "FUT"))
_EXCHANGES = frozenset(
    ("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCO", "NSEIX", "GLOBAL", "MCXSX")
)

FARTHEST_YEARS = 10
"""NIFTY's half-yearlies run five years ahead; no contract lives twice as long."""
MOST_DIGITS = 18
"""A token or lot with more digits does not fit the 64 bits of a column."""
OLD_ROWS, OLD_SHARE = 10, 0.01
"""From this many expired contracts on, and this share of all, a dump is yesterday's: one weekly of NIFTY alone is 210 rows, 5 %."""
ODD_ROWS = 100
"""More wrong rows than this, and than right ones, are no odd rows but a damaged dump."""
SHOWN = 3


@dataclass(slots=True)
class Dump:
    """The contracts of the known indices in one dump.

    Attributes:
        columns: Equally long lists by name, as `instrument.listing` takes them.
        left_out: Line and reason of every row that cannot be a contract of this exchange.
        foreign: How many rows belong to another exchange's contracts.
    """

    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in FIELDS})
    left_out: list[tuple[int, str]] = field(default_factory=list)
    foreign: int = 0

    def sentence(self) -> str:
        """Return what is left out and why, in one line; nothing when nothing is."""
        shown = [f"line {line} {reason}" for line, reason in self.left_out[:SHOWN]]
        if len(self.left_out) > SHOWN:
            shown.append(f"{len(self.left_out) - SHOWN} more")
        if self.foreign:
            shown.append(f"{self.foreign} of another exchange")
        count = len(self.left_out) + self.foreign
        return (
            f"{count} row{'s are' if count > 1 else ' is'} left out: {'; '.join(shown)}"
            if count
            else ""
        )


def parse_dump(raw: bytes, exchange: str, day: date, where: str = "") -> Dump:
    """Return the contracts of the known indices in a dump of `exchange` (NFO, BFO).

    A row that cannot be a contract (a number that is none, a line with too few fields, a contract twice, one of another exchange
    or one that had expired before `day`) is left out and counted, and the rest stands. Refused is a dump with other columns, one
    that ends within a line, one of an earlier day, and one in which most rows of ours are wrong. Errors: BadInput.
    """
    where = where or f"instrument dump of {exchange}"
    dump, seen = Dump(), _Seen()
    expired: list[int] = []
    options = rows = 0
    for number, row in _rows(raw, where, dump):
        if row[_AT["name"]] not in INDICES or row[_AT["instrument_type"]] not in _KINDS:
            continue
        if row[_AT["exchange"]] != exchange and row[_AT["exchange"]] in _EXCHANGES:
            dump.foreign += 1
            continue
        rows += 1
        values, reason = _contract(row, exchange, day)
        if not reason and values["expiry"] < day:
            expired.append(number)
            reason = f"expired on {values['expiry']}, before {day}"
        if reason := reason or seen.before(values, number):
            dump.left_out.append((number, reason))
            continue
        for name in FIELDS:
            dump.columns[name].append(values[name])
        options += values["instrument_type"] != "FUT"
    _refuse_if_unusable(dump, where, options, rows, expired)
    return dump


def _refuse_if_unusable(
    dump: Dump, where: str, options: int, rows: int, expired: list[int]
) -> None:
    """See that what was read can be a day's dump. Errors: BadInput."""
    again = "g6 check kite asks for it again"
    if (expired and len(expired) == rows) or len(expired) >= max(OLD_ROWS, OLD_SHARE * rows):
        reason = f"{len(expired)} of {rows} contracts had expired: this is an old dump"
        raise BadInput(
            where, expired[0], reason, "the exchange's dump is made about 08:00 IST; try later"
        )
    if not options or len(dump.left_out) > max(ODD_ROWS, len(dump.columns["symbol"])):
        line, reason = dump.left_out[0] if dump.left_out else (None, "")
        told = (
            f"; line {line} {reason}"
            if reason
            else f"; {dump.foreign} rows are another exchange's"
            if dump.foreign
            else ""
        )
        what = (
            "has more wrong rows than right ones"
            if options
            else "lists no option of any known index"
        )
        raise BadInput(
            where, line, what + told, f"the exchange's dump is made about 08:00 IST; {again}"
        )


def _rows(raw: bytes, where: str, dump: Dump) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of every line after the header that has as many as the header."""
    lines = raw.decode("utf-8-sig", errors="replace").split("\n")
    header = _fields(lines[0].rstrip("\r"))
    if tuple(header[: len(COLUMNS)]) != COLUMNS:
        raise BadInput(
            where,
            1,
            f"has the columns {', '.join(header)[:80] or 'of nothing'}, not those of a dump",
        )
    last = len(lines)
    for number, line in enumerate(lines[1:], 2):
        text = line.rstrip("\r")
        if not text.strip():
            continue
        fields = _fields(text)
        whole = len(fields) == len(header)
        # A download that broke off ends within a line, so that rows are missing that nobody can count.
        if number == last and not (whole and fields[_AT["exchange"]] in _EXCHANGES):
            raise BadInput(
                where,
                number,
                f"the dump is cut: it ends within this line, after {len(fields)} of {len(header)} fields",
            )
        if not whole:
            dump.left_out.append((number, f"has {len(fields)} fields where {len(header)} are due"))
            continue
        yield number, fields


def _fields(line: str) -> list[str]:
    """Return the fields of one line; a quote that is not closed ends with its line."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _contract(row: list[str], exchange: str, day: date) -> tuple[dict[str, Any], str]:
    """Return the row's values by our names, and why it cannot be a contract, nothing when it can."""
    values: dict[str, Any] = {
        "symbol": row[_AT["tradingsymbol"]], "name": row[_AT["name"]], "instrument_type": row[_AT["instrument_type"]],
        "segment": row[_AT["segment"]], "exchange": row[_AT["exchange"]],
    }  # fmt: skip
    if values["exchange"] != exchange:
        return values, f"belongs to {values['exchange'][:20]!r}"
    try:
        values["token"] = _whole(row[_AT["instrument_token"]])
        values["lot_size"] = _whole(row[_AT["lot_size"]] or "0")
        values["strike"], values["tick_size"] = (
            float(row[_AT["strike"]] or 0),
            float(row[_AT["tick_size"]] or 0),
        )
        values["expiry"] = date.fromisoformat(row[_AT["expiry"]])
    except (ValueError, OverflowError) as error:
        return values, f"cannot be read: {str(error)[:80]}"
    return values, _impossible(values, day)


def _impossible(values: dict[str, Any], day: date) -> str:
    """Return why no exchange lists such a contract, nothing when one may."""
    kind, strike, tick = values["instrument_type"], values["strike"], values["tick_size"]
    if values["token"] <= 0 or values["lot_size"] <= 0:
        return f"has token {values['token']}, lot {values['lot_size']}: no {kind} has"
    if not isfinite(strike) or (kind != "FUT" and strike <= 0):
        return f"has strike {strike:g}: no {kind} has"
    if not isfinite(tick) or tick < 0:
        return f"has tick {tick:g}"
    if not values["symbol"] or "�" in values["symbol"]:
        return "has no symbol that can be asked for"
    if day > date.min and values["expiry"].year > day.year + FARTHEST_YEARS:
        return f"expires on {values['expiry']}, more than {FARTHEST_YEARS} years ahead"
    return ""


def _whole(text: str) -> int:
    """Return a positive whole number, also one written as 65.0. Errors: ValueError."""
    value = text.strip()
    number, _, fraction = value.partition(".")
    if not number.isdecimal() or fraction.strip("0") or len(number) > MOST_DIGITS:
        raise ValueError(f"{value[:40]!r} is not a whole number")
    return int(number)


class _Seen:
    """Remembers which contracts a dump has listed, and in which line."""

    def __init__(self) -> None:
        self._lines: dict[tuple[Any, ...], int] = {}

    def before(self, values: dict[str, Any], number: int) -> str:
        """Return which line lists the same symbol, token or contract already, nothing when none does."""
        contract = (values["name"], values["expiry"], values["strike"], values["instrument_type"])
        keys = (("symbol", values["symbol"]), ("token", values["token"]), ("contract", *contract))
        for key in keys:
            if key in self._lines:
                return f"repeats the {key[0]} of line {self._lines[key]} ({values['symbol']})"
        self._lines.update(dict.fromkeys(keys, number))
        return ""


def of_interest(raw: bytes, names: Iterable[str] = tuple(INDICES)) -> bytes:
    """Return the dump without the roots that are not ours, byte for byte otherwise: a fifth of it, for caches."""
    wanted = {name.encode() for name in names}
    header, _, body = raw.partition(b"\n")
    fields = ((line, line.split(b",", 4)) for line in body.splitlines(keepends=True))
    return (
        header
        + b"\n"
        + b"".join(line for line, each in fields if len(each) < 5 or each[3].strip(b'"') in wanted)
    )
