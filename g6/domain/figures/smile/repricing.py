"""How well a volatility gives back the price it was solved from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.black76 import PHI, price
from g6.domain.schema.chain import Chain
from g6.domain.schema.words import IvStatus

__all__ = ["iv_error"]


def iv_error(chain: Chain) -> NDArray[np.float64]:
    """Return how far each volatility's price is from the price it was solved from.

    Returns:
        Fractions, shape (2, n). NaN where the status is not ok: a shared volatility is of the
        other side's price.

    >>> from g6.simulation.example_unit import CHAIN
    >>> bool(np.nanmax(np.abs(iv_error(CHAIN))) < 0.01)
    True
    """
    is_own = chain.sides["iv_status"] == IvStatus.OK
    with np.errstate(all="ignore"):
        model = price(chain.iv, chain.forward, chain.strike, chain.years, chain.rate, PHI)
        return np.where(is_own, model / chain.price - 1.0, np.nan)
