"""The broker's instrument dump: CSV in, columns out, or the line and the reason why not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from g6.domain.instrument import INDICES
from g6.errors import BadInput

COLUMNS = (
    "instrument_token", "exchange_token", "tradingsymbol", "name", "last_price", "expiry", "strike", "tick_size", "lot_size",
    "instrument_type", "segment", "exchange",
)  # fmt: skip
FIELDS = ("symbol", "token", "name", "expiry", "strike", "tick_size", "lot_size", "instrument_type", "segment", "exchange")
_AT = {name: place for place, name in enumerate(COLUMNS)}
_KINDS = frozenset(("CE", "PE", "FUT"))


def parse_dump(raw: bytes, exchange: str, day: date, where: str = "") -> dict[str, list[Any]]:
    """Return the contracts of the known indices in a dump of `exchange` (NFO, BFO) as the columns `instrument.listing` takes.

    Every line is looked at, those of other roots only for their shape. Refused, with line and reason: other columns, a cut line, a
    number that is none, a symbol twice, a contract that expired before `day` (an old dump), a dump without a single option of
    ours. A blank strike or lot counts as 0: only contracts need them. Errors: BadInput.
    """
    where = where or f"instrument dump of {exchange}"
    found: dict[str, list[Any]] = {name: [] for name in FIELDS}
    symbols: dict[str, int] = {}
    options = 0
    for number, row in _rows(raw, where):
        if row[_AT["name"]] not in INDICES or row[_AT["instrument_type"]] not in _KINDS:
            continue
        reason = _taken(row, found, day) if row[_AT["exchange"]] == exchange else f"belongs to {row[_AT['exchange']]!r}"
        symbol = row[_AT["tradingsymbol"]]
        if not reason and symbols.setdefault(symbol, number) != number:
            reason = f"{symbol} stands in line {symbols[symbol]} too"
        if reason:
            raise BadInput(where, number, reason, f"g6 check kite asks for it again; the newest good dump of {exchange} serves on")
        options += row[_AT["instrument_type"]] != "FUT"
    if not options:
        raise BadInput(where, None, "lists no option of any known index", "the exchange's dump is made about 08:00 IST; try later")
    return found


def _rows(raw: bytes, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of every line after the header, each as long as the header."""
    try:
        lines = csv.reader(io.StringIO(raw.decode("utf-8-sig")), strict=True)
        header = next(lines, [])
        if tuple(header[: len(COLUMNS)]) != COLUMNS:
            raise BadInput(where, 1, f"has the columns {', '.join(header)[:80] or 'of nothing'}, not those of a dump")
        for number, row in enumerate(lines, 2):
            if row and len(row) != len(header):
                raise BadInput(where, number, f"has {len(row)} fields where {len(header)} are due: the dump is cut or damaged")
            if row:
                yield number, row
    except UnicodeDecodeError as error:
        raise BadInput(where, None, f"is not text: {error.reason} at byte {error.start}") from error
    except csv.Error as error:
        raise BadInput(where, lines.line_num, f"is not CSV: {error}") from error


def _taken(row: list[str], found: Mapping[str, list[Any]], day: date) -> str:
    """Take one contract into `found`; return why it cannot be one, else nothing."""
    try:
        token, lot = int(row[_AT["instrument_token"]]), int(float(row[_AT["lot_size"]] or 0))
        strike, tick = float(row[_AT["strike"]] or 0), float(row[_AT["tick_size"]] or 0)
        expiry = date.fromisoformat(row[_AT["expiry"]])
    except ValueError as error:
        return str(error)
    kind = row[_AT["instrument_type"]]
    if expiry < day:
        return f"expired on {expiry}, before {day}: this is an old dump"
    if lot <= 0 or token <= 0 or (kind != "FUT" and strike <= 0):
        return f"has token {token}, lot {lot}, strike {strike:g}: no {kind} has"
    values = (row[_AT["tradingsymbol"]], token, row[_AT["name"]], expiry, strike, tick, lot, kind, row[_AT["segment"]],
              row[_AT["exchange"]])  # fmt: skip
    for name, value in zip(FIELDS, values, strict=True):
        found[name].append(value)
    return ""


def of_interest(raw: bytes, names: Iterable[str] = tuple(INDICES)) -> bytes:
    """Return the dump without the roots that are not ours, byte for byte otherwise: a fifth of it, for caches."""
    wanted = {name.encode() for name in names}
    header, _, body = raw.partition(b"\n")
    fields = ((line, line.split(b",", 4)) for line in body.splitlines(keepends=True))
    return header + b"\n" + b"".join(line for line, each in fields if len(each) < 5 or each[3].strip(b'"') in wanted)
