"""Ticks as the REST answers carry them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from g6.domain.market.calendar import IST
from g6.kite_server.market.tick_records import INDEX_TICK, LEVELS, Ticks

Payload = dict[str, object]
"""One instrument's answer, as JSON has it."""

SHAPES = ("null", "empty", "zeros", "missing")
"""Shapes of an index's depth. Which of them Kite sends today is not known."""

# A recorded answer for NIFTY BANK (dotnetkiteconnect #1, 2018) had a garbage net_change like this.
_GARBAGE = 1.8446744073709552e17
_EMPTY_LEVEL = {"price": 0, "quantity": 0, "orders": 0}
_INDEX_ZEROS = (
    "last_quantity",
    "buy_quantity",
    "sell_quantity",
    "volume",
    "average_price",
    "oi",
    "oi_day_high",
    "oi_day_low",
)
_DAY_FIELDS = ("open", "high", "low", "close")


def ltp(ticks: Ticks) -> list[Payload]:
    """Return the short answers: token and last price."""
    return [
        {"instrument_token": token, "last_price": last}
        for token, last in zip(ticks["token"].tolist(), ticks["last"].tolist(), strict=True)
    ]


def ohlc(ticks: Ticks) -> list[Payload]:
    """Return the answers with the day's prices.

    `close` is the previous session's.
    """
    return [payload | {"ohlc": _ohlc(row)} for payload, row in zip(ltp(ticks), ticks, strict=True)]


def quote(ticks: Ticks, index_depth: str = "null") -> list[Payload]:
    """Return the whole answers.

    `index_depth` is one of SHAPES.
    """
    if ticks.dtype == INDEX_TICK:
        return [_index(row, index_depth) for row in ticks]
    return [_contract(row) for row in ticks]


def _ohlc(row: np.void) -> Payload:
    return {name: float(row[name]) for name in _DAY_FIELDS}


def _contract(row: np.void) -> Payload:
    token = int(row["token"])
    traded_at = int(row["traded_at"])
    levels = _levels(row)
    return {
        "instrument_token": token,
        "timestamp": ist(int(row["stamp"])),
        # A contract that never traded has null for its trade's time, or 1970: both have been seen.
        "last_trade_time": ist(traded_at) if traded_at or token >> 9 & 1 else None,
        "last_price": float(row["last"]),
        "last_quantity": int(row["last_quantity"]),
        "buy_quantity": int(row["buy"]),
        "sell_quantity": int(row["sell"]),
        "volume": int(row["volume"]),
        "average_price": float(row["average"]),
        "oi": int(row["oi"]),
        "oi_day_high": int(row["oi_high"]),
        "oi_day_low": int(row["oi_low"]),
        "net_change": 0,
        "lower_circuit_limit": float(row["lower"]),
        "upper_circuit_limit": float(row["upper"]),
        "ohlc": _ohlc(row),
        "depth": {"buy": levels[:LEVELS], "sell": levels[LEVELS:]},
    }


def _levels(row: np.void) -> Sequence[Payload]:
    levels: list[Payload] = []
    fields = (row[name].tolist() for name in ("price", "quantity", "orders"))
    for price, quantity, orders in zip(*fields, strict=True):
        level = {"price": price, "quantity": quantity, "orders": orders}
        levels.append(level if quantity else dict(_EMPTY_LEVEL))
    return levels


def _index(row: np.void, shape: str) -> Payload:
    payload: Payload = {
        "instrument_token": int(row["token"]),
        "timestamp": ist(int(row["stamp"])),
        "last_trade_time": "",
        "last_price": float(row["last"]),
        **dict.fromkeys(_INDEX_ZEROS, 0),
        "net_change": _GARBAGE,
        "lower_circuit_limit": 0,
        "upper_circuit_limit": 0,
        "ohlc": _ohlc(row),
    }
    if shape != "missing":
        side = {"null": None, "empty": [], "zeros": [_EMPTY_LEVEL] * LEVELS}[shape]
        payload["depth"] = {"buy": side, "sell": side}
    return payload


def ist(seconds: int) -> str:
    """Return epoch seconds as Kite writes times: 19 characters, India's clock, no zone.

    >>> ist(1795147200)
    '2026-11-20 09:30:00'
    """
    return f"{datetime.fromtimestamp(seconds, IST):%Y-%m-%d %H:%M:%S}"
