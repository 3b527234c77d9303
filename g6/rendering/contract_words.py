"""What a chain's table says in words: sizes, holders, the money, and why an IV is lacking."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import exposures
from g6.domain.pricing.forward import HYSTERESIS_STEPS
from g6.domain.schema.words import IvStatus
from g6.rendering.wording import LAKH, spelled
from g6.studies.contract_size import ContractSize

__all__ = ["atm_legend", "exposure_legend", "holder_words", "size_words", "why_no_iv"]

_HOLDERS = {exposures.CONVENTION: "calls + / puts −"}
"""Who is taken to hold what, as signs."""
_WHY_NO_IV: Mapping[str, str] = {
    IvStatus.EXPIRED: "expired, no time is left",
    IvStatus.STALE: "quote too old",
    IvStatus.BELOW_INTRINSIC: "price below intrinsic value",
    IvStatus.AT_PAYOFF: "worth no more than exercise",
    IvStatus.ABOVE_BOUND: "price above any volatility",
    IvStatus.SUB_TICK: "worth less than a tick",
    IvStatus.DISABLED: "Greeks are switched off",
}
"""Of reasons that say too little with their underscores left out."""


def holder_words(convention: str) -> str:
    """Return the sentence on what dealers are taken to hold.

    >>> holder_words(exposures.CONVENTION)
    'dealers taken as calls + / puts −'
    """
    return f"dealers taken as {_HOLDERS.get(convention, spelled(convention))}"


def exposure_legend(convention: str) -> str:
    """Return what the exposures are, and whose: two lines of at most 80 columns.

    Args:
        convention: Who dealers are taken to be, in the sums that have signs of theirs.

    >>> exposure_legend(exposures.CONVENTION).splitlines()[0]
    'GEX, vanna, charm: what delta gains, dealers taken as calls + / puts −'
    """
    return (
        f"GEX, vanna, charm: what delta gains, {holder_words(convention)}\n"
        "DEX: delta, VEX: vega, vomma: what vega gains; of all open options, held long"
    )


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


def why_no_iv(status: str) -> str:
    """Return why an option has no implied volatility.

    Args:
        status: Its `iv_status`.

    >>> why_no_iv("sub_tick"), why_no_iv("no_price")
    ('worth less than a tick', 'no price')
    """
    return _WHY_NO_IV.get(status) or spelled(status)
