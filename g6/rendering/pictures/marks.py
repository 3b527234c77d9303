"""What several pictures draw alike: spot, forward and ATM, clocks below an axis, and sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import IST, day_of
from g6.rendering.pictures.picture import PlotAxis, PlotLevel, PlotLine
from g6.rendering.wording import number

__all__ = [
    "MARKS",
    "clock_axis",
    "level_lines",
    "levels",
    "named",
    "padded_range",
    "session_starts",
]

Array = NDArray[np.float64]

MARKS: Mapping[str, tuple[str, str]] = {
    "spot": ("spot", "solid"),
    "forward": ("forward", "dash"),
    "ATM": ("atm", "dot"),
    "max pain": ("pain", "dashdot"),
    "call gamma wall": ("calls", "dashdot"),
    "put gamma wall": ("puts", "dashdot"),
}
"""Role and dash of a level, by its name. The dash tells them apart without colours."""
_TICKS_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120)
_FEWEST_TICKS = 3
_MOST_TICKS = 12
_SAME_PLACE = 0.03
"""The tips of levels that are nearer to each other than this share of the axis would touch."""


def levels(values: Mapping[str, float], axis: PlotAxis, *, are_named: bool) -> list[PlotLevel]:
    """Return the levels of a plot over strikes. Tips at one place stand above each other.

    Args:
        values: Points by the level's name. NaN is left out.
        axis: The axis that they are marked on.
        are_named: Whether the legend tells their values, and on which side one is that the axis
            does not reach.
    """
    marks: list[PlotLevel] = []
    near = _SAME_PLACE * (axis.high - axis.low)
    for name, value in values.items():
        if not np.isfinite(value):
            continue
        touching = [mark.above for mark in marks if abs(value - mark.value) < near]
        above = max(touching, default=-1) + 1
        role, dash = MARKS[name]
        text = named(name, value, axis) if are_named else name
        marks.append(PlotLevel(text, value, role, dash, above))
    return marks


def named(name: str, value: float, axis: PlotAxis) -> str:
    """Return a name with its value, and the side it lies on where the axis does not reach it.

    >>> named("max pain", 23950.0, PlotAxis("strike, points", low=24000.0, high=25000.0))
    'max pain 23,950 (to the left)'
    """
    text = f"{name} {number(value, 0)}"
    if value < axis.low:
        return f"{text} (to the left)"
    return f"{text} (to the right)" if value > axis.high else text


def level_lines(
    values: Mapping[str, Sequence[float]], starts: tuple[int, ...], *, is_over_heat: bool
) -> list[PlotLine]:
    """Return levels over time as lines, ATM and max pain as steps. NaN alone draws none."""
    lines = []
    for name, points in values.items():
        role, dash = MARKS[name]
        y = np.asarray(points, dtype=np.float64)
        if np.isfinite(y).any():
            line = PlotLine(
                name,
                np.arange(float(len(y))),
                y,
                "text" if is_over_heat else role,
                dash=dash,
                starts=starts,
                is_over_heat=is_over_heat,
                is_step=name in ("ATM", "max pain"),
            )
            lines.append(line)
    return lines


def clock_axis(instants: Sequence[datetime]) -> PlotAxis:
    """Return an axis on which cycles stand side by side: a night between two takes no room."""
    clocks = [instant.astimezone(IST) for instant in instants]
    has_seconds = any(clock.second for clock in clocks)
    clock_form = "%H:%M:%S" if has_seconds else "%H:%M"
    is_one_day = clocks[0].date() == clocks[-1].date()
    form = clock_form if is_one_day else f"%d %b {clock_form}"
    places = tuple(f"{clock:{form}}" for clock in clocks)
    broken = form.replace(" %H", "\n%H")
    return PlotAxis(
        "time in India (IST)",
        low=-0.5,
        high=len(clocks) - 0.5,
        places=places,
        ticks=tuple((float(place), f"{clocks[place]:{broken}}") for place in _round(clocks)),
        is_clock=True,
    )


def _round(clocks: Sequence[datetime]) -> Sequence[int]:
    """Return the places of round clocks, at most a dozen of them, of all where few are round."""
    for minutes in _TICKS_MINUTES:
        seconds = 60 * minutes
        places = [
            place
            for place, clock in enumerate(clocks)
            if (clock.hour * 3600 + clock.minute * 60 + clock.second) % seconds == 0
        ]
        if _FEWEST_TICKS <= len(places) <= _MOST_TICKS:
            return places
    return range(len(clocks))


def session_starts(instants: Sequence[datetime], expiries: Sequence[object]) -> tuple[int, ...]:
    """Return the cycles that begin another session or expiry: a line there is no move."""
    keys: list[tuple[date, object]] = []
    for instant, expiry in zip(instants, expiries, strict=True):
        keys.append((day_of(instant), expiry))
    return tuple(place for place in range(1, len(keys)) if keys[place] != keys[place - 1])


def padded_range(values: Sequence[Array], share: float = 0.06) -> tuple[float, float]:
    """Return the range of all values with some room on both sides, NaN where there is no value.

    >>> padded_range([np.array([10.0, np.nan]), np.array([20.0])], 0.1)
    (9.0, 21.0)
    """
    numbers = np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in values])
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return float("nan"), float("nan")
    low = float(numbers.min())
    high = float(numbers.max())
    room = share * (high - low) or 0.01 * abs(high) or 1.0
    return low - room, high + room
