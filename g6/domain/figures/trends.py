"""How figures went over windows that end now, and why a change is not known.

A change is of one contract: it does not reach over the day on which a bucket, or the nearest
expiry, became another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import nan

import numpy as np
from numpy.typing import NDArray

__all__ = ["NoTrend", "Trend", "TrendFigure", "TrendWindow", "trends"]

Array = NDArray[np.float64]
Dates = NDArray[np.datetime64]

_OLDEST_BASE = 0.2
"""How much older than the window's start its first value may be, as a share of the window."""


class NoTrend(StrEnum):
    """Why a change is not known."""

    UNKNOWN_NOW = "unknown_now"
    ROLLED = "rolled"
    NOT_STORED = "not_stored"


@dataclass(frozen=True, slots=True)
class TrendFigure:
    """The values of one figure, t cycles.

    Attributes:
        values: Shape (t,), NaN unknown.
        expiry: The expiry that each value is of, shape (t,), None for a figure that is of none.
    """

    values: Array
    expiry: Dates | None = None


@dataclass(frozen=True, slots=True)
class TrendWindow:
    """One window.

    Attributes:
        seconds: Its length as it is asked for.
        start: The instant that the change is counted from, epoch seconds: a window that begins
            while the market is closed begins with the close before.
    """

    seconds: float
    start: float


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure over one window that ends now, NaN where its change is not known.

    Attributes:
        name: Of the figure.
        seconds: Length of the window.
        cycles: Known values in the window.
        last: The value now, NaN unknown.
        change: From the value at the window's start to now.
        low: The least.
        high: The largest.
        mean: Of the known values.
        slope: Least-squares change per hour.
        reason: Why the change is not known: unknown_now, rolled (another expiry was meant then),
            not_stored (nothing near the window's start is stored). Empty where it is known.
    """

    name: str
    seconds: float
    cycles: int
    last: float
    change: float
    low: float
    high: float
    mean: float
    slope: float
    reason: str


def trends(
    instants: Sequence[float],
    figures: Mapping[str, TrendFigure],
    windows: Sequence[TrendWindow],
) -> list[Trend]:
    """Return every figure's trend over windows that end at the last instant.

    Args:
        instants: Epoch seconds, ascending.
        figures: By name, each with a value at every instant.
        windows: The windows.

    >>> pcr = TrendFigure(np.array([0.8, 0.9, 1.0]))
    >>> (trend,) = trends([0.0, 1800.0, 3600.0], {"pcr": pcr}, [TrendWindow(3600.0, 0.0)])
    >>> trend.cycles, round(trend.change, 6), round(trend.slope, 6)
    (3, 0.2, 0.2)
    >>> trends([0.0, 1800.0, 3600.0], {"pcr": pcr}, [TrendWindow(7200.0, -3600.0)])[0].reason
    'not_stored'
    """
    at = np.asarray(instants, dtype=np.float64)
    records: list[Trend] = []
    for name, figure in figures.items():
        records.extend(_trend(name, figure, window, at) for window in windows)
    return records


def _trend(name: str, figure: TrendFigure, window: TrendWindow, at: Array) -> Trend:
    values = figure.values
    if not len(at) or not np.isfinite(values[-1]):
        return _without(name, window, nan, NoTrend.UNKNOWN_NOW)
    last = float(values[-1])
    is_known = np.isfinite(values) & _has_expiry(figure)
    before = np.flatnonzero(is_known & (at <= window.start))
    if not len(before) or window.start - at[before[-1]] > _OLDEST_BASE * window.seconds:
        return _without(name, window, last, NoTrend.NOT_STORED)
    is_same = _is_of_last_expiry(figure)
    base = before[-1]
    if not is_same[base]:
        return _without(name, window, last, NoTrend.ROLLED)
    rows = np.flatnonzero(is_known & is_same)
    rows = rows[rows >= base]
    inside = values[rows]
    hours = (at[rows] - at[rows].mean()) / 3600
    spread = float(hours @ hours)
    return Trend(
        name=name,
        seconds=window.seconds,
        cycles=len(rows),
        last=last,
        change=last - float(values[base]),
        low=float(inside.min()),
        high=float(inside.max()),
        mean=float(inside.mean()),
        slope=float(hours @ inside) / spread if spread > 0 else nan,
        reason="",
    )


def _has_expiry(figure: TrendFigure) -> NDArray[np.bool_]:
    """Tell where the expiry of a value is known, as far as that of the last one is."""
    if figure.expiry is None or np.isnat(figure.expiry[-1]):
        return np.ones(len(figure.values), dtype=np.bool_)
    return np.asarray(~np.isnat(figure.expiry))


def _is_of_last_expiry(figure: TrendFigure) -> NDArray[np.bool_]:
    if figure.expiry is None:
        return np.ones(len(figure.values), dtype=np.bool_)
    # As whole days: a missing one (NaT) equals itself then.
    days = figure.expiry.astype("datetime64[D]").astype(np.int64)
    return np.asarray(days == days[-1])


def _without(name: str, window: TrendWindow, last: float, reason: NoTrend) -> Trend:
    return Trend(name, window.seconds, 0, last, nan, nan, nan, nan, nan, str(reason))
