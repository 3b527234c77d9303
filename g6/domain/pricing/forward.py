"""The forward of each expiry, read off its own options where it can be, and the strike nearest to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, inf, isfinite, log, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.medians import median_of_least
from g6.domain.pricing.padded import abreast
from g6.domain.pricing.quality import Prices
from g6.domain.quotes.quotes import Quotes, Underlying

__all__ = [
    "DAY_YEARS",
    "Forwards",
    "at_the_money",
    "forwards",
    "grown",
    "nearest",
    "or_else",
    "parity",
    "spot_forwards",
]

Array = NDArray[np.float64]

PAIRS = 7
MIN_PAIRS = 3
HYSTERESIS_STEPS = 0.6
_MAX_EXPONENT = 50.0
DAY_YEARS = 1 / 365


@dataclass(slots=True)
class Forwards:
    """Forward, where it came from ("" nowhere) and its spread, for each of m expiries; points."""

    value: list[float]
    source: list[str]
    spread: list[float]

    def part(self, mine: slice) -> Forwards:
        """Return those of some expiries."""
        return Forwards(self.value[mine], self.source[mine], self.spread[mine])


def parity(strike: Array, call: Array, put: Array, discount: float | Array) -> tuple[Any, Any]:
    """Return forward and spread (both points) by put-call parity, F = K + (C − P)/D; NaN with fewer than 3 pairs.

    Median over the 7 pairs nearest the money and its median absolute deviation. |C − P| = D |F − K|, so the smallest
    differences are the nearest strikes, and neither the index nor a first guess has a say in it. `strike`, `call`, `put` are
    `(k,)`, or `(m, k)` with one discount for each of m expiries.
    """
    gap = call - put
    pair = np.isfinite(gap)
    near = np.where(pair, np.abs(gap), np.inf).argsort(axis=-1, kind="stable")[..., :PAIRS]
    levels = np.where(pair, strike + gap / np.asarray(discount)[..., None], np.inf)
    nearest_levels = np.take_along_axis(levels, near, axis=-1)
    pairs = np.minimum(pair.sum(axis=-1), PAIRS)
    value = _median_of_pairs(nearest_levels, pairs)
    with np.errstate(invalid="ignore"):  # beyond the pairs there are, both are infinite
        away = np.abs(nearest_levels - value[..., None])
    spread = _median_of_pairs(np.where(np.isfinite(nearest_levels), away, np.inf), pairs)
    return value, spread[()]


def _median_of_pairs(values: Array, pairs: NDArray[np.integer[Any]]) -> Array:
    """Return the median of the pairs of each row; NaN where these are fewer than MIN_PAIRS."""
    if values.shape[-1] < MIN_PAIRS:
        return np.full(pairs.shape, nan)
    return np.where(pairs >= MIN_PAIRS, median_of_least(values, pairs), nan)


def forwards(
    quotes: Quotes, prices: Prices, bounds: Sequence[int], years: Sequence[float], rate: float
) -> Forwards:
    """Return the forward of each expiry by parity: rows `bounds[i]:bounds[i + 1]`, `years[i]` left, NaN past its fix.

    On mids first; then on last prices of pairs whose legs both traded within the window, legs without a time only when there are
    not enough others. Beyond the fix the discount is 1.
    """
    tabled = abreast(bounds)
    strike = tabled(quotes.strike)
    discount = np.array([exp(-rate * each) if isfinite(each) else 1.0 for each in years])
    value, spread, source = np.full(len(years), nan), np.full(len(years), nan), [""] * len(years)
    for name, price in _tries(prices):
        still = np.flatnonzero(np.isnan(value))
        if not len(still):
            break
        call, put = tabled(price)[:, still]
        value[still], spread[still] = parity(strike[still], call, put, discount[still])
        for i in still[np.isfinite(value[still])].tolist():
            source[i] = name
    return Forwards(value.tolist(), source, spread.tolist())


def _tries(prices: Prices) -> Iterator[tuple[str, Array]]:
    yield "parity", prices.mid
    yield "parity_last", np.where(prices.timed, prices.traded, nan)
    yield "parity_last", prices.traded


def or_else(
    found: Forwards,
    seen: Underlying,
    expiries: Sequence[date],
    years: list[float],
    rate: float,
    oldest: float,
) -> Forwards:
    """Return the forwards of one unit's `expiries`, what parity left open filled in.

    In this order: the listed future of that expiry, unless its price is older than `oldest` (epoch seconds); carry over the index
    interpolated in time between expiries of at least a day; S e^{rT}. Beyond the fix only the first is tried.
    """
    if all(found.source):
        return found
    for i, expiry in enumerate(expiries):
        if not found.source[i]:
            found.value[i], found.source[i] = _of_future(seen, expiry, oldest)
    return _carried(found, years, rate, seen.spot)


def _of_future(seen: Underlying, expiry: date, oldest: float) -> tuple[float, str]:
    """The future of this very expiry: the middle of its book, else its last price."""
    if seen.future_expiry != expiry or seen.future_time < oldest:
        return nan, ""
    value = (
        0.5 * (seen.future_bid + seen.future_ask)
        if 0 < seen.future_bid <= seen.future_ask
        else seen.future
    )
    return (value, "future") if 0 < value < inf else (nan, "")


def _carried(found: Forwards, years: list[float], rate: float, spot: float) -> Forwards:
    """Fill what is still open from the carry of other expiries, else from the rate; both need the index."""
    if not 0 < spot < inf:
        return found
    pairs = zip(found.value, years, strict=True)
    known = [
        (left, log(value / spot) / left) for value, left in pairs if value > 0 and left >= DAY_YEARS
    ]
    times, carries = [left for left, _ in known], [carry for _, carry in known]
    for i, left in enumerate(years):
        if found.source[i] or not isfinite(left):
            continue
        carry = float(np.interp(left, times, carries)) if known else rate
        found.value[i], found.source[i] = (
            grown(spot, carry * left),
            "carry" if known else "spot_rate",
        )
    return found


def spot_forwards(spot: float, years: list[float], rate: float) -> Forwards:
    """Return S e^{rT} for every expiry: the exchanges' presets, Black–Scholes on spot without a dividend."""
    source = "spot_rate" if 0 < spot < inf else ""
    value = [grown(spot, rate * left) if source and isfinite(left) else nan for left in years]
    return Forwards(value, [source if isfinite(each) else "" for each in value], [nan] * len(years))


