"""Quantities that may be in sums: open interest and volume of options that count."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from g6.domain.schema.words import Flag

__all__ = [
    "MAX_COUNT",
    "MAX_OPEN_INTEREST",
    "countable",
    "countable_interest",
    "counts",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MAX_COUNT = 2.0**53
"""A float counts whole units exactly up to here."""
MAX_OPEN_INTEREST = 1e10
"""Units of one option from which on open interest is a damaged number."""
# The largest open interest ever listed on one option was some 5e7 units. The bound is 200 times
# that.


def counts(listed: Mask, flags: NDArray[np.integer]) -> Mask:
    """Return which options are in sums: those that are listed and not thin.

    Args:
        listed: Whether the option exists (has a symbol).
        flags: Bits of the column `quality`, of the same shape.

    >>> counts(np.array([True, True, False]), np.array([0, 2048, 0]))
    array([ True, False, False])
    """
    counted: Mask = listed & (flags.astype(np.int64) & Flag.THIN == 0)
    return counted


def countable(quantity: Array, counted: Mask) -> Array:
    """Return a quantity with NaN for what cannot be one.

    Args:
        quantity: Units, NaN unknown.
        counted: Which options count, of the same shape.

    Returns:
        The quantity, NaN where it is negative, beyond what a float counts exactly, or of an
        option that does not count.

    >>> countable(np.array([65.0, -65.0, 130.0]), np.array([True, True, False]))
    array([65., nan, nan])
    """
    return np.where(counted & (quantity >= 0) & (quantity < MAX_COUNT), quantity, np.nan)


def countable_interest(open_interest: Array, counted: Mask) -> Array:
    """Return open interest as `countable` does, NaN also from `MAX_OPEN_INTEREST` on.

    >>> countable_interest(np.array([65.0, 1e10]), np.array([True, True]))
    array([65., nan])
    """
    return np.where(open_interest < MAX_OPEN_INTEREST, countable(open_interest, counted), np.nan)
