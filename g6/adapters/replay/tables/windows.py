"""Tables that hold the strikes near the money alone: a window that moves is no hole, and a strike missing within it is one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

USUAL_SHARE = 0.8
"""The part of an expiry's instants that show one width, for it to be the width of a window."""
MOST_ASIDE = 2
"""Strikes more on one side of the money than on the other: people round to the money in several ways."""


def widths_of(
    at: NDArray[np.int64], day: NDArray[np.int64], strike: Array, spot: Array, declared: int | None
) -> Mapping[date, int]:
    """Return how many strikes an instant should hold, by expiry; nothing of expiries whose strikes are the same all along.

    Args:
        at: Instants of the rows of one root, epoch microseconds.
        day: Their expiries, days since 1970.
        strike: Their strikes, points.
        spot: The index at their instants, NaN unknown.
        declared: Strikes on each side of the money, where somebody says so: then it holds for every expiry.
    """
    expiries = np.unique(day)
    if declared is not None:
        return dict.fromkeys(expiries.astype("datetime64[D]").tolist(), 2 * declared + 1)
    widths: dict[date, int] = {}
    for expiry in expiries:
        mine = day == expiry
        width = _width(at[mine], strike[mine], spot[mine])
        if width:
            widths[np.datetime64(int(expiry), "D").item()] = width
    return widths


def _width(at: NDArray[np.int64], strike: Array, spot: Array) -> int:
    """The width of a moving window, 0 where there is none."""
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
    """Tell which of the strikes `listed` so far an instant should hold, that holds `own`; both ascending.

    A full window is what it is; one with holes is held against the strikes next to the money.
    """
    inside: NDArray[np.bool_] = (listed >= own[0]) & (listed <= own[-1])
    if len(own) >= width or not np.isfinite(spot):
        return inside
    money = int(np.argmin(np.abs(listed - spot)))
    place = np.arange(len(listed))
    half = width // 2
    near: NDArray[np.bool_] = inside | ((place >= money - half) & (place <= money + half))
    return near