def grown(level: float, exponent: float) -> float:
    """Return level × e^exponent; NaN where no price in points could be that large."""
    return level * exp(exponent) if exponent < _MAX_EXPONENT else nan


def nearest(strikes: Array, level: float) -> int:
    """Return the position of the strike nearest to `level`, the lower on a tie; `strikes` ascending, `level` a number."""
    return int(np.abs(strikes - level).argmin())


def at_the_money(strikes: Array, forward: float, remembered: float = nan) -> float:
    """Return the listed strike at the money (points); NaN when neither forward nor memory says where that is.

    The strike nearest to the forward, but a remembered one stays while the forward is within 0.6 of the local step, so that
    a forward between two strikes does not flicker. `strikes` `(k,)` ascending.
    """
    place = int(strikes.searchsorted(remembered)) if isfinite(remembered) else len(strikes)
    held = place < len(strikes) and strikes[place] == remembered
    if not isfinite(forward):
        return remembered if held else nan
    if held:
        beyond = place + (1 if forward > remembered else -1)
        if not 0 <= beyond < len(strikes):
            beyond = 2 * place - beyond
        step = abs(float(strikes[beyond]) - remembered) if 0 <= beyond < len(strikes) else nan
        if not abs(forward - remembered) > HYSTERESIS_STEPS * step:
            return remembered
    return float(strikes[nearest(strikes, forward)])
