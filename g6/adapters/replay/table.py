"""Tables of snapshots, Parquet or CSV: one row per option and instant, in files of any number and order.

Columns timestamp, symbol, expiry, strike, option_type, spot, ltp, volume, oi; optional bid, ask, average_price,
oi_change and exchange_iv_pct.
Quantities are units; `volume_contracts`, `oi_contracts` and `oi_change_contracts` stand in for them and count contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from g6.adapters.replay.snapshot import Malformed, Rows, instant_of, root_of
from g6.domain.instrument import SIDES

Array = NDArray[np.float64]

KEYS = ("timestamp", "symbol", "expiry", "strike", "option_type")
NUMBERS: Mapping[str, tuple[str, ...]] = {
    "spot": ("spot",),
    "last": ("ltp",),
    "volume": ("volume", "volume_contracts"),
    "oi": ("oi", "oi_contracts"),
    "bid": ("bid",),
    "ask": ("ask",),
    "average_price": ("average_price",),
    "oi_change": ("oi_change", "oi_change_contracts"),
    "exchange_iv": ("exchange_iv_pct",),
}
"""Figures and the columns that may hold them, the first one there counts."""
OPTIONAL = frozenset(("bid", "ask", "average_price", "oi_change", "exchange_iv"))
COLUMNS = frozenset((*KEYS, *(name for names in NUMBERS.values() for name in names)))


@dataclass(frozen=True, slots=True)
class Options:
    """Rows of a table, `(m,)` each: `at` epoch microseconds, `side` 0 CE, 1 PE, the rest as in `snapshot.Rows`; `spot` points."""

    at: NDArray[np.int64]
    index: NDArray[np.object_]
    expiry: NDArray[np.datetime64]
    strike: Array
    side: NDArray[np.intp]
    spot: Array
    figures: Mapping[str, Array]
    in_contracts: frozenset[str]

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: NDArray[Any]) -> Options:
        """Return the rows that a mask or positions choose."""
        figures = {name: figure[rows] for name, figure in self.figures.items()}
        at, index, expiry, strike = self.at[rows], self.index[rows], self.expiry[rows], self.strike[rows]
        return Options(at, index, expiry, strike, self.side[rows], self.spot[rows], figures, self.in_contracts)

    def rows(self) -> Rows:
        """Return the rows as one snapshot's."""
        return Rows(self.expiry, self.strike, self.side, self.figures, self.in_contracts)


def check_columns(names: list[str]) -> None:
    """See that the columns of a table suffice. Errors: Malformed, naming what is missing."""
    missing = [name for name in KEYS if name not in names]
    missing += [
        " or ".join(choice)
        for name, choice in NUMBERS.items()
        if name not in OPTIONAL and not any(column in names for column in choice)
    ]
    if missing:
        raise Malformed(None, f"has no column {', '.join(missing)}; there are {', '.join(names) or 'none'}")


def parse_table(table: pa.Table, before: int = 0) -> Options:
    """Return the options of a table, or of a batch of one with `before` rows ahead of it. Rows count from 1. Errors: Malformed."""
    check_columns(table.column_names)
    columns = {figure: next((name for name in names if name in table.column_names), "") for figure, names in NUMBERS.items()}
    numbers = {figure: _numbers(table, name, before) for figure, name in columns.items() if name}
    in_contracts = {figure for figure, name in columns.items() if name.endswith("_contracts")}
    for name in ("last", "bid", "ask", "exchange_iv"):
        if name in numbers:
            numbers[name] = np.where(numbers[name] > 0, numbers[name], np.nan)
    if "exchange_iv" in numbers:
        numbers["exchange_iv"] /= 100.0
    if "oi_change" in numbers:
        if ("oi_change" in in_contracts) != ("oi" in in_contracts):
            raise Malformed(None, "counts open interest in contracts and its change in units, or the other way round")
        numbers["oi_prev"] = numbers["oi"] - numbers.pop("oi_change")
        in_contracts = in_contracts - {"oi_change"} | ({"oi_prev"} if "oi" in in_contracts else set())
    strike = _numbers(table, "strike", before)
    if not np.all(strike > 0):
        raise Malformed(before + int(np.argmin(strike > 0)) + 1, "strike is missing or not positive")
    return Options(
        at=_values(table, "timestamp", before, _micros).astype(np.int64),
        index=_values(table, "symbol", before, lambda value: root_of(str(value))),
        expiry=_values(table, "expiry", before, _day).astype("datetime64[D]"),
        strike=strike,
        side=_values(table, "option_type", before, _side).astype(np.intp),
        spot=numbers.pop("spot"),
        figures=numbers,
        in_contracts=frozenset(in_contracts),
    )


def _numbers(table: pa.Table, name: str, before: int) -> Array:
    """A column as float64, missing values NaN."""
    column = table.column(name).combine_chunks()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        text = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text)
    try:
        values = np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        row, value = next((n, value) for n, value in enumerate(column.to_pylist()) if value is not None and not _is_number(value))
        raise Malformed(before + row + 1, f"{name} {value!r} is not a number") from error
    if np.isinf(values).any():
        raise Malformed(before + int(np.argmax(np.isinf(values))) + 1, f"{name} is infinite")
    return values


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _values(table: pa.Table, name: str, before: int, read: Callable[[Any], Any]) -> NDArray[Any]:
    """A column of few distinct values, each read once, as objects."""
    column = table.column(name).combine_chunks()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if column.null_count:
        raise Malformed(before + column.is_null().to_pylist().index(True) + 1, f"{name} is missing")
    code = column.indices.to_numpy(zero_copy_only=False)
    found = np.empty(len(column.dictionary), dtype=object)
    for n, value in enumerate(column.dictionary.to_pylist()):
        try:
            found[n] = read(value)
        except (Malformed, ValueError) as error:
            row = before + int(np.argmax(code == n)) + 1
            reason = error.reason if isinstance(error, Malformed) else f"{name} {value!r} cannot be read"
            raise Malformed(row, reason) from error
    values: NDArray[Any] = found[code]
    return values


def _micros(value: Any) -> int:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    return round(instant_of(moment).timestamp() * 1e6)


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    return date.fromisoformat(str(value).strip()[:10])


def _side(value: Any) -> int:
    return SIDES.index(str(value).strip().upper())
