"""Kite's quotes as columns: pure functions over its answers, whatever shape they come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import IST
from g6.domain.market.instrument import Contracts, Future
from g6.domain.quotes.quotes import DEPTH_FIELDS, LEVELS, NAN, QUOTE_FIELDS
from g6.domain.schema.underlying import Underlying

EPOCH_SECONDS = 86_400.0
"""Kite writes "1970-01-01 05:30:00" for no instant, so the first day of 1970 counts as none."""

LAST_SECONDS = 4_102_444_800.0
"""The year 2100: a later instant is a damaged one, and calendars cannot all reckon with it."""

_PLAIN_FIELDS = {
    "last": "last_price",
    "buy_quantity": "buy_quantity",
    "sell_quantity": "sell_quantity",
    "volume": "volume",
    "oi": "oi",
    "oi_day_high": "oi_day_high",
    "oi_day_low": "oi_day_low",
    "average_price": "average_price",
}
"""Kite's names of the fields that stand at the top of a quote, by ours."""

_CANDLE_FIELDS = ("open", "high", "low", "close")
_PRICE_FIELDS = frozenset(("last", "average_price", *_CANDLE_FIELDS, "bid", "ask"))


def _book_fields(side: str) -> tuple[str, ...]:
    """Return our names of a side's levels, the best first, then of the sum of its quantities."""
    names = []
    for level in ("", *(f"_{number}" for number in range(2, LEVELS + 1))):
        names += [f"{side}{level}", f"{side}_quantity{level}"]
    return (*names, f"{side}_depth")


_BOOK_FIELDS = {side: _book_fields(side) for side in ("bid", "ask")}


def parse_quotes(
    answers: Mapping[str, object], contracts: Contracts, exchange: str
) -> dict[str, NDArray[np.float64]]:
    """Return the values of quotes, one array per field, from the raw answers to /quote.

    Prices of 0 or less, as Kite writes what has not traded and levels that are not there, become
    NaN. Quantities stay, 0 too. A last price of 0 or less where something has traded is impossible:
    it stays as it came, to be flagged and counted.

    Args:
        answers: Raw answers by `EXCHANGE:SYMBOL`. What has no answer is NaN throughout.
        contracts: The contracts that were asked for, n strikes.
        exchange: Exchange of the keys: NFO or BFO.

    Returns:
        Arrays of shape (2, n) by the names of QUOTE_FIELDS and DEPTH_FIELDS. `oi_prev` is NaN:
        Kite's quotes do not carry it.
    """
    values = {name: np.full((2, len(contracts)), NAN) for name in (*QUOTE_FIELDS, *DEPTH_FIELDS)}
    for side in (0, 1):
        for column, symbol in enumerate(contracts.symbol[side].tolist()):
            # Kite leaves out keys without data without a word; a strike may lack one side.
            answer = answers.get(f"{exchange}:{symbol}") if symbol else None
            if isinstance(answer, Mapping):
                for name, value in option_fields(answer).items():
                    values[name][side, column] = value
    return values


def option_fields(answer: Mapping[str, object]) -> dict[str, float]:
    """Return the fields of one option's quote by our names.

    What it does not say is NaN.
    """
    candle = object_of(answer, "ohlc")
    raw = {ours: number(answer.get(theirs)) for ours, theirs in _PLAIN_FIELDS.items()}
    for name in _CANDLE_FIELDS:
        raw[name] = number(candle.get(name))
    fields = {
        name: _price(value) if name in _PRICE_FIELDS else value for name, value in raw.items()
    }
    fields["last_trade_time"] = epoch(answer.get("last_trade_time"))
    fields["quote_time"] = epoch(answer.get("timestamp"))
    has_traded = raw["volume"] > 0 or isfinite(fields["last_trade_time"])
    # Kite writes 0 where nothing has ever traded; a negative price is wrong in any case.
    if raw["last"] < 0 or (raw["last"] == 0 and has_traded):
        fields["last"] = raw["last"]
    return fields | _book(answer, "bid", "buy") | _book(answer, "ask", "sell")


def parse_underlying(
    answers: Mapping[str, object],
    spot_key: str,
    vix_key: str,
    future_key: str,
    future: Future | None,
) -> Underlying:
    """Return index, future and VIX from the raw answers to /quote.

    What did not come is NaN.
    """
    # `net_change` is not read: a recorded NIFTY BANK answer of 2018 had garbage in it.
    index = object_of(answers, spot_key)
    vix = object_of(answers, vix_key)
    candle = object_of(index, "ohlc")
    nearest = option_fields(object_of(answers, future_key))
    return Underlying(
        spot=_price(number(index.get("last_price"))),
        open=_price(number(candle.get("open"))),
        high=_price(number(candle.get("high"))),
        low=_price(number(candle.get("low"))),
        prev_close=_price(number(candle.get("close"))),
        spot_time=epoch(index.get("timestamp")),
        future=_price(nearest["last"]),
        future_expiry=future.expiry if future and nearest["last"] > 0 else None,
        future_time=nearest["quote_time"],
        future_bid=nearest["bid"],
        future_ask=nearest["ask"],
        future_oi=nearest["oi"],
        future_volume=nearest["volume"],
        future_vwap=nearest["average_price"],
        future_prev_close=nearest["close"],
        vix=_price(number(vix.get("last_price"))),
    )


def epoch(value: object) -> float:
    """Return an instant of Kite in epoch seconds.

    NaN for null, "" and the first day of 1970.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return NAN
    if not isinstance(value, datetime):
        return NAN
    # REST writes clock times of India without a zone; read as the host's they are 5 h 30 min off on
    # a machine that runs in UTC.
    instant = (value if value.tzinfo else value.replace(tzinfo=IST)).timestamp()
    return instant if EPOCH_SECONDS < instant < LAST_SECONDS else NAN


def object_of(answer: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return the object under `name`.

    An empty one where there is none, or something else.
    """
    value = answer.get(name)
    return value if isinstance(value, Mapping) else {}


def _book(answer: Mapping[str, object], side: str, theirs: str) -> dict[str, float]:
    """Return one side's five levels and their sum.

    An empty level has quantity 0. Without a book everything is NaN. Kite has sent `null`, an empty
    list, five zero levels and no depth at all.
    """
    depth = answer.get("depth")
    if not isinstance(depth, Mapping):
        return dict.fromkeys(_BOOK_FIELDS[side], NAN)
    levels = depth.get(theirs)
    if not isinstance(levels, list):
        levels = []
    values: list[float] = []
    total = 0.0
    for level in (levels + [None] * LEVELS)[:LEVELS]:
        fields = level if isinstance(level, Mapping) else {}
        price = _price(number(fields.get("price")))
        quantity = number(fields.get("quantity")) if isfinite(price) else 0.0
        total += quantity
        values += [price, quantity]
    return dict(zip(_BOOK_FIELDS[side], [*values, total], strict=True))


def number(value: object) -> float:
    """Return a number of an answer.

    NaN for null, text, truth values and what no float can hold.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NAN
    try:
        result = float(value)
    except OverflowError:  # JSON knows integers of any length; 400 digits fit no float
        return NAN
    return result if isfinite(result) else NAN


def _price(value: float) -> float:
    return value if value > 0 else NAN
