"""Ticks as the REST answers carry them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from g6.domain.market.calendar import IST
from g6.kite_server.market.tick_records import INDEX_TICK, LEVELS, Ticks

SHAPES = ("null", "empty", "zeros", "missing")
"""How an index's depth may look; which of them the broker sends today is not known."""

_GARBAGE = 1.8446744073709552e17
_NOTHING = {"price": 0, "quantity": 0, "orders": 0}


def ltp(ticks: Ticks) -> list[dict[str, Any]]:
    """Return the short answers."""
    return [
        {"instrument_token": token, "last_price": last}
        for token, last in zip(ticks["token"].tolist(), ticks["last"].tolist(), strict=True)
    ]


def ohlc(ticks: Ticks) -> list[dict[str, Any]]:
    """Return the answers with the day's prices; `close` is the previous session's."""
    days = zip(*(ticks[name].tolist() for name in ("open", "high", "low", "close")), strict=True)
    return [short | {"ohlc": _ohlc(*day)} for short, day in zip(ltp(ticks), days, strict=True)]


def quote(ticks: Ticks, index_depth: str = "null") -> list[dict[str, Any]]:
    """Return the whole answers; `index_depth` is one of SHAPES."""
    if ticks.dtype == INDEX_TICK:
        return [_index(each, index_depth) for each in ticks]
    return [_contract(*row) for row in zip(ohlc(ticks), ticks.tolist(), strict=True)]


def _ohlc(opened: float, high: float, low: float, close: float) -> dict[str, float]:
    return {"open": opened, "high": high, "low": low, "close": close}


def _contract(day: dict[str, Any], row: tuple[Any, ...]) -> dict[str, Any]:
    token, last, quantity, average, volume, buy, sell, *_ = row
    traded_at, oi, high, low, stamp, lower, upper, price, quantities, orders = row[11:]
    # What has never traded has null for the time of its trade, or 1970: both have been seen.
    levels = [
        {"price": p, "quantity": q, "orders": n} if q else _NOTHING
        for p, q, n in zip(price.tolist(), quantities.tolist(), orders.tolist(), strict=True)
    ]
    return {
        "instrument_token": token,
        "timestamp": ist(stamp),
        "last_trade_time": ist(traded_at) if traded_at or token >> 9 & 1 else None,
        "last_price": last,
        "last_quantity": quantity,
        "buy_quantity": buy,
        "sell_quantity": sell,
        "volume": volume,
        "average_price": average,
        "oi": oi,
        "oi_day_high": high,
        "oi_day_low": low,
        "net_change": 0,
        "lower_circuit_limit": lower,
        "upper_circuit_limit": upper,
        "ohlc": day["ohlc"],
        "depth": {"buy": levels[:LEVELS], "sell": levels[LEVELS:]},
    }


def _index(row: Any, shape: str) -> dict[str, Any]:
    zeros = (
        "last_quantity",
        "buy_quantity",
        "sell_quantity",
        "volume",
        "average_price",
        "oi",
        "oi_day_high",
        "oi_day_low",
    )
    level = {"null": None, "empty": [], "zeros": [_NOTHING] * LEVELS}
    return {
        "instrument_token": int(row["token"]),
        "timestamp": ist(int(row["stamp"])),
        "last_trade_time": "",
        "last_price": float(row["last"]),
        **dict.fromkeys(zeros, 0),
        "net_change": _GARBAGE,
        "lower_circuit_limit": 0,
        "upper_circuit_limit": 0,
        "ohlc": _ohlc(*(float(row[name]) for name in ("open", "high", "low", "close"))),
        **({} if shape == "missing" else {"depth": {"buy": level[shape], "sell": level[shape]}}),
    }


def ist(seconds: int) -> str:
    """Return epoch seconds as the broker writes times: 19 characters, India's clock, no zone."""
    return f"{datetime.fromtimestamp(seconds, IST):%Y-%m-%d %H:%M:%S}"
