"""A chain of one expiry with nothing but the arrays that a test is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.schema.chain import Chain, ChainExpiry
from g6.domain.schema.underlying import Underlying


def bare_chain(
    strike: NDArray[np.float64],
    sides: Mapping[str, NDArray[Any]],
    *,
    forward: float = nan,
    years: float = nan,
    rate: float = nan,
) -> Chain:
    """Return a chain of these strikes; whatever is not given is unknown."""
    n = len(strike)
    expiry = ChainExpiry(
        day=date(2026, 11, 24), bucket="this_week", mask=1, rows=slice(0, n), years=years,
        forward=forward, atm=nan, requested=n, collected=n,
    )  # fmt: skip
    unknown = np.full((2, n), nan)
    return Chain(
        index="NIFTY", instant=0.0, market=Underlying(), expiries=(expiry,), strike=strike,
        offset=np.full(n, nan), lot_size=np.full(n, nan), tick_size=np.full(n, nan),
        rate=rate, sides=sides,
        sums={"oi": sides.get("oi", unknown), "volume": sides.get("volume", unknown)},
    )  # fmt: skip
