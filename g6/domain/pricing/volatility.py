"""Implied volatility and Greeks of a chain: a value that is believed, or a status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.plan import Pricing
from g6.domain.pricing.black76 import PHI, Greeks, Solution, SolverStatus, greeks, implied_vol, vega
from g6.domain.pricing.quality import Flag, Prices
from g6.domain.schema.words import IvStatus

__all__ = ["FAILED", "PRESET_IV_RANGE", "SOLVED", "WORDS", "Terms", "Volatility", "volatility"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.integer[Any]]

PRECISE_POINTS = 0.5
"""Volatility points within which a quote in the money pins its own volatility down."""
PRESET_IV_RANGE = (1e-4, 20.0)
"""Volatilities that a preset keeps: the exchanges publish them far beyond `iv_min` and `iv_max`."""
SOLVED = tuple(status.value for status in IvStatus if status.is_solved)
FAILED = tuple(status.value for status in IvStatus if status.is_failed)

STALE = IvStatus.STALE.code
SUB_TICK = IvStatus.SUB_TICK.code
OUT_OF_RANGE = IvStatus.OUT_OF_RANGE.code
SHARED = IvStatus.SHARED.code
FALLBACK = IvStatus.FALLBACK.code
DISABLED = IvStatus.DISABLED.code
UNLISTED = IvStatus.UNLISTED.code
WORDS = np.array([status.value for status in IvStatus], dtype=object)
"""Every word of `iv_status` at the place of its code, "" where a side is not listed."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the model needs besides a price.

    Attributes:
        forward: Points, shape (n,).
        strike: Points, shape (n,).
        years: Years to the fix, shape (n,), NaN past it.
        tick: Smallest step of a price in points, shape (n,).
        rate: Continuous rate a year, one for all.
    """

    forward: Array
    strike: Array
    years: Array
    tick: Array
    rate: float


@dataclass(frozen=True, slots=True)
class Volatility:
    """The volatilities of a chain, each of shape (2, n), NaN with a word in `status` where unknown.

    Attributes:
        iv: Fractions per root year.
        iv_bid: The same of the bid.
        iv_ask: The same of the ask.
        code: The place of the status in WORDS.
        iterations: Evaluations spent on the price, 0 where nothing was solved.
        time_value: Points over the discounted payoff on the forward.
        flags: Quality bits that only a model can set.
        greeks: The Greeks at `iv`, or at a configured fallback.
    """

    iv: Array
    iv_bid: Array
    iv_ask: Array
    code: NDArray[np.int8]
    iterations: NDArray[np.int16]
    time_value: Array
    flags: NDArray[np.int32]
    greeks: Greeks

    @property
    def status(self) -> NDArray[np.object_]:
        """The words, shape (2, n)."""
        return WORDS[self.code]

    def rows(self, rows: slice) -> Volatility:
        """Return the volatilities of some strikes."""
        greeks_of_rows = Greeks(
            *(getattr(self.greeks, name)[..., rows] for name in Greeks.__dataclass_fields__)
        )
        return Volatility(
            iv=self.iv[:, rows],
            iv_bid=self.iv_bid[:, rows],
            iv_ask=self.iv_ask[:, rows],
            code=self.code[:, rows],
            iterations=self.iterations[:, rows],
            time_value=self.time_value[:, rows],
            flags=self.flags[:, rows],
            greeks=greeks_of_rows,
        )


def volatility(prices: Prices, terms: Terms, pricing: Pricing, enabled: bool) -> Volatility:
    """Return implied volatilities and Greeks of a chain.

    The out-of-the-money side of a strike stands on its own price. The in-the-money side does when
    half its spread over its vega is at most 0.5 volatility points. Otherwise it shares its strike's
    volatility, and where the other side has none it takes that side's reason. With an exchange's
    preset every side stands on its own.

    Args:
        prices: What was taken from the quotes.
        terms: Forward, strike and time of each row.
        pricing: How the chain is priced.
        enabled: Whether volatilities are switched on. If not, every status is disabled.

    >>> from g6.simulation.example_unit import QUOTES, STAMP
    >>> from g6.domain.pricing.quality import prices
    >>> taken = prices(QUOTES, STAMP.at.timestamp(), STAMP.quality)
    >>> columns = [np.full(82, value) for value in (24101.0, 0.017, 0.05)]
    >>> terms = Terms(columns[0], QUOTES.strike, *columns[1:], 0.055)
    >>> volatility(taken, terms, STAMP.pricing, enabled=False).status[0, 0]
    'disabled'
    """
    solve = enabled and pricing.estimate_iv
    time_value = prices.price - _payoff(terms)
    solution = _solved(prices, terms, pricing, solve)
    low, high = PRESET_IV_RANGE if _is_preset(pricing) else (pricing.iv_min, pricing.iv_max)
    within = np.where((solution.sigma >= low) & (solution.sigma <= high), solution.sigma, np.nan)
    code = _own(solution, np.isfinite(within[0]), prices)
    if not _is_preset(pricing):
        code = _shared(_sub_tick(code, time_value, terms), within[0], prices, terms)
    code = _overruled(code, prices, terms, solve)
    shared_iv = np.where(code == SHARED, within[0, ::-1], np.nan)
    iv = np.where(code == SolverStatus.ok, within[0], shared_iv)
    code, greeks_iv = _with_fallback(code, iv, prices, pricing.fallback_iv if enabled else None)
    below = (time_value <= 0) | (solution.status[0] == SolverStatus.below_intrinsic)
    return Volatility(
        iv=iv,
        iv_bid=within[1],
        iv_ask=within[2],
        code=code.astype(np.int8),
        iterations=solution.iterations[0],
        time_value=time_value,
        flags=np.where(prices.listed & below, np.int32(Flag.BELOW_INTRINSIC), np.int32(0)),
        greeks=greeks(greeks_iv, terms.forward, terms.strike, terms.years, terms.rate, PHI),
    )


def _payoff(terms: Terms) -> Array:
    """Return what the options are worth on the forward without any time value, points."""
    with np.errstate(invalid="ignore"):
        discount = np.exp(-terms.rate * terms.years)
        payoff: Array = discount * np.maximum(PHI * (terms.forward - terms.strike), 0.0)
    return payoff


def _sub_tick(code: Codes, time_value: Array, terms: Terms) -> Codes:
    """Return the codes without those whose time value is less than half a tick."""
    return np.where((code == SolverStatus.ok) & (time_value < 0.5 * terms.tick), SUB_TICK, code)


def _solved(prices: Prices, terms: Terms, pricing: Pricing, solve: bool) -> Solution:
    """Solve all prices, bids and asks of all expiries by one call, or none of them."""
    # A call costs about 130 µs before its first option.
    stacked = np.stack([prices.price, prices.bid, prices.ask])
    return implied_vol(
        stacked if solve else np.full_like(stacked, np.nan),
        terms.forward,
        terms.strike,
        terms.years,
        terms.rate,
        PHI,
        max_iterations=pricing.iv_max_iterations,
        precision=pricing.iv_precision,
    )


def _is_preset(pricing: Pricing) -> bool:
    return pricing.model != "black76"


def _own(solution: Solution, within: Mask, prices: Prices) -> Codes:
    """Return the code of each side by its own price alone."""
    is_out = (solution.status[0] == SolverStatus.ok) & ~within
    solved = np.where(is_out, OUT_OF_RANGE, solution.status[0])
    unpriced = np.where(prices.flags & Flag.STALE, STALE, SolverStatus.no_price)
    return np.where(np.isfinite(prices.price), solved, unpriced)


def _shared(code: Codes, sigma: Array, prices: Prices, terms: Terms) -> Codes:
    """Return the codes with those in the money decided.

    A side keeps a volatility that its quote pins down. Otherwise it takes the strike's, or the
    reason why the strike has none.
    """
    inside = (PHI * (terms.forward - terms.strike) > 0) & prices.listed & ~prices.missing
    is_own = code == SolverStatus.ok
    other = code[::-1]
    sigma_of_strike = np.where(other == SolverStatus.ok, sigma[::-1], sigma)
    move = vega(sigma_of_strike, terms.forward, terms.strike, terms.years, terms.rate)
    is_precise = is_own & (prices.half_spread <= PRECISE_POINTS * move)
    reason = np.where(prices.listed[::-1], other, SolverStatus.no_price)
    without = np.where(is_own, reason, code)
    instead = np.where(other == SolverStatus.ok, SHARED, without)
    return np.where(inside & ~is_precise, instead, code)


def _overruled(code: Codes, prices: Prices, terms: Terms, solve: bool) -> Codes:
    """Return the codes under the reasons that go before any other.

    Those are: not listed, switched off, past the fix, and a price without a forward.
    """
    has_no_forward = ~np.isfinite(terms.forward) & np.isfinite(prices.price)
    code = np.where(has_no_forward, SolverStatus.no_forward, code)
    code = np.where(np.isfinite(terms.years), code, SolverStatus.expired)
    return np.where(prices.listed, code if solve else DISABLED, UNLISTED)


def _with_fallback(
    code: Codes, iv: Array, prices: Prices, fallback: float | None
) -> tuple[Codes, Array]:
    """Return the codes and the volatility that Greeks are made with.

    A configured fallback stands in, flagged, and is never called an implied volatility.
    """
    if fallback is None:
        return code, iv
    never = (SolverStatus.ok, SHARED, SolverStatus.expired, SolverStatus.no_forward, UNLISTED)
    stands_in = ~np.isin(code, never) & ~prices.missing
    return np.where(stands_in, FALLBACK, code), np.where(stands_in, fallback, iv)
