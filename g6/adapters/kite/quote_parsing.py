"""The broker's quotes as columns: pure functions over its answers, whatever shape they come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import IST
from g6.domain.market.instrument import Contracts, Future
from g6.domain.quotes.quotes import DEPTH_FIELDS, LEVELS, NAN, QUOTE_FIELDS, Underlying

EPOCH_SECONDS = 86_400.0
"""Instants of the first day of 1970 are how the broker writes that there is none."""

LAST_SECONDS = 4_102_444_800.0
"""The year 2100: a later instant is a damaged one, and calendars cannot all reckon with it."""

_PLAIN = {
    "last": "last_price", "buy_quantity": "buy_quantity", "sell_quantity": "sell_quantity", "volume": "volume", "oi": "oi",
    "oi_day_high": "oi_day_high", "oi_day_low": "oi_day_low", "average_price": "average_price",
}  # fmt: skip
_BOOK_NAMES = {
    side: (
        *(
            f"{side}{kind}{level}"
            for level in ("", *(f"_{n}" for n in range(2, LEVELS + 1)))
            for kind in ("", "_quantity")
        ),
        f"{side}_depth",
    )
    for side in ("bid", "ask")
}
"""Price and quantity of each level, the best first, then the sum of the quantities."""
_PRICES = frozenset(("last", "average_price", "open", "high", "low", "close", "bid", "ask"))


def parse_quotes(
    answers: Mapping[str, Any], contracts: Contracts, exchange: str
) -> dict[str, NDArray[np.float64]]:
    """Return `values` of Quotes, `(2, n)` each of QUOTE_FIELDS and DEPTH_FIELDS, from raw /quote answers by `EXCHANGE:SYMBOL`.

    Prices of 0 or less, as the broker writes what has not traded and levels that are not there, are NaN; quantities stay, 0 too. A
    last price of 0 or less where something has traded is none that can be: it stays as it came, to be flagged and counted.
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
    candle = object_of(answer, "ohlc")
    found = {ours: _number(answer.get(theirs)) for ours, theirs in _PLAIN.items()}
    found |= {name: _number(candle.get(name)) for name in ("open", "high", "low", "close")}
    times = {
        "last_trade_time": epoch(answer.get("last_trade_time")),
        "quote_time": epoch(answer.get("timestamp")),
    }
    priced = {name: _price(value) if name in _PRICES else value for name, value in found.items()}
    traded = found["volume"] > 0 or isfinite(times["last_trade_time"])
    # The broker writes 0 where nothing has ever traded; a negative price is never one.
    if found["last"] < 0 or (found["last"] == 0 and traded):
        priced["last"] = found["last"]
    return priced | _book(answer, "bid", "buy") | _book(answer, "ask", "sell") | times


def parse_underlying(
    answers: Mapping[str, Any], spot_key: str, vix_key: str, future_key: str, future: Future | None
) -> Underlying:
    """Return index, future and VIX from raw /quote answers; what did not come is NaN. `net_change` is never read."""
    index, vix = object_of(answers, spot_key), object_of(answers, vix_key)
    candle, nearest = object_of(index, "ohlc"), option_fields(object_of(answers, future_key))
    return Underlying(
        spot=_price(_number(index.get("last_price"))),
        open=_price(_number(candle.get("open"))),
        high=_price(_number(candle.get("high"))),
        low=_price(_number(candle.get("low"))),
        prev_close=_price(_number(candle.get("close"))),
        spot_time=epoch(index.get("timestamp")),
        future=_price(nearest["last"]),
        future_expiry=future.expiry.isoformat() if future and nearest["last"] > 0 else "",
        future_time=nearest["quote_time"],
        future_bid=nearest["bid"],
        future_ask=nearest["ask"],
        future_oi=nearest["oi"],
        future_volume=nearest["volume"],
        future_vwap=nearest["average_price"],
        future_prev_close=nearest["close"],
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
    return instant if EPOCH_SECONDS < instant < LAST_SECONDS else NAN


def object_of(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object under `name`; an empty one where there is none, or something else."""
    value = answer.get(name)
    return value if isinstance(value, Mapping) else {}


def _book(answer: Mapping[str, Any], ours: str, theirs: str) -> dict[str, float]:
    """Return one side's five levels and their sum; quantity 0 at a level that is empty, all NaN where there is no book."""
    depth = answer.get("depth")
    if not isinstance(depth, Mapping):
        return dict.fromkeys(_BOOK_NAMES[ours], NAN)
    rows = depth.get(theirs)
    levels = (
        [level if isinstance(level, Mapping) else {} for level in rows]
        if isinstance(rows, list)
        else []
    )
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
    try:
        number = float(value)
    except OverflowError:  # JSON knows integers of any length; 400 digits fit no float
        return NAN
    return number if isfinite(number) else NAN


def _price(value: float) -> float:
    return value if value > 0 else NAN
