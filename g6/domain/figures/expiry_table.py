"""Every expiry of some chains side by side, so that one call makes a figure for all of them.

A chain of scope chain has every listed strike among its rows. One of scope window knows of the
others what its expiries' `beyond` holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import accumulate
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import open_interest
from g6.domain.figures.smile import volatility_smile
from g6.domain.pricing.padded import abreast
from g6.domain.schema.beyond import Beyond
from g6.domain.schema.chain import Chain, ChainExpiry

__all__ = ["ExpiryTable", "WholeChains", "expiry_table", "whole_chains"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WholeChains:
    """Every listed strike of m expiries side by side, k of them in the longest.

    `strike` `(m, k)` is points, `oi`, `oi_prev` and `volume` `(m, 2, k)` units that may be in sums.
    Shorter expiries end in NaN, and of an expiry that is not whole nothing is known. `strikes`
    `(m,)` counts strikes with open interest, whole or not. `age_seconds` `(m,)` is the age of the
    oldest open interest, 0 where all came with the rows and NaN where the expiry is not whole.
    """

    strike: Array
    oi: Array
    oi_prev: Array
    volume: Array
    strikes: NDArray[np.int64]
    age_seconds: Array

    @classmethod
    def of_rows(cls, chain: Chain) -> WholeChains:
        """Return the rows of one expiry's chain, as if these strikes were all that are listed."""
        oi = chain.oi[None]
        strikes = open_interest.strikes_with(oi)
        oi_prev = chain.oi_prev[None]
        return cls(chain.strike[None], oi, oi_prev, chain.volume[None], strikes, np.zeros(1))

    def take(self, places: NDArray[np.intp]) -> WholeChains:
        """Return some of the expiries, by their places."""
        arrays = (getattr(self, column.name) for column in fields(self))
        return WholeChains(*(array[places] for array in arrays))


@dataclass(frozen=True)
class ExpiryTable:
    """The rows of m expiries side by side, k strikes in the longest. Shorter ones end in NaN.

    `strike`, `offset` are `(m, k)`, `iv`, `price`, `oi` `(m, 2, k)` and `forward`, `years`, `atm`,
    `atm_iv` `(m,)`. Units as in `Chain`. `whole` holds all listed strikes. What several figures
    stand on is computed when the first of them is asked for.
    """

    strike: Array
    offset: Array
    iv: Array
    price: Array
    oi: Array
    forward: Array
    years: Array
    atm: Array
    atm_iv: Array
    whole: WholeChains

    def take(self, places: Sequence[int]) -> ExpiryTable:
        """Return some of the expiries, by their places."""
        at = np.asarray(places, dtype=np.intp)
        arrays = {column.name: getattr(self, column.name)[at] for column in fields(self)[:-1]}
        return ExpiryTable(**arrays, whole=self.whole.take(at))

    @cached_property
    def deviation(self) -> Array:
        """One standard deviation to the fix, points `(m,)`."""
        return np.asarray(volatility_smile.expected_move(self.forward, self.atm_iv, self.years))

    @cached_property
    def straddle(self) -> Array:
        """Straddles at the money, points `(m,)`."""
        return np.asarray(volatility_smile.straddle(self.strike, self.price, self.atm))

    @cached_property
    def wings(self) -> tuple[Array, Array]:
        """Risk reversal and butterfly at 25Δ, fractions per root year, each `(m,)`."""
        return volatility_smile.risk_reversal_butterfly(
            self.strike, self.forward, self.iv, self.years, self.atm_iv
        )

    @cached_property
    def parabola(self) -> tuple[Array, Array]:
        """Slope and curvature of the smile at the money, each `(m,)`."""
        return volatility_smile.slope_curvature(self.atm_iv, *self.wings, self.years)

    @cached_property
    def support(self) -> open_interest.InterestLevel:
        """The most put open interest below the forward, each field `(m,)`."""
        return open_interest.support(*self._levels)

    @cached_property
    def resistance(self) -> open_interest.InterestLevel:
        """The most call open interest above the forward, each field `(m,)`."""
        return open_interest.resistance(*self._levels)

    @property
    def _levels(self) -> tuple[Array, Array, Array, Array, Array]:
        whole = self.whole
        return whole.strike, whole.oi, whole.oi_prev, self.forward, self.deviation


