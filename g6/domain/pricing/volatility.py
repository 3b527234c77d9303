"""Implied volatility and Greeks of a chain: which side is believed, and a status wherever there is none."""

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
PRESET_IV_RANGE = (1e-4, 20.0)
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
"""Every word of `iv_status` at the place of its code; "" stands where that side of a strike is not listed."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the model needs besides a price: `forward`, `strike` and `tick` in points and `years`, each `(n,)`; one rate."""

    forward: Array
    strike: Array
    years: Array
    tick: Array
    rate: float


@dataclass(frozen=True, slots=True)
class Volatility:
    """What was found, each `(2, n)`, NaN with a word in `status` where there is nothing.

    `code` is the status' place in `WORDS`; `iv`, `iv_bid`, `iv_ask` fractions per root year; `iterations` spent on the price, 0
    where nothing was solved; `time_value` points over the discounted payoff on the forward; `flags` the quality bits that only a
    model can set.
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
        """The words, `(2, n)`."""
        return WORDS[self.code]

    def rows(self, mine: slice) -> Volatility:
        """Return what was found of some strikes."""
        own = {
            name: getattr(self, name)[:, mine]
            for name in Volatility.__dataclass_fields__
            if name != "greeks"
        }
        return Volatility(
            **own,
            greeks=Greeks(
                *(getattr(self.greeks, name)[..., mine] for name in Greeks.__dataclass_fields__)
            ),
        )


def volatility(prices: Prices, terms: Terms, pricing: Pricing, enabled: bool) -> Volatility:
    """Return implied volatilities and Greeks, in one call of the solver for all prices, bids and asks of all expiries.

    The out-of-the-money side of a strike stands on its own price. The in-the-money side does when half its spread over its
    vega is at most 0.5 volatility points; otherwise it shares its strike's volatility, and where the other side has none it
    takes that side's reason. With an exchange's preset every side stands on its own. Not `enabled`: every status is `disabled`.
    """
    solve = enabled and pricing.estimate_iv
    with np.errstate(invalid="ignore"):
        payoff = np.exp(-terms.rate * terms.years) * np.maximum(
            PHI * (terms.forward - terms.strike), 0.0
        )
    time_value = prices.price - payoff
    asked = np.stack([prices.price, prices.bid, prices.ask])
    solution = implied_vol(
        asked if solve else np.full_like(asked, np.nan), terms.forward, terms.strike, terms.years, terms.rate, PHI,
        max_iterations=pricing.iv_max_iterations,
    )  # fmt: skip
    low, high = PRESET_IV_RANGE if _preset(pricing) else (pricing.iv_min, pricing.iv_max)
    within = np.where((solution.sigma >= low) & (solution.sigma <= high), solution.sigma, np.nan)
    code = _own(solution, np.isfinite(within[0]), prices)
    if not _preset(pricing):
        code = np.where((code == SolverStatus.ok) & (time_value < 0.5 * terms.tick), SUB_TICK, code)
        code = _shared(code, within[0], prices, terms)
    code = _overruled(code, prices, terms, solve)
    iv = np.where(
        code == SolverStatus.ok, within[0], np.where(code == SHARED, within[0, ::-1], np.nan)
    )
    code, used = _with_fallback(code, iv, prices, pricing.fallback_iv if enabled else None)
    below = prices.listed & (
        (time_value <= 0) | (solution.status[0] == SolverStatus.below_intrinsic)
    )
    return Volatility(
        iv=iv,
        iv_bid=within[1],
        iv_ask=within[2],
        code=code.astype(np.int8),
        iterations=solution.iterations[0],
        time_value=time_value,
        flags=np.where(below, np.int32(Flag.BELOW_INTRINSIC), np.int32(0)),
        greeks=greeks(used, terms.forward, terms.strike, terms.years, terms.rate, PHI),
    )


def _preset(pricing: Pricing) -> bool:
    return pricing.model != "black76"


def _own(solution: Solution, within: Mask, prices: Prices) -> Codes:
    """The code of each side by its own price alone."""
    code = np.where(
        (solution.status[0] == SolverStatus.ok) & ~within, OUT_OF_RANGE, solution.status[0]
    )
    return np.where(
        np.isfinite(prices.price),
        code,
        np.where(prices.flags & Flag.STALE, STALE, SolverStatus.no_price),
    )


def _shared(code: Codes, sigma: Array, prices: Prices, terms: Terms) -> Codes:
    """In the money: keep a volatility the quote pins down, else take the strike's, else the reason why the strike has none."""
    inside = (PHI * (terms.forward - terms.strike) > 0) & prices.listed & ~prices.missing
    own, other = code == SolverStatus.ok, code[::-1]
    strikes_own = np.where(other == SolverStatus.ok, sigma[::-1], sigma)
    move = vega(strikes_own, terms.forward, terms.strike, terms.years, terms.rate)
    precise = own & (prices.half_spread <= PRECISE_POINTS * move)
    reason = np.where(prices.listed[::-1], other, SolverStatus.no_price)
    instead = np.where(other == SolverStatus.ok, SHARED, np.where(own, reason, code))
    return np.where(inside & ~precise, instead, code)


def _overruled(code: Codes, prices: Prices, terms: Terms, solve: bool) -> Codes:
    """Reasons that go before any other: not listed, switched off, past the fix, a price but no forward."""
    code = np.where(
        ~np.isfinite(terms.forward) & np.isfinite(prices.price), SolverStatus.no_forward, code
    )
    code = np.where(np.isfinite(terms.years), code, SolverStatus.expired)
    return np.where(prices.listed, code if solve else DISABLED, UNLISTED)


def _with_fallback(
    code: Codes, iv: Array, prices: Prices, fallback: float | None
) -> tuple[Codes, Array]:
    """The volatility that Greeks are made with: a configured fallback stands in, flagged, and is never called an IV."""
    if fallback is None:
        return code, iv
    never = (SolverStatus.ok, SHARED, SolverStatus.expired, SolverStatus.no_forward, UNLISTED)
    chosen = ~np.isin(code, never) & ~prices.missing
    return np.where(chosen, FALLBACK, code), np.where(chosen, fallback, iv)
