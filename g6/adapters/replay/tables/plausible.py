"""What in a table cannot be: instants before a root was listed, expiries that were over, strikes and prices of another scale.

A figure of the wrong unit reads as a number like any other. It shows only against the rest of its snapshot.
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
"""What India's clocks are ahead of UTC, microseconds."""

# The first day of each root's options. BSE's were listed again on 15 May 2023; files of the years before exist.
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
LOWEST_STRIKE, HIGHEST_STRIKE = 100.0, 400_000.0
"""Points. SENSEX has stood below 90,000; NIFTY's lowest strike in paise would be 1,000,000 and more in every year since 2018."""
FARTHEST_STRIKE = 10.0
"""A strike and the index are never farther apart than this factor."""
FARTHEST_SPOT = 3.0
"""An index and the middle of its own strikes are never farther apart than this factor; beyond it the index is no print."""
DEAREST = 1.5
"""Time value of an option as a part of the index, times the root of the years left: four times that of March 2020."""


def doubtful_rows(
    index: NDArray[np.object_], at: NDArray[np.int64], expiry: NDArray[np.datetime64], strike: Array
) -> Iterator[tuple[int, str]]:
    """Yield place and reason of each row whose instant, expiry or strike cannot be; `at` epoch microseconds."""
    day = _days_in_india(at)
    ahead = (expiry - day).astype(np.int64)
    early = np.zeros(len(at), dtype=np.bool_)
    for name in set(index.tolist()) & LISTED_SINCE.keys():
        early |= (index == name) & (day < np.datetime64(LISTED_SINCE[name]))
    early |= day > np.datetime64(LAST_DAY)
    for n in np.flatnonzero(early).tolist():
        since = LISTED_SINCE.get(str(index[n]), date.min)
        yield (
            n,
            f"timestamp reads as {_moment(int(at[n]))}; {index[n]} is listed since {since}. Read are {FORMS['timestamp']}",
        )
    for n in np.flatnonzero(~early & ((ahead < 0) | (ahead > LONGEST_DAYS))).tolist():
        what = "is before" if ahead[n] < 0 else f"is {int(ahead[n]) // 365} years after"
        yield (
            n,
            f"expiry reads as {expiry[n]} and {what} its instant {_moment(int(at[n]))}. Read are {FORMS['expiry']}",
        )
    for n in np.flatnonzero(
        (strike > 0) & ~((strike >= LOWEST_STRIKE) & (strike <= HIGHEST_STRIKE))
    ).tolist():
        yield (
            n,
            f"strike {strike[n]:g} is no strike of an index{_hundredfold('strike', strike[n] > HIGHEST_STRIKE)}",
        )


def believable_spot(spot: Array, middle: Array) -> NDArray[np.bool_]:
    """Tell which prints of the index can be one, beside the `middle` of the strikes of their instant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = spot / middle
        believable: NDArray[np.bool_] = (
            (spot > 0) & (ratio < FARTHEST_SPOT) & (ratio > 1 / FARTHEST_SPOT)
        )
    return believable


def far_strikes(strike: Array, level: Array) -> NDArray[np.bool_]:
    """Tell which strikes are of another scale than the `level` of their instant, the index or else the middle of the strikes."""
    ratio = strike / level
    far: NDArray[np.bool_] = (ratio > FARTHEST_STRIKE) | (ratio < 1 / FARTHEST_STRIKE)
    return far


def dear_prices(
    price: Array, side: NDArray[np.intp], strike: Array, level: Array, days: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which prices no option can have: of a time value beyond `DEAREST`, or above what the option can ever pay."""
    payoff = np.maximum(np.where(side == 0, level - strike, strike - level), 0.0)
    years = np.maximum(days, 1) / 365.0
    with np.errstate(invalid="ignore"):
        dear: NDArray[np.bool_] = (
            price
            > payoff + np.minimum(0.05 + DEAREST * np.sqrt(years), 1.0) * level + 0.05 * payoff
        )
    return dear


def told_strike(strike: float, level: float, *, scalable: bool = True) -> str:
    """Return the reason for leaving out a far strike; an exchange's answer is not `scalable`."""
    return f"strike {strike:g} is far from the index at {level:g}{_hundredfold('strike', scalable and strike > level)}"


def told_price(price: float, strike: float, level: float, name: str = "ltp") -> str:
    """Return the reason for leaving out a price that no option has; an exchange's answer has no `--scale` to mend it."""
    scale = _hundredfold(name, name == "ltp")
    return f"{name} {price:g} is no price of strike {strike:g} with the index at {level:g}{scale}"


def _hundredfold(column: str, large: bool) -> str:
    return f"; if it is in paise, say --scale {column}=0.01" if large else ""


def _days_in_india(at: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return ((at + INDIA_MICROS) // 86_400_000_000).astype("datetime64[D]")


def _moment(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros / 1e6, UTC).astimezone(IST):%Y-%m-%d %H:%M}"
