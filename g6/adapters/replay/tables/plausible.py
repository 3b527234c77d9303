"""Values of a table that cannot be true.

These are instants before a root was listed, expiries that were over, strikes and prices of another
scale. A figure of the wrong unit reads as a number like any other. It shows only beside the rest of
its snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.tables.table_layout import FORMS
from g6.domain.market.calendar import IST

Array = NDArray[np.float64]

INDIA_MICROS = 19_800_000_000
"""Microseconds by which India's clocks are ahead of UTC."""

# The first day of each root's options. BSE listed its own again on 15 May 2023, and files of the
# years before exist. Epoch milliseconds read as the year 1789 before this was checked.
LISTED_SINCE: Mapping[str, date] = MappingProxyType(
    {
        "NIFTY": date(2001, 6, 4),
        "BANKNIFTY": date(2005, 6, 13),
        "FINNIFTY": date(2021, 1, 11),
        "MIDCPNIFTY": date(2022, 1, 24),
        "NIFTYNXT50": date(2024, 4, 24),
        "SENSEX": date(2001, 6, 1),
        "BANKEX": date(2005, 1, 1),
    }
)
LAST_DAY = date(2099, 12, 31)
LONGEST_DAYS = 2_200
"""Days from an instant to the farthest expiry: NIFTY lists half-yearlies five years ahead."""
LOWEST_STRIKE = 100.0
HIGHEST_STRIKE = 400_000.0
"""Points. SENSEX has stood below 90,000. NIFTY's lowest strike in paise is above 1,000,000."""
FARTHEST_STRIKE = 10.0
"""A strike and the index are never farther apart than this factor."""
FARTHEST_SPOT = 3.0
"""An index farther than this factor from the median of its strikes is no print."""
DEAREST = 1.5
"""Time value per index and root year of the dearest option: four times that of March 2020."""


def doubtful_rows(
    index: NDArray[np.object_], at: NDArray[np.int64], expiry: NDArray[np.datetime64], strike: Array
) -> Iterator[tuple[int, str]]:
    """Yield place and reason of each row whose instant, expiry or strike cannot be true.

    `at` is in epoch microseconds.
    """
    day = _days_in_india(at)
    ahead = (expiry - day).astype(np.int64)
    early = np.zeros(len(at), dtype=np.bool_)
    for name in set(index.tolist()) & LISTED_SINCE.keys():
        early |= (index == name) & (day < np.datetime64(LISTED_SINCE[name]))
    early |= day > np.datetime64(LAST_DAY)
    for n in np.flatnonzero(early).tolist():
        since = LISTED_SINCE.get(str(index[n]), date.min)
        instant = f"timestamp reads as {_moment(int(at[n]))}; {index[n]} is listed since {since}"
        yield n, f"{instant}. Read are {FORMS['timestamp']}"
    for n in np.flatnonzero(~early & ((ahead < 0) | (ahead > LONGEST_DAYS))).tolist():
        distance = "is before" if ahead[n] < 0 else f"is {int(ahead[n]) // 365} years after"
        instant = f"expiry reads as {expiry[n]} and {distance} its instant {_moment(int(at[n]))}"
        yield n, f"{instant}. Read are {FORMS['expiry']}"
    is_strike = (strike >= LOWEST_STRIKE) & (strike <= HIGHEST_STRIKE)
    for n in np.flatnonzero((strike > 0) & ~is_strike).tolist():
        hint = _paise_hint("strike", strike[n] > HIGHEST_STRIKE)
        yield n, f"strike {strike[n]:g} is no strike of an index{hint}"


def believable_spot(spot: Array, middle: Array) -> NDArray[np.bool_]:
    """Return which prints of the index can be true beside the `middle` of their strikes."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = spot / middle
        believable: NDArray[np.bool_] = (
            (spot > 0) & (ratio < FARTHEST_SPOT) & (ratio > 1 / FARTHEST_SPOT)
        )
    return believable


def far_strikes(strike: Array, level: Array) -> NDArray[np.bool_]:
    """Return which strikes are of another scale than the `level` of their instant.

    The level is the index, or the median of the strikes where there is no index.
    """
    ratio = strike / level
    far: NDArray[np.bool_] = (ratio > FARTHEST_STRIKE) | (ratio < 1 / FARTHEST_STRIKE)
    return far


def dear_prices(
    price: Array, side: NDArray[np.intp], strike: Array, level: Array, days: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which prices no option can have.

    Their time value is beyond `DEAREST`, or they are above what the option can ever pay.
    """
    payoff = np.maximum(np.where(side == 0, level - strike, strike - level), 0.0)
    years = np.maximum(days, 1) / 365.0
    with np.errstate(invalid="ignore"):
        time_value = np.minimum(0.05 + DEAREST * np.sqrt(years), 1.0) * level
        dear: NDArray[np.bool_] = price > payoff + time_value + 0.05 * payoff
    return dear


def far_strike_reason(strike: float, level: float, *, scalable: bool = True) -> str:
    """Return why a far strike is left out. An exchange's answer is not `scalable`."""
    hint = _paise_hint("strike", scalable and strike > level)
    return f"strike {strike:g} is far from the index at {level:g}{hint}"


def dear_price_reason(price: float, strike: float, level: float, name: str = "ltp") -> str:
    """Return why a price is left out. An exchange's answer has no `--scale` that mends it."""
    hint = _paise_hint(name, name == "ltp")
    return f"{name} {price:g} is no price of strike {strike:g} with the index at {level:g}{hint}"


def _paise_hint(column: str, is_large: bool) -> str:
    return f"; if it is in paise, say --scale {column}=0.01" if is_large else ""


def _days_in_india(at: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return ((at + INDIA_MICROS) // 86_400_000_000).astype("datetime64[D]")


def _moment(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros / 1e6, UTC).astimezone(IST):%Y-%m-%d %H:%M}"
