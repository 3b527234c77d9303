"""Some tables hold the strikes near the money alone, in a window that moves with the index.

A strike outside the window is no hole. A strike that is missing within it is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

USUAL_SHARE = 0.8
"""The share of an expiry's instants that must show one width for it to be a window's."""
MOST_ASIDE = 2
"""Strikes that one side of the money may have more: people round to the money in several ways."""


def widths_of(
    at: NDArray[np.int64], day: NDArray[np.int64], strike: Array, spot: Array, declared: int | None
) -> Mapping[date, int]:
    """Return how many strikes an instant should hold, by expiry with a moving window.

    Args:
        at: Instants of the rows of one root, epoch microseconds.
        day: Their expiries, days since 1970.
        strike: Their strikes, points.
        spot: The index at their instants, NaN unknown.
        declared: Strikes on each side of the money, for every expiry, or None.
    """
    expiries = np.unique(day)
    if declared is not None:
        return dict.fromkeys(expiries.astype("datetime64[D]").tolist(), 2 * declared + 1)
    widths: dict[date, int] = {}
    for expiry in expiries:
        rows = day == expiry
        width = _width(at[rows], strike[rows], spot[rows])
        if width:
            widths[np.datetime64(int(expiry), "D").item()] = width
    return widths


def _width(at: NDArray[np.int64], strike: Array, spot: Array) -> int:
    """Return the width of a moving window, 0 where there is none."""
    pairs, first = np.unique(np.stack([at.astype(np.float64), strike]), axis=1, return_index=True)
    level = spot[first]
    begins = np.flatnonzero(np.concatenate(([True], np.diff(pairs[0]) != 0)))
    counts = np.diff(np.append(begins, pairs.shape[1]))
    lowest = pairs[1][begins]
    if len(np.unique(lowest)) < 2:
        return 0
    below = np.add.reduceat((pairs[1] < level).astype(np.intp), begins)
    lopsided = np.where(np.isfinite(level[begins]), np.abs(2 * below - counts), 0) > MOST_ASIDE
    sizes, often = np.unique(counts[~lopsided], return_counts=True)
    if not len(sizes) or often.max() < USUAL_SHARE * len(counts):
        return 0
    return int(sizes[np.argmax(often)])


def in_window(own: Array, listed: Array, spot: float, width: int) -> NDArray[np.bool_]:
    """Return which `listed` strikes an instant that holds `own` should hold. Both are ascending.

    A full window stands as it is. One with holes is compared with the strikes next to the money.
    """
    inside: NDArray[np.bool_] = (listed >= own[0]) & (listed <= own[-1])
    if len(own) >= width or not np.isfinite(spot):
        return inside
    money = int(np.argmin(np.abs(listed - spot)))
    place = np.arange(len(listed))
    half = width // 2
    near: NDArray[np.bool_] = inside | ((place >= money - half) & (place <= money + half))
    return near