def expiry_table(chains: Sequence[Chain]) -> ExpiryTable:
    """Return every expiry of every chain, in their order.

    >>> from g6.simulation.example_unit import CHAIN
    >>> expiry_table([CHAIN]).strike.shape
    (2, 41)
    """
    expiries = _expiries(chains)
    aside = _padding(chains)
    forward = np.array([expiry.forward for expiry in expiries], dtype=np.float64)
    strike = aside(lambda chain: chain.strike)
    iv = aside(lambda chain: chain.iv)
    return ExpiryTable(
        strike=strike,
        offset=aside(lambda chain: chain.offset),
        iv=iv,
        price=aside(lambda chain: chain.price),
        oi=aside(lambda chain: chain.oi),
        forward=forward,
        years=np.array([expiry.years for expiry in expiries], dtype=np.float64),
        atm=np.array([expiry.atm for expiry in expiries], dtype=np.float64),
        atm_iv=volatility_smile.atm_iv(strike, forward, iv),
        whole=whole_chains(chains),
    )


def whole_chains(chains: Sequence[Chain]) -> WholeChains:
    """Return every listed strike of every expiry of every chain, in their order.

    >>> from g6.simulation.example_unit import CHAIN
    >>> whole_chains([CHAIN]).strikes.tolist()
    [41, 41]
    """
    expiries = _expiries(chains)
    if any(len(expiry.beyond) for expiry in expiries):
        strike, oi, oi_prev, volume = _with_beyond(chains)
    else:
        aside = _padding(chains)
        strike = aside(lambda chain: chain.strike)
        oi = aside(lambda chain: chain.oi)
        oi_prev = aside(lambda chain: chain.oi_prev)
        volume = aside(lambda chain: chain.volume)
    strikes = open_interest.strikes_with(oi)
    # Refreshed strikes came with earlier cycles, all of them within 60 s (27 of 324 at 5 s).
    age = np.array([expiry.beyond.age_seconds for expiry in expiries], dtype=np.float64)
    is_whole = np.array([expiry.is_whole for expiry in expiries], dtype=np.bool_)
    if not is_whole.all():
        # A sum over a part of the chain reads like one over all of it: over ±10 strikes PCR was
        # 0.795 where the whole chain said 0.675.
        by_side = is_whole[:, None, None]
        oi = np.where(by_side, oi, nan)
        volume = np.where(by_side, volume, nan)
        age = np.where(is_whole, age, nan)
    return WholeChains(strike, oi, oi_prev, volume, strikes, age)


def _expiries(chains: Sequence[Chain]) -> list[ChainExpiry]:
    return [expiry for chain in chains for expiry in chain.expiries]


def _padding(chains: Sequence[Chain]) -> Callable[[Callable[[Chain], Array]], Array]:
    """Return what makes an array of each chain into one table of all expiries.

    `(n,)` arrays become `(m, k)`, `(2, n)` arrays `(m, 2, k)`.
    """
    bounds = accumulate((expiry.size for expiry in _expiries(chains)), initial=0)
    tabled = abreast([*bounds])

    # One call for all expiries of all units: many small arrays cost far more than one.
    def aside(array_of: Callable[[Chain], Array]) -> Array:
        table = tabled(np.concatenate([array_of(chain) for chain in chains], axis=-1))
        return table if table.ndim == 2 else table.swapaxes(0, 1)

    return aside


def _with_beyond(chains: Sequence[Chain]) -> tuple[Array, Array, Array, Array]:
    """Return strike, open interest now and before, and volume of all listed strikes."""
    parts = [_joined(chain, expiry) for chain in chains for expiry in chain.expiries]
    bounds = accumulate((part.shape[1] for part in parts), initial=0)
    table = abreast([*bounds])(np.concatenate(parts, axis=1))
    oi, oi_prev, volume = (table[first : first + 2].swapaxes(0, 1) for first in (1, 3, 5))
    return table[0], oi, oi_prev, volume


def _joined(chain: Chain, expiry: ChainExpiry) -> Array:
    """Return rows and the strikes beyond them in order of strikes, `(7, k)`.

    The seven are strike, and by side open interest now, before, and volume.
    """
    rows = expiry.rows
    inside = np.vstack(
        [
            chain.strike[None, rows],
            chain.oi[:, rows],
            chain.oi_prev[:, rows],
            chain.volume[:, rows],
        ]
    )
    both = np.concatenate([inside, _outside(expiry.beyond)], axis=1)
    return both[:, np.argsort(both[0], kind="stable")]


def _outside(beyond: Beyond) -> Array:
    unknown = np.full(beyond.oi.shape, nan)
    return np.vstack([beyond.strike[None], beyond.oi, unknown, beyond.volume])
