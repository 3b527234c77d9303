"""The forward of each expiry, read off its own options where it can be, and the ATM strike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import exp, inf, isfinite, log, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.medians import median_of_least
from g6.domain.pricing.padded import abreast
from g6.domain.pricing.quality import Prices
from g6.domain.quotes.quotes import Quotes
from g6.domain.schema.underlying import Underlying

__all__ = [
    "DAY_YEARS",
    "Forward",
    "at_the_money",
    "grown",
    "nearest_strike",
    "parity",
    "parity_forwards",
    "spot_forwards",
    "with_fallbacks",
]

Array = NDArray[np.float64]

PAIRS = 7
"""Pairs of call and put, nearest the money, that a forward is the median of."""
MIN_PAIRS = 3
HYSTERESIS_STEPS = 0.6
"""Steps between strikes that a forward may leave the remembered ATM before it moves."""
DAY_YEARS = 1 / 365
# A hostile rate or a damaged date gives exponents of hundreds, and exp() raises from 710 on.
_MAX_EXPONENT = 50.0


@dataclass(frozen=True, slots=True)
class Forward:
    """The forward of one expiry.

    Attributes:
        value: Points, NaN unknown.
        source: parity, parity_last, future, carry or spot_rate, "" where it is unknown.
        spread: Median absolute deviation of the forwards of the pairs, points.
    """

    value: float = nan
    source: str = ""
    spread: float = nan


def parity(strike: Array, call: Array, put: Array, discount: float | Array) -> tuple[Any, Any]:
    """Return forward and spread by put-call parity, F = K + (C − P)/D.

    The forward is the median over the 7 pairs nearest the money, the spread their median absolute
    deviation. |C − P| = D |F − K|, so that the smallest differences are the nearest strikes, and
    neither the index nor a first guess has a say in it.

    Args:
        strike: Strikes in points, shape (k,), or (m, k) for m expiries.
        call: Prices of calls in points, of the same shape, NaN unknown.
        put: Prices of puts.
        discount: Discount factor to the fix, one for each expiry.

    Returns:
        Forward and spread in points, NaN with fewer than 3 pairs.

    >>> strike = np.array([90.0, 100.0, 110.0])
    >>> call, put = np.array([12.0, 5.0, 1.0]), np.array([1.0, 4.0, 10.0])
    >>> forward, spread = parity(strike, call, put, 1.0)
    >>> float(forward), float(spread)
    (101.0, 0.0)
    """
    gap = call - put
    is_pair = np.isfinite(gap)
    near = np.where(is_pair, np.abs(gap), np.inf).argsort(axis=-1, kind="stable")[..., :PAIRS]
    levels = np.where(is_pair, strike + gap / np.asarray(discount)[..., None], np.inf)
    near_levels = np.take_along_axis(levels, near, axis=-1)
    pairs = np.minimum(is_pair.sum(axis=-1), PAIRS)
    value = _median_of_pairs(near_levels, pairs)
    with np.errstate(invalid="ignore"):  # beyond the pairs there are, both are infinite
        away = np.abs(near_levels - value[..., None])
    spread = _median_of_pairs(np.where(np.isfinite(near_levels), away, np.inf), pairs)
    return value, spread[()]


def _median_of_pairs(values: Array, pairs: NDArray[np.integer[Any]]) -> Array:
    """Return the median of the pairs of each row, NaN with fewer than MIN_PAIRS."""
    if values.shape[-1] < MIN_PAIRS:
        return np.full(pairs.shape, nan)
    return np.where(pairs >= MIN_PAIRS, median_of_least(values, pairs), nan)


def parity_forwards(
    quotes: Quotes, prices: Prices, bounds: Sequence[int], years: Sequence[float], rate: float
) -> list[Forward]:
    """Return the forward of each expiry by parity, unknown where there are not enough pairs.

    On mids first; then on last prices of pairs whose two legs both traded within the window. Legs
    without a time are taken only when there are not enough others.

    Args:
        quotes: Quotes of m expiries.
        prices: What was taken from them.
        bounds: Expiry i has the rows `bounds[i]:bounds[i + 1]`.
        years: Years to each fix, NaN past it: there the discount is 1.
        rate: Continuous rate a year.

    >>> from g6.simulation.example_unit import QUOTES, STAMP
    >>> from g6.domain.pricing.quality import prices
    >>> taken = prices(QUOTES, STAMP.at.timestamp(), STAMP.quality)
    >>> forwards = parity_forwards(QUOTES, taken, [0, 41, 82], [0.017, 0.036], 0.055)
    >>> [forward.source for forward in forwards]
    ['parity', 'parity']
    """
    as_table = abreast(bounds)
    strike = as_table(quotes.strike)
    discount = np.array([exp(-rate * ahead) if isfinite(ahead) else 1.0 for ahead in years])
    value = np.full(len(years), nan)
    spread = np.full(len(years), nan)
    source = [""] * len(years)
    for name, price in _price_attempts(prices):
        unknown = np.flatnonzero(np.isnan(value))
        if not len(unknown):
            break
        call, put = as_table(price)[:, unknown]
        value[unknown], spread[unknown] = parity(strike[unknown], call, put, discount[unknown])
        for i in unknown[np.isfinite(value[unknown])].tolist():
            source[i] = name
    return [*map(Forward, value.tolist(), source, spread.tolist())]


def _price_attempts(prices: Prices) -> Iterator[tuple[str, Array]]:
    """Yield the prices that parity is tried on, the best first, each with its source."""
    yield "parity", prices.mid
    yield "parity_last", np.where(prices.timed, prices.traded, nan)
    yield "parity_last", prices.traded


def with_fallbacks(
    forwards: Sequence[Forward],
    market: Underlying,
    expiries: Sequence[date],
    years: Sequence[float],
    rate: float,
    oldest: float,
) -> Sequence[Forward]:
    """Fill in what parity left unknown of one unit's forwards.

    The listed future of that expiry comes first. Then comes the carry over the index, interpolated
    in time between expiries of at least a day, and last S e^{rT}. Beyond the fix only the first is
    tried.

    Args:
        forwards: Those by parity.
        market: The index and its future.
        expiries: The unit's expiries.
        years: Years to each fix, NaN past it.
        rate: Continuous rate a year.
        oldest: Epoch seconds before which the price of a future is too old.

    >>> market = Underlying(spot=24000.0)
    >>> with_fallbacks([Forward()], market, [date(2026, 8, 25)], [0.0], 0.055, 0.0)[0].source
    'spot_rate'
    """
    if all(forward.source for forward in forwards):
        return forwards
    listed: list[Forward] = []
    for forward, expiry in zip(forwards, expiries, strict=True):
        if forward.source:
            listed.append(forward)
        else:
            value, source = _future_price(market, expiry, oldest)
            listed.append(replace(forward, value=value, source=source))
    return _with_carry(listed, years, rate, market.spot)


def _future_price(market: Underlying, expiry: date, oldest: float) -> tuple[float, str]:
    """Return the price of the future of this very expiry: the middle of its book, else its last."""
    if market.future_expiry != expiry or market.future_time < oldest:
        return nan, ""
    value = market.future
    if 0 < market.future_bid <= market.future_ask:
        value = 0.5 * (market.future_bid + market.future_ask)
    return (value, "future") if 0 < value < inf else (nan, "")


def _with_carry(
    forwards: Sequence[Forward], years: Sequence[float], rate: float, spot: float
) -> Sequence[Forward]:
    """Fill what is still unknown from the carry of other expiries, else from the rate."""
    if not 0 < spot < inf:
        return forwards
    times = []
    carries = []
    for forward, ahead in zip(forwards, years, strict=True):
        # Closer to its fix the noise between index and chain, a snapshot apart, is annualised.
        if forward.value > 0 and ahead >= DAY_YEARS:
            times.append(ahead)
            carries.append(log(forward.value / spot) / ahead)
    filled: list[Forward] = []
    for forward, ahead in zip(forwards, years, strict=True):
        if not forward.source and isfinite(ahead):
            carry = float(np.interp(ahead, times, carries)) if times else rate
            source = "carry" if times else "spot_rate"
            filled.append(replace(forward, value=grown(spot, carry * ahead), source=source))
        else:
            filled.append(forward)
    return filled


def spot_forwards(spot: float, years: Sequence[float], rate: float) -> list[Forward]:
    """Return S e^{rT} for every expiry: the presets price on spot without a dividend.

    Args:
        spot: The index in points.
        years: Years to each expiry by the exchange's clock, NaN past it.
        rate: Continuous rate a year.

    >>> [forward.value for forward in spot_forwards(24000.0, [0.0, nan], 0.10)]
    [24000.0, nan]
    """
    is_known = 0 < spot < inf
    forwards = []
    for ahead in years:
        value = grown(spot, rate * ahead) if is_known and isfinite(ahead) else nan
        forwards.append(Forward(value, "spot_rate" if isfinite(value) else ""))
    return forwards


def grown(level: float, exponent: float) -> float:
    """Return level × e^exponent, NaN where no price in points could be that large.

    >>> grown(24000.0, 0.0), grown(24000.0, 1000.0)
    (24000.0, nan)
    """
    return level * exp(exponent) if exponent < _MAX_EXPONENT else nan


def nearest_strike(strikes: Array, level: float) -> int:
    """Return the position of the strike nearest to a level, the lower one on a tie.

    Args:
        strikes: Points, ascending, shape (k,).
        level: Points, a number.

    >>> nearest_strike(np.array([100.0, 110.0]), 105.0)
    0
    """
    return int(np.abs(strikes - level).argmin())


def at_the_money(strikes: Array, forward: float, remembered: float = nan) -> float:
    """Return the listed strike at the money.

    It is the strike nearest to the forward, but a remembered one stays while the forward is within
    0.6 of the local step, so that a forward between two strikes does not flicker.

    Args:
        strikes: Points, ascending, shape (k,).
        forward: Points, NaN unknown.
        remembered: The strike at the money of the cycle before, NaN unknown.

    Returns:
        A strike in points, NaN when neither forward nor memory says which.

    >>> strikes = np.array([24000.0, 24050.0, 24100.0])
    >>> at_the_money(strikes, 24078.0), at_the_money(strikes, 24078.0, remembered=24050.0)
    (24100.0, 24050.0)
    """
    place = int(strikes.searchsorted(remembered)) if isfinite(remembered) else len(strikes)
    is_listed = place < len(strikes) and strikes[place] == remembered
    if not isfinite(forward):
        return remembered if is_listed else nan
    if is_listed:
        # The step towards the forward, the other one at an end of the list.
        neighbour = place + (1 if forward > remembered else -1)
        if not 0 <= neighbour < len(strikes):
            neighbour = 2 * place - neighbour
        step = nan
        if 0 <= neighbour < len(strikes):
            step = abs(float(strikes[neighbour]) - remembered)
        if not abs(forward - remembered) > HYSTERESIS_STEPS * step:
            return remembered
    return float(strikes[nearest_strike(strikes, forward)])
