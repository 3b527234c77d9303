"""Checks of what was computed of each cycle: forwards, parity, volatilities, Greeks, sums."""

from __future__ import annotations

from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.schema.chain import Chain, ChainExpiry
from g6.domain.schema.words import Flag, IvStatus, Severity
from g6.studies.checks.quality.checked_rows import (
    SHORTEST_YEARS,
    CycleCheck,
    CycleRows,
    RowCounts,
)

__all__ = ["PRICING_CHECKS", "atm_volatility"]

FORWARD_SPREAD_SHARE = 0.002
PARITY_SHARE = 0.002
"""Of the forward. Books near the money are a tenth of that wide."""
SIDE_POINTS = 0.03
"""Volatility: 3 points between call and put of a strike."""
JUMP_POINTS = 0.05
JUMP_SHARE = 0.3
LEAST_IV = 0.01
MOST_IV = 3.0
BOUND_SLACK = 0.02
_SOLVED = (IvStatus.OK.value, IvStatus.SHARED.value)


def atm_volatility(chain: Chain, expiry: ChainExpiry) -> float:
    """Return the mean volatility of call and put at the money, NaN where neither has one."""
    at_money = chain.offset[expiry.rows] == 0
    volatilities = chain.iv[:, expiry.rows][:, at_money]
    finite = volatilities[np.isfinite(volatilities)]
    return float(finite.mean()) if len(finite) else nan


def _has_status(rows: CycleRows, *words: str) -> NDArray[np.bool_]:
    return np.isin(rows.chain.sides["iv_status"].astype(str), words)


def _missing_forwards(rows: CycleRows) -> RowCounts:
    timely = [expiry for expiry in rows.chain.expiries if expiry.years > SHORTEST_YEARS]
    return len(timely), sum(not isfinite(expiry.forward) for expiry in timely)


def _wide_forwards(rows: CycleRows) -> RowCounts:
    is_known = np.isfinite(rows.forward_spread) & rows.is_timely
    wrong = rows.forward_spread > FORWARD_SPREAD_SHARE * rows.chain.forward
    return int(is_known.sum()), int((wrong & is_known).sum())


def _broken_parity(rows: CycleRows) -> RowCounts:
    chain = rows.chain
    is_mid = chain.sides["price_source"].astype(str) == "mid"
    both = is_mid.all(axis=0) & rows.is_near.all(axis=0) & np.isfinite(chain.forward)
    call, put = chain.price
    growth = np.exp(chain.rate * np.where(both, chain.years, 0.0))
    residual = np.abs((call - put) * growth - (chain.forward - chain.strike))
    wrong = both & (residual > PARITY_SHARE * chain.forward)
    return int(both.sum()), int(wrong.sum())


def _unequal_sides(rows: CycleRows) -> RowCounts:
    both = (_has_status(rows, IvStatus.OK.value) & rows.is_near).all(axis=0)
    call, put = rows.chain.iv
    return int(both.sum()), int((both & (np.abs(call - put) > SIDE_POINTS)).sum())


def _jumps(rows: CycleRows) -> RowCounts:
    if rows.before is None:
        return 0, 0
    earlier = {expiry.day: atm_volatility(rows.before, expiry) for expiry in rows.before.expiries}
    judged = 0
    jumps = 0
    for expiry in rows.chain.expiries:
        then = earlier.get(expiry.day, nan)
        now = atm_volatility(rows.chain, expiry)
        if expiry.years > SHORTEST_YEARS and isfinite(now - then):
            judged += 1
            jumps += abs(now - then) > max(JUMP_POINTS, JUMP_SHARE * then)
    return judged, jumps


def _odd_volatilities(rows: CycleRows) -> RowCounts:
    is_solved = _has_status(rows, *_SOLVED) & rows.is_near
    volatility = rows.chain.iv
    wrong = is_solved & ~((volatility >= LEAST_IV) & (volatility <= MOST_IV))
    return int(is_solved.sum()), int(wrong.sum())


def _failed(rows: CycleRows) -> RowCounts:
    count = int(np.count_nonzero(rows.chain.is_listed))
    return count, int(_has_status(rows, IvStatus.NO_CONVERGENCE.value).sum())


