"""What a picture shows, as plain values that matplotlib and a page draw alike.

A picture is a title over some plots, a plot is two axes with layers. Colours are roles of the
palette, numbers are written by the axis' form, and nothing here knows who draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.errors import NothingToDo

__all__ = [
    "Layer",
    "Picture",
    "Plot",
    "PlotAxis",
    "PlotBars",
    "PlotDots",
    "PlotHeat",
    "PlotLevel",
    "PlotLine",
    "check_numbers",
    "contour_values",
    "evenly",
    "has_heat",
    "has_numbers",
    "highest_tip",
    "is_visible",
]

Array = NDArray[np.float64]

_CONTOURS = 12
NOT_KNOWN = "not known"
"""What stands in a plot without a value where nobody says why."""


@dataclass(frozen=True, slots=True)
class PlotAxis:
    """One axis of a plot.

    Attributes:
        label: What its numbers are, with their unit.
        form: How a number is written, in the format language that Python and d3 share.
        low: Where it begins, NaN: at the data.
        high: Where it ends, NaN: at the data.
        places: What stands at 0, 1, 2, …, where the numbers are places: instants or expiries.
        ticks: What may be named beside the axis, and how. As many are as there is room for.
        is_clock: Whether the places are cycles, of which a page names others when it is zoomed.
    """

    label: str
    form: str = ",.0f"
    low: float = nan
    high: float = nan
    places: tuple[str, ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    is_clock: bool = False


@dataclass(frozen=True, slots=True)
class PlotLine:
    """A line through (n,) points, broken at NaN and at each start.

    Attributes:
        name: In the legend. A name that several layers share stands there once.
        x: Shape (n,).
        y: Shape (n,).
        role: Its colour's.
        dash: `solid`, `dash`, `dot` or `dashdot`.
        width: In points.
        starts: Where a new line begins, 0 left out.
        is_over_heat: Whether it crosses a heat map, so that it needs a halo.
        is_step: Whether the value stays until the next point.
        note: What a page says beside a value, where the name alone does not tell lines apart.
        label: What stands at its first point.
    """

    name: str
    x: Array
    y: Array
    role: str
    dash: str = "solid"
    width: float = 1.6
    starts: tuple[int, ...] = ()
    is_over_heat: bool = False
    is_step: bool = False
    note: str = ""
    label: str = ""

    def pieces(self) -> list[slice]:
        """Return the ranges of points that are joined."""
        bounds = [0, *self.starts, len(self.x)]
        return [slice(first, last) for first, last in pairwise(bounds)]


@dataclass(frozen=True, slots=True)
class PlotDots:
    """Points that are not joined. `shape` is circle, ring, triangle or dash."""

    name: str
    x: Array
    y: Array
    role: str
    shape: str = "circle"
    is_over_heat: bool = False


@dataclass(frozen=True, slots=True)
class PlotBars:
    """Bars from zero. Each begins `shift` beside its x and is `width` wide."""

    name: str
    x: Array
    y: Array
    role: str
    shift: float
    width: float


@dataclass(frozen=True, slots=True)
class PlotHeat:
    """Colours over a grid.

    Attributes:
        name: What the colours say, with the unit, beside their scale.
        x: Of the columns, shape (m,), or of each point, shape (k, m), ascending.
        y: Of the rows, shape (k,).
        z: Shape (k, m), NaN for no colour.
        scale: `level` or `change`.
        low: The value of the first colour.
        high: The value of the last colour.
        form: How a value is written.
        has_contours: Whether lines of equal value are drawn.
    """

    name: str
    x: Array
    y: Array
    z: Array
    scale: str
    low: float
    high: float
    form: str = ",.1f"
    has_contours: bool = False


@dataclass(frozen=True, slots=True)
class PlotLevel:
    """A value of the x axis that is marked by a line behind everything and a tip above it.

    The line stands at its value, however near others are: moved aside it would mark another strike
    of a wide ladder. `above` counts the tips below its own.
    """

    name: str
    value: float
    role: str
    dash: str = "solid"
    above: int = 0


Layer = PlotLine | PlotDots | PlotBars | PlotHeat | PlotLevel


@dataclass(frozen=True, slots=True)
class Plot:
    """Two axes with layers.

    Attributes:
        x: The axis below.
        y: The axis at the left.
        layers: The lowest first.
        title: Above it, where the picture's title does not say it.
        share: Its height beside other plots.
        lacking: What stands in it where no layer has a value.
    """

    x: PlotAxis
    y: PlotAxis
    layers: tuple[Layer, ...]
    title: str = ""
    share: float = 1.0
    lacking: str = NOT_KNOWN


@dataclass(frozen=True, slots=True)
class Picture:
    """A title over plots.

    Attributes:
        title: What is drawn, of which index, expiry and instant.
        plots: From the top left.
        columns: In how many columns they stand where there is room. A phone has one.
        shares_x: Whether all have the x axis of the last one in their column.
        shares_y: Whether all have the y axis of the first one in their row.
    """

    title: str
    plots: tuple[Plot, ...]
    columns: int = 1
    shares_x: bool = False
    shares_y: bool = False


def has_numbers(plot: Plot) -> bool:
    """Tell whether any layer of a plot has a value: marks alone are none.

    >>> axis = PlotAxis("points")
    >>> has_numbers(Plot(axis, axis, (PlotLevel("spot", 24000.0, "spot"),)))
    False
    """
    return any(is_visible(layer) for layer in plot.layers if not isinstance(layer, PlotLevel))


def has_heat(plot: Plot) -> bool:
    """Tell whether a plot is a heat map.

    >>> has_heat(Plot(PlotAxis("strike"), PlotAxis("points"), ()))
    False
    """
    return any(isinstance(layer, PlotHeat) for layer in plot.layers)


def highest_tip(plot: Plot) -> int:
    """Return how many tips of levels stand below the highest one.

    >>> axis = PlotAxis("points")
    >>> spot = PlotLevel("spot", 24000.0, "spot")
    >>> highest_tip(Plot(axis, axis, (spot, PlotLevel("ATM", 24000.0, "atm", above=1))))
    1
    """
    tips = [layer.above for layer in plot.layers if isinstance(layer, PlotLevel)]
    return max(tips, default=0)


def is_visible(layer: Layer) -> bool:
    """Tell whether a layer has a value to draw."""
    return bool(np.isfinite(_values(layer)).any())


def check_numbers(picture: Picture, fix: str) -> None:
    """Refuse a picture without a single value.

    Args:
        picture: The picture.
        fix: What the person may ask for instead.

    Raises:
        NothingToDo: Every plot of it would be empty.
    """
    if not any(map(has_numbers, picture.plots)):
        reasons = {plot.lacking: None for plot in picture.plots if plot.lacking != NOT_KNOWN}
        why = f" ({'; '.join(reasons)})".replace("\n", " ") if reasons else ""
        raise NothingToDo(f"{picture.title}: there is no number to draw{why}", fix)


def evenly(
    ticks: Sequence[tuple[float, str]], most: int
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return the places and the words of at most so many ticks, each as far from the next.

    >>> evenly([(0.0, "10:00"), (1.0, "11:00"), (2.0, "12:00")], 2)
    ((0.0, 2.0), ('10:00', '12:00'))
    """
    stride = max(1, -(-len(ticks) // most))
    few = ticks[::stride]
    return tuple(place for place, _ in few), tuple(text for _, text in few)


def contour_values(low: float, high: float) -> list[float]:
    """Return round values between two, about a dozen and at least two: where contours run.

    >>> contour_values(8.1, 10.3)[:3]
    [8.2, 8.4, 8.6]
    """
    rough = (high - low) / _CONTOURS
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(size for size in (1, 2, 5, 10) if size * power >= rough * (1 - 1e-9))
    first = int(np.ceil(low / step))
    last = max(int(np.floor(high / step)), first + 1)
    return [round(float(number * step), 9) for number in range(first, last + 1)]


def _values(layer: Layer) -> Array | Sequence[float]:
    if isinstance(layer, PlotHeat):
        return layer.z
    return (layer.value,) if isinstance(layer, PlotLevel) else layer.y
