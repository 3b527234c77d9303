"""The broker's quotes as columns: pure functions over its answers, whatever shape they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.calendar import IST
from g6.domain.instrument import Contracts, Future
from g6.domain.quote import NAN, QUOTE_FIELDS, Underlying

EPOCH_SECONDS = 86_400.0
"""Instants of the first day of 1970 are how the broker writes that there is none."""

_PLAIN = {
    "last": "last_price", "buy_quantity": "buy_quantity", "sell_quantity": "sell_quantity", "volume": "volume", "oi": "oi",
    "oi_day_high": "oi_day_high", "oi_day_low": "oi_day_low", "average_price": "average_price",
}  # fmt: skip
_PRICES = frozenset(("last", "average_price", "open", "high", "low", "close", "bid", "ask"))


def parse_quotes(answers: Mapping[str, Any], contracts: Contracts, exchange: str) -> dict[str, NDArray[np.float64]]:
    """Return `values` of Quotes, `(2, n)` each of QUOTE_FIELDS, from raw /quote answers by `EXCHANGE:SYMBOL`.

    Prices of 0 or less, as the broker writes what has not traded and levels that are not there, are NaN; quantities stay, 0 too.
    A contract without an answer has NaN throughout. `oi_prev` is not in the broker's quotes.
    """
    values = {name: np.full((2, len(contracts)), NAN) for name in QUOTE_FIELDS}
    for side in (0, 1):
        for place, symbol in enumerate(contracts.symbol[side].tolist()):
            answer = answers.get(f"{exchange}:{symbol}") if symbol else None
            if isinstance(answer, Mapping):
                for name, value in option_fields(answer).items():
                    values[name][side, place] = value
    return values


def option_fields(answer: Mapping[str, Any]) -> dict[str, float]:
    """Return the fields of one option's quote by our names; what it does not say is NaN."""
    candle = answer.get("ohlc") or {}
    bid, bid_quantity = _level(answer, "buy")
    ask, ask_quantity = _level(answer, "sell")
    found = {ours: _number(answer.get(theirs)) for ours, theirs in _PLAIN.items()}
    found |= {name: _number(candle.get(name)) for name in ("open", "high", "low", "close")}
    found |= {"bid": bid, "ask": ask, "bid_quantity": bid_quantity, "ask_quantity": ask_quantity}
    times = {"last_trade_time": epoch(answer.get("last_trade_time")), "quote_time": epoch(answer.get("timestamp"))}
    return {name: _price(value) if name in _PRICES else value for name, value in found.items()} | times


def parse_underlying(answers: Mapping[str, Any], spot_key: str, vix_key: str, future_key: str, future: Future | None) -> Underlying:
    """Return index, future and VIX from raw /quote answers; what did not come is NaN. `net_change` is never read."""
    index, vix = answers.get(spot_key) or {}, answers.get(vix_key) or {}
    candle, told = index.get("ohlc") or {}, option_fields(answers.get(future_key) or {})
    return Underlying(
        spot=_price(_number(index.get("last_price"))),
        open=_price(_number(candle.get("open"))),
        high=_price(_number(candle.get("high"))),
        low=_price(_number(candle.get("low"))),
        prev_close=_price(_number(candle.get("close"))),
        spot_time=epoch(index.get("timestamp")),
        future=told["last"],
        future_expiry=future.expiry.isoformat() if future and isfinite(told["last"]) else "",
        future_time=told["quote_time"],
        future_bid=told["bid"],
        future_ask=told["ask"],
        future_oi=told["oi"],
        future_volume=told["volume"],
        future_vwap=told["average_price"],
        future_prev_close=told["close"],
        vix=_price(_number(vix.get("last_price"))),
    )


def epoch(value: Any) -> float:
    """Return an instant of the broker in epoch seconds; NaN for none.

    Written without a zone it is the clock in India, whatever the host's is; the first day of 1970, "" and null mean none.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return NAN
    if not isinstance(value, datetime):
        return NAN
    instant = (value if value.tzinfo else value.replace(tzinfo=IST)).timestamp()
    return instant if instant > EPOCH_SECONDS else NAN


def _level(answer: Mapping[str, Any], side: str) -> tuple[float, float]:
    """Return price and quantity of the best level; (NaN, 0) where the book is empty, (NaN, NaN) where there is none."""
    book = answer.get("depth")
    if not isinstance(book, Mapping):
        return NAN, NAN
    levels: Sequence[Mapping[str, Any]] = book.get(side) or ()
    for level in levels[:1]:
        price = _price(_number(level.get("price")))
        if isfinite(price):
            return price, _number(level.get("quantity"))
    return NAN, 0.0


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NAN
    return float(value) if isfinite(value) else NAN


def _price(value: float) -> float:
    return value if value > 0 else NAN
