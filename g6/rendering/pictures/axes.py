"""Colours and axes that all pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from g6.domain.market.calendar import IST, day_of

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

CALLS = "#1f6fb4"
PUTS = "#d1701a"
FIT = "#444444"
QUIET = "#9a9a9a"
MARKS = ("#222222", "#7a3b9d", CALLS, PUTS)
"""Colours of the levels in a picture of open interest, in their order."""

_MOST_TICKS = 9
_LEAST_SHARE = 0.01
"""A strike is busy when it has more than this share of the largest strike's open interest."""


def tidy(axes: Axes, x: str, y: str) -> None:
    """Label the axes, and draw a faint grid without a frame."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)


def busy_strikes(oi: Array) -> Mask:
    """Return the strikes from the first busy one to the last, of open interest (2, n) or (1, n)."""
    total = np.nansum(oi, axis=0)
    busy = np.flatnonzero(total > _LEAST_SHARE * np.max(total, initial=0.0))
    is_between = np.zeros(len(total), dtype=np.bool_)
    if len(busy):
        is_between[busy[0] : busy[-1] + 1] = True
    return is_between


def sessions(instants: Sequence[datetime], expiries: Sequence[object]) -> list[slice]:
    """Return the ranges of cycles that belong to one session and one expiry.

    A line is drawn for each: cycles stand side by side, and a night between them is no move.
    """
    keys = [(day_of(at), expiry) for at, expiry in zip(instants, expiries, strict=True)]
    starts = [place for place in range(len(keys)) if place == 0 or keys[place] != keys[place - 1]]
    ends = [*starts[1:], len(keys)]
    return [slice(first, last) for first, last in zip(starts, ends, strict=True)]


def label_cycles(axes: Axes, instants: Sequence[datetime]) -> None:
    """Name some of the cycles below an axis on which they stand side by side."""
    clocks = [at.astimezone(IST) for at in instants]
    count = min(_MOST_TICKS, len(clocks))
    ticks = np.unique(np.linspace(0, len(clocks) - 1, count).astype(int))
    first: date = clocks[0].date()
    form = "%H:%M" if first == clocks[-1].date() else "%d %b\n%H:%M"
    axes.set_xticks(ticks, [f"{clocks[tick]:{form}}" for tick in ticks])
