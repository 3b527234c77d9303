"""The broker's quotes as columns: pure functions over its answers, whatever shape they come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.calendar import IST
from g6.domain.instrument import Contracts, Future
from g6.domain.quote import DEPTH_FIELDS, LEVELS, NAN, QUOTE_FIELDS, Underlying

EPOCH_SECONDS = 86_400.0
"""Instants of the first day of 1970 are how the broker writes that there is none."""

_PLAIN = {
    "last": "last_price", "buy_quantity": "buy_quantity", "sell_quantity": "sell_quantity", "volume": "volume", "oi": "oi",
    "oi_day_high": "oi_day_high", "oi_day_low": "oi_day_low", "average_price": "average_price",
}  # fmt: skip
_BOOK_NAMES = {
    side: (
        *(f"{side}{kind}{level}" for level in ("", *(f"_{n}" for n in range(2, LEVELS + 1))) for kind in ("", "_quantity")),
        f"{side}_depth",
    )
    for side in ("bid", "ask")
}
"""Price and quantity of each level, the best first, then the sum of the quantities."""
_PRICES = frozenset(("last", "average_price", "open", "high", "low", "close", "bid", "ask"))


def parse_quotes(answers: Mapping[str, Any], contracts: Contracts, exchange: str) -> dict[str, NDArray[np.float64]]:
    """Return `values` of Quotes, `(2, n)` each of QUOTE_FIELDS and DEPTH_FIELDS, from raw /quote answers by `EXCHANGE:SYMBOL`.

    Prices of 0 or less, as the broker writes what has not traded and levels that are not there, are NaN; quantities stay, 0 too.
    A contract without an answer has NaN throughout. `oi_prev` is not in the broker's quotes.
    """
    values = {name: np.full((2, len(contracts)), NAN) for name in (*QUOTE_FIELDS, *DEPTH_FIELDS)}
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
    found = {ours: _number(answer.get(theirs)) for ours, theirs in _PLAIN.items()}
    found |= {name: _number(candle.get(name)) for name in ("open", "high", "low", "close")}
    times = {"last_trade_time": epoch(answer.get("last_trade_time")), "quote_time": epoch(answer.get("timestamp"))}
    priced = {name: _price(value) if name in _PRICES else value for name, value in found.items()}
    return priced | _book(answer, "bid", "buy") | _book(answer, "ask", "sell") | times


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


def _book(answer: Mapping[str, Any], ours: str, theirs: str) -> dict[str, float]:
    """Return one side's five levels and their sum; quantity 0 at a level that is empty, all NaN where there is no book."""
    depth = answer.get("depth")
    if not isinstance(depth, Mapping):
        return dict.fromkeys(_BOOK_NAMES[ours], NAN)
    told = depth.get(theirs)
    levels = [level if isinstance(level, Mapping) else {} for level in told] if isinstance(told, list) else []
    found, total = [], 0.0
    for level in (levels + [{}] * LEVELS)[:LEVELS]:
        price = _price(_number(level.get("price")))
        quantity = _number(level.get("quantity")) if isfinite(price) else 0.0
        total += quantity
        found += [price, quantity]
    return dict(zip(_BOOK_NAMES[ours], [*found, total], strict=True))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NAN
    return float(value) if isfinite(value) else NAN


def _price(value: float) -> float:
    return value if value > 0 else NAN
