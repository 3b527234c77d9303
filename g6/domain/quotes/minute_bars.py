"""Minute candles, and what they say of options and of an index at an instant.

What a candle does not tell is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import IST
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import QUOTE_FIELDS
from g6.domain.schema.underlying import Underlying

__all__ = ["BAR", "Bars", "cleaned", "index_at", "options_at"]

BAR = np.dtype(
    [
        ("start", np.float64),
        ("open", np.float64),
        ("high", np.float64),
        ("low", np.float64),
        ("close", np.float64),
        ("volume", np.float64),
        ("oi", np.float64),
    ]
)
"""One minute: `start` in epoch seconds, prices in points, volume of the minute in units.

`oi` is the open interest at the end of the minute, in units.
"""
MINUTE = 60.0
DAY_SECONDS = 86_400.0
PRICES = ("open", "high", "low", "close")

Bars = NDArray[np.void]
"""The minutes of one session of one instrument in which there is a candle, ascending."""


def cleaned(bars: Bars, day: date) -> Bars:
    """Return the minutes of a day, ascending and each once.

    A value that no market can have is NaN. Of a minute that came twice the later entry counts. A
    minute without a closing price is no candle.

    Args:
        bars: Minutes as a provider gave them.
        day: The day in India. Minutes of other days are left out.

    >>> bars = np.array([(1763610300.0, 5, 5, 5, 5, 65, np.inf)] * 2, BAR)
    >>> cleaned(bars, date(2025, 11, 20))[["close", "volume", "oi"]].tolist()
    [(5.0, 65.0, nan)]
    """
    bars = bars.copy()
    for name in PRICES:
        bars[name][~(np.isfinite(bars[name]) & (bars[name] > 0.0))] = nan
    for name in ("volume", "oi"):
        bars[name][~(np.isfinite(bars[name]) & (bars[name] >= 0.0))] = nan
    midnight = datetime.combine(day, time(), IST).timestamp()
    is_of_day = (bars["start"] >= midnight) & (bars["start"] < midnight + DAY_SECONDS)
    bars = bars[is_of_day & np.isfinite(bars["close"])]
    # A candle without open interest was stored as 0, and a minute that came twice doubled the day's
    # volume.
    newest = {int(start // MINUTE): row for row, start in enumerate(bars["start"].tolist())}
    return bars[[newest[minute] for minute in sorted(newest)]]


def options_at(
    contracts: Contracts, at: datetime, bars_of: Callable[[str], Bars]
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.bool_]]:
    """Return what the candles that are over say of options at an instant.

    There is no book in a candle. The last trade is dated to its minute's end.

    Args:
        contracts: The options, n strikes.
        at: The instant.
        bars_of: Gives the session's candles of a symbol.

    Returns:
        Quantities by QUOTE_FIELDS, each of shape (2, n), NaN where there is no candle, and a mask
        of the options that have one.

    >>> from datetime import UTC
    >>> from g6.simulation.example_unit import CONTRACTS
    >>> at = datetime(2026, 8, 19, 6, 0, tzinfo=UTC)
    >>> bars = np.array([(at.timestamp() - 60, 5, 5, 5, 5, 65, 130)], BAR)
    >>> values, has_candle = options_at(CONTRACTS, at, lambda symbol: bars)
    >>> float(values["last"][0, 0]), bool(has_candle.all())
    (5.0, True)
    """
    values = {name: np.full((2, len(contracts)), nan) for name in QUOTE_FIELDS}
    has_candle = np.zeros((2, len(contracts)), dtype=np.bool_)
    for side, row in zip(*np.nonzero(contracts.symbol != ""), strict=True):
        bars = _bars_over(bars_of(str(contracts.symbol[side, row])), at)
        if not len(bars):
            continue
        has_candle[side, row] = True
        for name, value in _day_so_far(bars).items():
            values[name][side, row] = value
    return values, has_candle


def _bars_over(bars: Bars, at: datetime) -> Bars:
    """Return the candles of minutes that are over at an instant."""
    return bars[: int(np.searchsorted(bars["start"], at.timestamp() - MINUTE, side="right"))]


def _day_so_far(bars: Bars) -> dict[str, float]:
    """Return the day up to the last of these minutes.

    One minute of unknown volume leaves the day's unknown.
    """
    traded = np.flatnonzero(bars["volume"] > 0)
    return {
        "last": float(bars["close"][-1]),
        "open": float(bars["open"][0]),
        "high": _highest(bars["high"]),
        "low": -_highest(-bars["low"]),
        "volume": float(bars["volume"].sum()),
        "oi": float(bars["oi"][-1]),
        "oi_day_high": _highest(bars["oi"]),
        "oi_day_low": -_highest(-bars["oi"]),
        "last_trade_time": float(bars["start"][traded[-1]]) + MINUTE if len(traded) else nan,
    }


def _highest(values: NDArray[np.float64]) -> float:
    """Return the largest value that is known, NaN when none is."""
    return float(np.fmax.reduce(values))


def index_at(
    at: datetime, spot: Bars, future: Bars, vix: Bars, future_expiry: date | None = None
) -> Underlying:
    """Return the index, its nearest future and VIX as the candles that are over show them.

    Args:
        at: The instant.
        spot: Candles of the index.
        future: Candles of its nearest future.
        vix: Candles of VIX.
        future_expiry: The expiry of that future, None where none is listed.

    >>> from datetime import UTC
    >>> at = datetime(2026, 8, 19, 6, 0, tzinfo=UTC)
    >>> bars = np.array([(at.timestamp() - 60, 5, 5, 5, 5, 65, 130)], BAR)
    >>> index_at(at, bars, bars[:0], bars[:0]).spot
    5.0
    """
    market = Underlying(future_expiry=future_expiry)
    if len(bars := _bars_over(spot, at)):
        market = replace(
            market,
            spot=float(bars["close"][-1]),
            open=float(bars["open"][0]),
            high=_highest(bars["high"]),
            low=-_highest(-bars["low"]),
            spot_time=float(bars["start"][-1]) + MINUTE,
        )
    if len(bars := _bars_over(future, at)):
        market = replace(
            market,
            future=float(bars["close"][-1]),
            future_time=float(bars["start"][-1]) + MINUTE,
            future_oi=float(bars["oi"][-1]),
            future_volume=float(bars["volume"].sum()),
        )
    if len(bars := _bars_over(vix, at)):
        market = replace(market, vix=float(bars["close"][-1]))
    return market
