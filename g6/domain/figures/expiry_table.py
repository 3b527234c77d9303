"""What the figures of an overview are made of: every expiry of some chains, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import volatility_smile
from g6.domain.pricing.chain import Chain
from g6.domain.pricing.padded import abreast

__all__ = ["Ladders", "ladders"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ladders:
    """m expiries, k strikes in the longest; shorter ones end in NaN.

    `strike`, `offset` `(m, k)`; `iv`, `price`, `oi`, `oi_prev`, `volume` `(m, 2, k)`; `forward`, `years`, `atm`, `atm_iv` `(m,)`.
    Units as in `Chain`.
    """

    strike: Array
    offset: Array
    iv: Array
    price: Array
    oi: Array
    oi_prev: Array
    volume: Array
    forward: Array
    years: Array
    atm: Array
    atm_iv: Array

    def take(self, places: Sequence[int]) -> Ladders:
        """Return some of the expiries."""
        at = np.asarray(places, dtype=np.intp)
        return Ladders(**{name: getattr(self, name)[at] for name in Ladders.__dataclass_fields__})


def ladders(chains: Sequence[Chain]) -> Ladders:
    """Return every expiry of every chain, in their order."""
    bounds = [
        0,
        *accumulate(
            last - first for chain in chains for first, last in pairwise(chain.expiries.bounds)
        ),
    ]
    tabled = abreast(bounds)

    def beside(take: Callable[[Chain], Array]) -> Array:
        table = tabled(np.concatenate([take(chain) for chain in chains], axis=-1))
        return table if table.ndim == 2 else table.swapaxes(0, 1)

    forward, years, atm = (
        np.array(
            [figure for chain in chains for figure in getattr(chain.expiries, name)],
            dtype=np.float64,
        )
        for name in ("forward", "years", "atm")
    )
    strike, iv = beside(lambda chain: chain.quotes.strike), beside(lambda chain: chain.vol.iv)
    return Ladders(
        strike=strike,
        offset=beside(lambda chain: chain.offset),
        iv=iv,
        price=beside(lambda chain: chain.prices.price),
        oi=beside(lambda chain: chain.oi),
        oi_prev=beside(lambda chain: chain.quotes.oi_prev),
        volume=beside(lambda chain: chain.volume),
        forward=forward,
        years=years,
        atm=atm,
        atm_iv=volatility_smile.atm_iv(strike, forward, iv),
    )
