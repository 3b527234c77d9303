"""How well a stored volatility gives back the price it was solved from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.black76 import PHI, price
from g6.domain.schema.frame import Frame

__all__ = ["iv_error"]


def iv_error(frame: Frame) -> NDArray[np.float64]:
    """Return the model's price at each option's volatility over the price it was solved from, less 1: a fraction, `(2, n)`.

    `frame`: columns of `rows.CHAIN`. NaN where the status is not ok: a shared volatility is of the other side's price.
    """
    level, strike, years, rate = (
        frame.columns[name].astype(np.float64)
        for name in ("forward", "strike", "years_to_expiry", "rate")
    )
    held, iv = (frame.both_sides(name).astype(np.float64) for name in ("price", "iv"))
    own = frame.both_sides("iv_status") == "ok"
    with np.errstate(all="ignore"):
        return np.where(own, price(iv, level, strike, years, rate, PHI) / held - 1.0, np.nan)
