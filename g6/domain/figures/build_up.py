"""What open interest did: its change over a window, the build-up it shows, and unusual options.

Sides are axis 0 of `(2, k)` arrays, (CE, PE), and quantities are units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from g6.domain.pricing.medians import median_of_least

__all__ = [
    "BUILD_UPS",
    "LEAST_CYCLES",
    "NEUTRAL_SHARE",
    "PUBLISHED_SECONDS",
    "Unusual",
    "build_up",
    "change",
    "index_build_up",
    "reference",
    "unpublished",
    "unpublished_in_words",
    "unusual",
    "z_scores",
]

Array = NDArray[np.float64]

# Exchanges publish open interest every one to three minutes. Over a shorter window most of what is
# seen is the moment of publishing.
PUBLISHED_SECONDS = 180.0
NEUTRAL_SHARE = 0.005
"""Share of its open interest that an option gains or loses at least in a build-up."""
BUILD_UPS = ("", "neutral", "long_build_up", "short_build_up", "short_covering", "long_unwinding")
"""Words of a build-up; the empty one is of unknown premium or open interest."""

LEAST_CYCLES = 5
"""Known steps that a z-score needs."""
# The median absolute deviation of a normal distribution is σ / 1.4826.
_MAD_TO_DEVIATION = 1.4826


def reference(instants: Sequence[float], now: float, window_seconds: float) -> int | None:
    """Return the position of the cycle to compare `now` with.

    Args:
        instants: Epoch seconds, ascending.
        now: Epoch seconds.
        window_seconds: How long before. Less than `PUBLISHED_SECONDS` counts as that long.

    Returns:
        The latest cycle at least the window earlier, None without one.

    >>> reference([0.0, 60.0, 120.0, 300.0], now=300.0, window_seconds=60.0)
    2
    """
    latest = now - max(window_seconds, PUBLISHED_SECONDS)
    after = int(np.searchsorted(np.asarray(instants, dtype=np.float64), latest, side="right"))
    return after - 1 if after else None


def change(oi: Array, before: Array, oi_day_high: Array) -> Array:
    """Return `oi − before`, NaN where either is unknown.

    Args:
        oi: Units now.
        before: Units to compare with.
        oi_day_high: The day's highest open interest, units.

    >>> change(np.array([130.0, 0.0]), np.array([65.0, 65.0]), np.array([130.0, 0.0]))
    array([65., nan])
    """
    is_unpublished = unpublished(oi, before, oi_day_high)
    difference: Array = np.where(is_unpublished, np.nan, oi) - before
    return difference


def unpublished(oi: Array, before: Array, oi_day_high: Array) -> NDArray[np.bool_]:
    """Tell of each option whether the day's open interest is still to be published.

    Zero is then no loss of everything: nothing held that day has been seen.

    Args:
        oi: Units now.
        before: Units at the end of the previous session.
        oi_day_high: The day's highest open interest, units.

    >>> unpublished(np.array([0.0, 0.0]), np.array([65.0, 65.0]), np.array([0.0, 130.0]))
    array([ True, False])
    """
    is_waiting: NDArray[np.bool_] = (oi == 0) & (before > 0) & ~(oi_day_high > 0)
    return is_waiting


def unpublished_in_words(oi: Array, before: Array, oi_day_high: Array) -> str:
    """Return why changes of open interest are unknown, empty where all of them are known.

    >>> unpublished_in_words(np.array([0.0, 9.0]), np.array([65.0, 5.0]), np.array([0.0, 9.0]))
    'open interest of the day is not published yet for 1 of 2 options: their change is unknown'
    """
    count = int(np.count_nonzero(unpublished(oi, before, oi_day_high)))
    if not count:
        return ""
    options = f"{count} of {oi.size} options"
    return f"open interest of the day is not published yet for {options}: their change is unknown"


def build_up(
    premium_change: Array, oi_change: Array, oi_before: Array, tick: Array
) -> NDArray[np.object_]:
    """Return the build-up of each option over one window. All arguments broadcast.

    Args:
        premium_change: Points.
        oi_change: Units.
        oi_before: Units.
        tick: Smallest step of a premium, points.

    Returns:
        Words of `BUILD_UPS`. Premium and open interest both up long_build_up, down and up
        short_build_up, up and down short_covering, both down long_unwinding. Neutral where the
        premium moved less than one tick or open interest less than 0.5 % of what it was.

    >>> moves = np.array([1.0, -1.0, 1.0, -1.0, 0.0])
    >>> changes = np.array([650.0, 650.0, -650.0, -650.0, 650.0])
    >>> build_up(moves, changes, np.array(6500.0), np.array(0.05)).tolist()
    ['long_build_up', 'short_build_up', 'short_covering', 'long_unwinding', 'neutral']
    """
    moved = np.asarray(premium_change, np.float64)
    gained = np.asarray(oi_change, np.float64)
    # Prices are whole ticks in binary fractions: a hair less than one tick is one tick.
    is_small_move = np.abs(moved) < np.asarray(tick) * (1 - 1e-9)
    is_small_change = np.abs(gained) < NEUTRAL_SHARE * np.asarray(oi_before)
    is_neutral = is_small_move | is_small_change | (gained == 0)
    opened = np.where(moved > 0, 2, 3)
    closed = np.where(moved > 0, 4, 5)
    code = np.where(is_neutral, 1, np.where(gained > 0, opened, closed))
    is_known = np.isfinite(moved) & np.isfinite(gained) & np.isfinite(oi_before)
    return np.array(BUILD_UPS, dtype=object)[np.where(is_known, code, 0)]


def index_build_up(future_change: float, oi_change: float, oi_before: float, tick: float) -> str:
    """Return the build-up of an index: that of its nearest future.

    Args:
        future_change: Points.
        oi_change: Units of the future.
        oi_before: Units of the future.
        tick: Smallest step of its price, points.

    >>> index_build_up(12.5, -6500.0, 650000.0, 0.05)
    'short_covering'
    """
    word = build_up(
        np.array(future_change), np.array(oi_change), np.array(oi_before), np.array(tick)
    )
    return str(np.asarray(word, dtype=object).item())


def z_scores(history: Array, now: Array, floor: Array | float = 1.0) -> Array:
    """Return how many deviations a value stands from its own history: from the median, in MADs.

    Args:
        history: Earlier values, shape (t, …), NaN unknown.
        now: Shape (…).
        floor: The least deviation, in the history's unit, so that the first move of a still option
            is not infinite.

    Returns:
        Deviations, NaN with fewer than five known values.

    >>> float(z_scores(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array(10.0)).round(2))
    4.72
    """
    is_known = np.isfinite(history)
    count = is_known.sum(axis=0)
    middle = median_of_least(np.where(is_known, history, np.inf), count, axis=0)
    distance = np.where(is_known, np.abs(history - middle), np.inf)
    spread = _MAD_TO_DEVIATION * median_of_least(distance, count, axis=0)
    deviation = np.maximum(spread, floor)
    return np.where(count >= LEAST_CYCLES, (now - middle) / deviation, np.nan)


@dataclass(frozen=True, slots=True)
class Unusual:
    """One finding of the scanner.

    Attributes:
        kind: oi, volume or iv.
        side: CE or PE.
        row: Of the option.
        score: Its z-score.
        value: Its step, in the unit of the kind.
    """

    kind: str
    side: int
    row: int
    score: float
    value: float


def unusual(
    kind: str, history: Array, now: Array, floor: Array | float, least: float = 4.0
) -> list[Unusual]:
    """Return the options whose step is far from the steps before it, the farthest first.

    Args:
        kind: What the steps are of: open interest, the day's volume, or volatility in points.
        history: Changes over windows of equal length, shape (t, 2, k).
        now: The newest of them, shape (2, k).
        floor: The least deviation, as in `z_scores`.
        least: Deviations that count.

    >>> history = np.zeros((5, 2, 1))
    >>> [each.score for each in unusual("iv", history, np.array([[5.0], [1.0]]), floor=1.0)]
    [5.0]
    """
    scores = z_scores(history, now, floor)
    findings = []
    for side, row in np.argwhere(np.abs(scores) >= least).tolist():
        score = float(scores[side, row])
        findings.append(Unusual(kind, side, row, score, float(now[side, row])))
    return sorted(findings, key=lambda finding: -abs(finding.score))
