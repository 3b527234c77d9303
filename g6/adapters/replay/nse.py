"""NSE's option-chain answers: one JSON document is one underlying at one instant, open interest and volume in contracts.

Source: www.nseindia.com/api/option-chain-indices as recorded by others; a zero price, bid, ask or volatility there means none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from math import isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.snapshot import Malformed, Rows, Snapshot, instant_of, root_of, snapshot
from g6.domain.instrument import SIDES
from g6.errors import BadInput

FIGURES = {
    "last": "lastPrice", "bid": "bidprice", "ask": "askPrice", "bid_quantity": "bidQty", "ask_quantity": "askQty",
    "buy_quantity": "totalBuyQuantity", "sell_quantity": "totalSellQuantity", "volume": "totalTradedVolume",
    "oi": "openInterest", "oi_change": "changeinOpenInterest", "exchange_iv": "impliedVolatility",
}  # fmt: skip
NONE_IS_ZERO = frozenset(("last", "bid", "ask", "exchange_iv"))
IN_CONTRACTS = frozenset(("volume", "oi", "oi_prev"))


def parse_nse(document: Any) -> tuple[str, datetime, Snapshot]:
    """Return index, instant (UTC) and snapshot of one answer. Errors: Malformed, with the entry of `records.data`."""
    records = _part(document, "records", dict)
    entries = _part(records, "data", list)
    at = _moment(_part(records, "timestamp", str))
    options = list(_options(entries))
    if not options:
        raise Malformed(None, "records.data holds no option")
    names = {str(option.get("underlying", "")) for _, _, _, option in options}
    if len(names) != 1:
        raise Malformed(None, f"holds options of several underlyings: {', '.join(sorted(names))}")
    index = root_of(names.pop())
    return index, at, snapshot(index, at, _number(records, "underlyingValue", None), _rows(options))


def parse_totals(document: Any) -> dict[str, float]:
    """Return the exchange's own sums over the nearest expiry, contracts: `oi_calls`, `oi_puts`; NaN where the answer has none."""
    filtered = document.get("filtered") or {}
    sides = {"oi_calls": filtered.get("CE") or {}, "oi_puts": filtered.get("PE") or {}}
    return {name: _number(side, "totOI", "filtered") for name, side in sides.items()}


def _part(parent: Any, key: str, kind: type) -> Any:
    if not isinstance(parent, dict) or not isinstance(parent.get(key), kind):
        raise Malformed(None, f"is no option-chain answer: {key} is missing or not a {kind.__name__}")
    return parent[key]


def _moment(text: str) -> datetime:
    try:
        return instant_of(datetime.strptime(text, "%d-%b-%Y %H:%M:%S"))  # noqa: DTZ007 - instant_of gives it India's zone
    except ValueError as error:
        raise Malformed(None, f"records.timestamp {text!r} is not written as 01-Apr-2022 15:30:00") from error


def _options(entries: Sequence[Any]) -> Iterator[tuple[int, date, int, Mapping[str, Any]]]:
    """Yield row, expiry, side and figures of every option."""
    for row, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise Malformed(row, "is not an object")
        expiry = _day(entry.get("expiryDate"), row)
        for side, name in enumerate(SIDES):
            if name in entry:
                if not isinstance(entry[name], dict):
                    raise Malformed(row, f"{name} is not an object")
                yield row, expiry, side, {"strikePrice": entry.get("strikePrice"), **entry[name]}


@lru_cache(maxsize=256)
def _parsed_day(text: str) -> date:
    return datetime.strptime(text, "%d-%b-%Y").date()  # noqa: DTZ007 - a date


def _day(text: Any, row: int) -> date:
    try:
        return _parsed_day(str(text))
    except ValueError as error:
        raise Malformed(row, f"expiryDate {text!r} is not written as 07-Apr-2022") from error


def _number(figures: Mapping[str, Any], key: str, row: int | str | None) -> float:
    value = figures.get(key)
    if value is None:
        return nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Malformed(row, f"{key} {value!r} is not a number")
    return float(value)


def _rows(options: Sequence[tuple[int, date, int, Mapping[str, Any]]]) -> Rows:
    strikes = [_number(option, "strikePrice", row) for row, _, _, option in options]
    seen: set[tuple[date, float, int]] = set()
    for (row, expiry, side, _), strike in zip(options, strikes, strict=True):
        if not strike > 0:
            raise Malformed(row, "strikePrice is missing or not positive")
        if (expiry, strike, side) in seen:
            raise Malformed(row, f"{SIDES[side]} {strike:g} of {expiry} is there twice")
        seen.add((expiry, strike, side))
    figures = {
        name: np.array([_number(option, key, row) for row, _, _, option in options]) for name, key in FIGURES.items()
    }  # fmt: skip
    for name in NONE_IS_ZERO:
        figures[name][figures[name] <= 0] = np.nan
    figures["exchange_iv"] /= 100.0
    figures["oi_prev"] = figures["oi"] - figures.pop("oi_change")
    return Rows(
        np.array([expiry for _, expiry, _, _ in options], dtype="datetime64[D]"),
        np.array(strikes),
        np.array([side for _, _, side, _ in options], dtype=np.intp),
        figures,
        IN_CONTRACTS,
        _identifiers(options),
    )


def _identifiers(options: Sequence[tuple[int, date, int, Mapping[str, Any]]]) -> NDArray[np.object_] | None:
    names = [str(option.get("identifier") or "") for _, _, _, option in options]
    return np.array(names, dtype=object) if all(names) else None


def read_document(path: Path) -> Any:
    """Return a file's JSON. Errors: BadInput."""
    try:
        return json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise BadInput(path, error.lineno, f"is not whole JSON: {error.msg} at character {error.pos}") from error
    except (UnicodeDecodeError, OSError) as error:
        raise BadInput(path, None, f"cannot be read: {error}") from error


class NseAnswers:
    """Source over files of one answer each; every file is parsed when opened, and again when its instant is asked for."""

    remembers = False

    def __init__(self, paths: Sequence[Path]) -> None:
        """Check every file. Errors: BadInput."""
        self._files: dict[tuple[str, datetime], Path] = {}
        expiries: dict[str, set[date]] = {}
        for path in paths:
            index, at, found = _read(path)
            if (index, at) in self._files:
                raise BadInput(path, None, f"holds {index} at the same instant as {self._files[index, at].name}")
            self._files[index, at] = path
            expiries.setdefault(index, set()).update(found.contracts.expiries)
        self._expiries = {index: frozenset(days) for index, days in expiries.items()}

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index."""
        return {index: tuple(sorted(at for name, at in self._files if name == index)) for index in sorted(self._expiries)}

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index."""
        return self._expiries

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return one answer. Errors: BadInput."""
        return _read(self._files[index, at])[2]

    def totals(self, index: str, at: datetime) -> dict[str, float]:
        """Return the exchange's own sums of one answer. Errors: BadInput."""
        return parse_totals(read_document(self._files[index, at]))


def _read(path: Path) -> tuple[str, datetime, Snapshot]:
    try:
        return parse_nse(read_document(path))
    except Malformed as error:
        raise BadInput(path, error.row, error.reason) from error