def _greeks_beyond(rows: CycleRows) -> RowCounts:
    sides = rows.chain.sides
    is_known = np.isfinite(sides["delta"])
    call, put = sides["delta"]
    wrong = (sides["gamma"] < 0) | (sides["vega"] < 0)
    wrong[0] |= (call < -BOUND_SLACK) | (call > 1 + BOUND_SLACK)
    wrong[1] |= (put > BOUND_SLACK) | (put < -1 - BOUND_SLACK)
    return int(is_known.sum()), int((wrong & is_known).sum())


def _disordered_strikes(rows: CycleRows) -> RowCounts:
    chain = rows.chain
    # A stale or crossed book is told by its own check, and crosses its neighbours as well.
    is_sound = rows.is_near & ~rows.flagged(Flag.STALE) & ~rows.flagged(Flag.CROSSED)
    bid = np.where(is_sound & (chain.bid > 0), chain.bid, nan)
    ask = np.where(is_sound & (chain.ask > 0), chain.ask, nan)
    pairs = 0
    wrong = 0
    for expiry in chain.expiries:
        bids = bid[:, expiry.rows]
        asks = ask[:, expiry.rows]
        # Whoever buys the dearer right below the price of the cheaper one gains for certain.
        gains = np.concatenate([bids[0, 1:] - asks[0, :-1], bids[1, :-1] - asks[1, 1:]])
        pairs += int(np.isfinite(gains).sum())
        wrong += int((gains > 0).sum())
    return pairs, wrong


def _sums(rows: CycleRows) -> RowCounts:
    nearest = rows.chain.nearest()
    if nearest is None or len(nearest.beyond) or nearest.beyond.unasked:
        return 0, 0
    judged = 0
    wrong = 0
    for side, name in enumerate(("oi_calls", "oi_puts")):
        total = rows.overview.get(name, nan)
        own = float(np.nansum(rows.chain.oi[side, nearest.rows]))
        if isfinite(total):
            judged += 1
            wrong += abs(own - total) >= 1
    return judged, wrong


_W = Severity.WARNING
_C = Severity.CRITICAL

PRICING_CHECKS = (
    CycleCheck(
        "no_forward",
        "An expiry has no forward.",
        "two hours or more before its fix",
        _C,
        _missing_forwards,
    ),
    CycleCheck(
        "forward_spread",
        "The strikes do not agree on a forward.",
        "a deviation above 0.2 % of it",
        _W,
        _wide_forwards,
    ),
    CycleCheck(
        "parity_broken",
        "Call and put of a strike do not fit the forward.",
        "more than 0.2 % of it off, at more than 25 % of the strikes within 5",
        _C,
        _broken_parity,
        0.25,
    ),
    CycleCheck(
        "iv_sides",
        "Call and put of a strike have different volatilities.",
        "more than 3 points apart, at more than 25 % of the strikes within 5",
        _W,
        _unequal_sides,
        0.25,
    ),
    CycleCheck(
        "iv_jump",
        "The volatility at the money jumps.",
        "by more than 5 points and 30 % of itself since the cycle before",
        _W,
        _jumps,
    ),
    CycleCheck(
        "iv_range",
        "A volatility near the money is none of a market.",
        "below 1 % or above 300 %",
        _W,
        _odd_volatilities,
    ),
    CycleCheck(
        "solver_failed",
        "The solver found no volatility where there is one.",
        "status no_convergence",
        _W,
        _failed,
    ),
    CycleCheck(
        "greeks_beyond",
        "Greeks lie beyond their bounds.",
        "delta outside 0 to 1 by size, gamma or vega below zero",
        _C,
        _greeks_beyond,
    ),
    CycleCheck(
        "strike_order",
        "A dearer right costs less than a cheaper one.",
        "the ask of a strike near the money below the bid of the next one",
        _W,
        _disordered_strikes,
        0.01,
    ),
    CycleCheck(
        "overview_sum",
        "The overview's open interest is not the sum of the chain's.",
        "of the nearest expiry, where the whole chain is stored",
        _C,
        _sums,
    ),
)
"""Checks of what was computed, in the order in which they are shown."""
