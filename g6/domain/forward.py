"""The forward of each expiry, read off its own options where it can be, and the strike nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, inf, isfinite, log, nan
from statistics import median

import numpy as np
from numpy.typing import NDArray

from g6.domain.quality import Prices
from g6.domain.quote import Quotes, Underlying

__all__ = ["DAY_YEARS", "Forwards", "at_the_money", "forwards", "grown", "nearest", "parity", "spot_forwards"]

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
    spread: list[float] = field(default_factory=list)


def parity(strike: Array, call: Array, put: Array, discount: float) -> tuple[float, float]:
    """Return forward and spread (both points) by put-call parity, F = K + (C − P)/D; NaN with fewer than 3 pairs.

    Median over the 7 pairs nearest the money and its median absolute deviation. |C − P| = D |F − K|, so the smallest
    differences are the nearest strikes, and neither the index nor a first guess has a say in it.
    """
    gap = call - put
    pair = np.isfinite(gap).nonzero()[0]
    if len(pair) < MIN_PAIRS:
        return nan, nan
    near = pair[np.abs(gap[pair]).argsort(kind="stable")[:PAIRS]]
    found = (strike[near] + gap[near] / discount).tolist()
    value = median(found)
    return value, median(abs(each - value) for each in found)


def forwards(quotes: Quotes, prices: Prices, series: Sequence[tuple[slice, float]], rate: float, oldest: float) -> Forwards:
    """Return the forward of each expiry, given as its rows and its years to the fix.

    In this order: parity on mids; parity on last prices of pairs whose legs both traded within the window (legs without a time
    only when there are not enough others); the listed future of that expiry; carry over the index interpolated in time between
    expiries of at least a day; S e^{rT}. Beyond the fix (years NaN) the discount is 1 and only the first three are tried.
    `oldest`: epoch seconds before which a future's price is too old.
    """
    timed = np.where(prices.timed, prices.traded, np.nan)
    tries = (("parity", prices.mid), ("parity_last", timed), ("parity_last", prices.traded))
    out = Forwards([], [])
    for rows, left in series:
        discount = exp(-rate * left) if isfinite(left) else 1.0
        value, spread, source = nan, nan, ""
        for name, price in tries:
            value, spread = parity(quotes.strike[rows], price[0, rows], price[1, rows], discount)
            if isfinite(value):
                source = name
                break
        else:
            value, source = _of_future(quotes.spot, str(quotes.expiry[rows.start]), oldest)
        out.value.append(value)
        out.source.append(source)
        out.spread.append(spread)
    return _carried(out, [left for _, left in series], rate, quotes.spot.spot)


def _of_future(seen: Underlying, expiry: str, oldest: float) -> tuple[float, str]:
    """The future of this very expiry: the middle of its book, else its last price."""
    if seen.future_expiry != expiry or seen.future_time < oldest:
        return nan, ""
    value = 0.5 * (seen.future_bid + seen.future_ask) if 0 < seen.future_bid <= seen.future_ask else seen.future
    return (value, "future") if 0 < value < inf else (nan, "")


def _carried(found: Forwards, years: list[float], rate: float, spot: float) -> Forwards:
    """Fill what is still open from the carry of other expiries, else from the rate; both need the index."""
    if not 0 < spot < inf:
        return found
    pairs = zip(found.value, years, strict=True)
    known = [(left, log(value / spot) / left) for value, left in pairs if value > 0 and left >= DAY_YEARS]
    times, carries = [left for left, _ in known], [carry for _, carry in known]
    for i, left in enumerate(years):
        if found.source[i] or not isfinite(left):
            continue
        carry = float(np.interp(left, times, carries)) if known else rate
        found.value[i], found.source[i] = grown(spot, carry * left), "carry" if known else "spot_rate"
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
