"""Sizes of contracts, who is taken to hold them, and the strike at the money, in words."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import exposures
from g6.domain.pricing.forward import HYSTERESIS_STEPS
from g6.rendering.wording import LAKH, spelled
from g6.studies.contract_size import ContractSize

__all__ = ["atm_legend", "holder_words", "size_words"]

_HOLDERS = {exposures.CONVENTION: "calls + / puts −"}
"""Who is taken to hold what, as signs."""


def holder_words(convention: str) -> str:
    """Return the sentence on what dealers are taken to hold.

    >>> holder_words(exposures.CONVENTION)
    'dealers taken as calls + / puts −'
    """
    return f"dealers taken as {_HOLDERS.get(convention, spelled(convention))}"


def size_words(size: ContractSize) -> str:
    """Return a contract's size in words.

    `lot 65 units = ₹15.9 lakh, freeze 1,800 units = 27 lots by the file of 2026-11-02`
    """
    lot = size["lot_size"]
    notional = size["notional"]
    freeze = size["freeze_quantity"]
    words = f"lot {lot} units" if lot else "lot not known"
    if notional is not None:
        words += f" = ₹{notional / LAKH:.1f} lakh"
    if freeze is not None:
        lots = f" = {freeze // lot} lots" if lot else ""
        words += f", freeze {freeze:,} units{lots} by the file of {size['freeze_from']}"
    elif size["freeze_from"]:
        words += f", freeze not known: {size['freeze_from']}"
    return words


def atm_legend(strike: NDArray[np.float64], forward: float, atm: float) -> str:
    """Return what the arrows of a strike mean, and why they are beside the nearest one.

    Args:
        strike: Points, ascending.
        forward: The expiry's forward, points, NaN unknown.
        atm: The strike at the money, points, NaN unknown.

    >>> atm_legend(np.array([24_000.0, 24_050.0]), 24_026.0, 24_000.0)
    '▶ ◀ ATM, which moves once the forward is 0.6 of a step away'
    """
    is_known = len(strike) and isfinite(forward) and isfinite(atm)
    if is_known and strike[int(np.argmin(np.abs(strike - forward)))] != atm:
        return f"▶ ◀ ATM, which moves once the forward is {HYSTERESIS_STEPS} of a step away"
    return "▶ ◀ ATM"
