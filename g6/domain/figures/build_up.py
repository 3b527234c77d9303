"""What open interest did: its change over a window, the build-up it shows, and options that behave unlike themselves.

Sides are axis 0 of `(2, k)` arrays, (CE, PE); quantities are units. Exchanges publish open interest every one to three minutes, so
no change is measured over less than `PUBLISHED_SECONDS`: over a shorter window most of what is seen is the moment of publishing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.medians import median_of_least

__all__ = [
    "BUILD_UPS", "LEAST_CYCLES", "NEUTRAL_SHARE", "PUBLISHED_SECONDS", "Unusual", "build_up", "change", "change_share",
    "index_build_up", "reference", "unusual", "z_scores",
]  # fmt: skip

Array = NDArray[np.float64]

PUBLISHED_SECONDS = 180.0
NEUTRAL_SHARE = 0.005
BUILD_UPS = ("", "neutral", "long_build_up", "short_build_up", "short_covering", "long_unwinding")
"""Words of a build-up; "" where premium or open interest is unknown."""

LEAST_CYCLES = 5
_MAD_TO_DEVIATION = 1.4826


def reference(instants: Sequence[float], now: float, window_seconds: float) -> int | None:
    """Return the position of the cycle to compare `now` with: the latest at least the window earlier; None without one.

    `instants` ascending, epoch seconds. A window shorter than `PUBLISHED_SECONDS` counts as that long.
    """
    oldest = now - max(window_seconds, PUBLISHED_SECONDS)
    place = int(np.searchsorted(np.asarray(instants, dtype=np.float64), oldest, side="right")) - 1
    return place if place >= 0 else None


def change(oi: Array, before: Array, oi_day_high: Array) -> Array:
    """Return `oi − before` in units, NaN where either is unknown.

    Zero before the day's first publication (nothing held that day has been seen: `oi_day_high` zero or unknown) is unknown too, not
    a loss of everything.
    """
    unpublished = (oi == 0) & (before > 0) & ~(oi_day_high > 0)
    difference: Array = np.where(unpublished, np.nan, oi) - before
    return difference


def change_share(changed: Array, before: Array) -> Array:
    """Return a change over what was held before, a fraction; NaN where nothing was."""
    share: Array = np.divide(
        changed, before, out=np.full(np.shape(changed), np.nan), where=before > 0
    )
    return share


def build_up(
    premium_change: Array, oi_change: Array, oi_before: Array, tick: Array
) -> NDArray[np.object_]:
    """Return the build-up of each option over one window, words of `BUILD_UPS`; all arguments broadcast.

    Premium and open interest both up long_build_up, down and up short_build_up, up and down short_covering, both down
    long_unwinding; neutral where the premium moved less than one tick or open interest less than 0.5 % of what it was.
    """
    moved, held = np.broadcast_arrays(
        np.asarray(premium_change, np.float64), np.asarray(oi_change, np.float64)
    )
    # Prices are whole ticks in binary fractions: a hair less than one tick is one tick.
    still = (
        (np.abs(moved) < np.asarray(tick) * (1 - 1e-9))
        | (np.abs(held) < NEUTRAL_SHARE * np.asarray(oi_before))
        | (held == 0)
    )
    code = np.where(held > 0, np.where(moved > 0, 2, 3), np.where(moved > 0, 4, 5))
    code = np.where(still, 1, code)
    known = np.isfinite(moved) & np.isfinite(held) & np.isfinite(oi_before)
    return np.array(BUILD_UPS, dtype=object)[np.where(known, code, 0)]


def index_build_up(future_change: float, oi_change: float, oi_before: float, tick: float) -> str:
    """Return the build-up of an index: that of its nearest future's price (points) and open interest (units)."""
    word = build_up(
        np.array(future_change), np.array(oi_change), np.array(oi_before), np.array(tick)
    )
    return str(np.asarray(word, dtype=object).item())


def z_scores(history: Array, now: Array, floor: Array | float = 1.0) -> Array:
    """Return how many deviations `now` `(...)` stands from its own `history` `(t, ...)`, robustly: from the median, in MADs.

    NaN with fewer than five known values. No deviation is taken for smaller than `floor` (in the history's unit), so that the first
    move of a still option is not infinite.
    """
    known = np.isfinite(history)
    count = known.sum(axis=0)
    filled = np.where(known, history, np.inf)
    middle = median_of_least(filled, count, axis=0)
    away = np.where(known, np.abs(history - middle), np.inf)
    spread = _MAD_TO_DEVIATION * median_of_least(away, count, axis=0)
    deviation = np.maximum(spread, floor)
    return np.where(count >= LEAST_CYCLES, (now - middle) / deviation, np.nan)


@dataclass(frozen=True, slots=True)
class Unusual:
    """One finding of the scanner: option by side (0 CE, 1 PE) and row, its `kind` oi, volume or iv, its z-score and its value."""

    kind: str
    side: int
    row: int
    score: float
    value: float


def unusual(
    kind: str, history: Array, now: Array, floor: Array | float, least: float = 4.0
) -> list[Unusual]:
    """Return the options whose step `now` `(2, k)` is at least `least` deviations from their history `(t, 2, k)`, largest first.

    Steps are changes over windows of equal length: of open interest, of the day's volume, or of volatility in points.
    """
    score = z_scores(history, now, floor)
    side, row = np.nonzero(np.abs(score) >= least)
    found = [
        Unusual(kind, s, r, float(score[s, r]), float(now[s, r]))
        for s, r in zip(side.tolist(), row.tolist(), strict=True)
    ]
    return sorted(found, key=lambda each: -abs(each.score))
