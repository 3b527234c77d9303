"""Minute candles, and what they say of options and of an index at an instant; what a candle does not tell is NaN."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import IST
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import NAN, QUOTE_FIELDS, Underlying

__all__ = ["BAR", "Bars", "cleaned", "known_of_index", "known_of_options"]

BAR = np.dtype([
    ("start", np.float64), ("open", np.float64), ("high", np.float64), ("low", np.float64), ("close", np.float64),
    ("volume", np.float64), ("oi", np.float64),
])  # fmt: skip
"""One minute: `start` epoch seconds, prices in points, volume of the minute and open interest at its end in units."""
MINUTE = 60.0
DAY_SECONDS = 86_400.0
PRICES = ("open", "high", "low", "close")

Bars = NDArray[np.void]
"""The minutes of one session of one instrument in which there is a candle, ascending."""


def cleaned(bars: Bars, day: date) -> Bars:
    """Return the minutes of `day` (India), ascending and each once; a value that no market can have is NaN.

    Of a minute that came twice the later entry counts. A minute without a closing price is no candle.

    >>> bars = np.array([(1763610300.0, 5, 5, 5, 5, 65, np.inf)] * 2, BAR)
    >>> cleaned(bars, date(2025, 11, 20))[["close", "volume", "oi"]].tolist()
    [(5.0, 65.0, nan)]
    """
    bars = bars.copy()
    for name in PRICES:
        bars[name][~(np.isfinite(bars[name]) & (bars[name] > 0.0))] = NAN
    for name in ("volume", "oi"):
        bars[name][~(np.isfinite(bars[name]) & (bars[name] >= 0.0))] = NAN
    midnight = datetime.combine(day, time(), IST).timestamp()
    bars = bars[
        (bars["start"] >= midnight)
        & (bars["start"] < midnight + DAY_SECONDS)
        & np.isfinite(bars["close"])
    ]
    newest = {int(start // MINUTE): row for row, start in enumerate(bars["start"].tolist())}
    return bars[[newest[minute] for minute in sorted(newest)]]


def known_of_options(
    contracts: Contracts, at: datetime, bars: Callable[[str], Bars]
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.bool_]]:
    """Return quotes `(2, n)` by QUOTE_FIELDS that the candles over by `at` give, NaN where there is none, and where there is one.

    `bars` gives the session's candles of a symbol. There is no book in a candle; the last trade is dated to its minute's end.
    """
    values = {name: np.full((2, len(contracts)), NAN) for name in QUOTE_FIELDS}
    found = np.zeros((2, len(contracts)), dtype=np.bool_)
    for side, row in zip(*np.nonzero(contracts.symbol != ""), strict=True):
        seen = _over(bars(str(contracts.symbol[side, row])), at)
        if len(seen):
            found[side, row] = True
            for name, value in _day_so_far(seen).items():
                values[name][side, row] = value
    return values, found


def _over(bars: Bars, at: datetime) -> Bars:
    """The candles of minutes that are over at `at`."""
    return bars[: int(np.searchsorted(bars["start"], at.timestamp() - MINUTE, side="right"))]


def _day_so_far(seen: Bars) -> dict[str, float]:
    """Return the day up to the last of these minutes. One minute of unknown volume leaves the day's unknown."""
    traded = np.flatnonzero(seen["volume"] > 0)
    return {
        "last": float(seen["close"][-1]),
        "open": float(seen["open"][0]),
        "high": _highest(seen["high"]),
        "low": -_highest(-seen["low"]),
        "volume": float(seen["volume"].sum()),
        "oi": float(seen["oi"][-1]),
        "oi_day_high": _highest(seen["oi"]),
        "oi_day_low": -_highest(-seen["oi"]),
        "last_trade_time": float(seen["start"][traded[-1]]) + MINUTE if len(traded) else NAN,
    }


def _highest(values: NDArray[np.float64]) -> float:
    """Return the largest value that is known, NaN when none is."""
    return float(np.fmax.reduce(values))


def known_of_index(
    at: datetime, spot: Bars, future: Bars, vix: Bars, future_expiry: date | None = None
) -> Underlying:
    """Return the index, its nearest future and VIX as their candles over by `at` show them."""
    market = Underlying(future_expiry=future_expiry)
    if len(over := _over(spot, at)):
        market = replace(
            market,
            spot=float(over["close"][-1]),
            open=float(over["open"][0]),
            high=_highest(over["high"]),
            low=-_highest(-over["low"]),
            spot_time=float(over["start"][-1]) + MINUTE,
        )
    if len(over := _over(future, at)):
        market = replace(
            market,
            future=float(over["close"][-1]),
            future_time=float(over["start"][-1]) + MINUTE,
            future_oi=float(over["oi"][-1]),
            future_volume=float(over["volume"].sum()),
        )
    if len(over := _over(vix, at)):
        market = replace(market, vix=float(over["close"][-1]))
    return market
