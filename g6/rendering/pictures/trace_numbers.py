"""Numbers and places of a picture as plotly's JSON has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from g6.rendering.pictures.picture import PlotAxis

__all__ = ["Described", "json_numbers", "places_on"]

Array = NDArray[np.float64]
Described: TypeAlias = dict[str, object]
"""An object of plotly's JSON."""


def places_on(x: Array, axis: PlotAxis) -> list[object]:
    """Return numbers, or what stands at the places of an axis of places."""
    if not axis.places:
        return json_numbers(x)
    return [axis.places[place] for place in np.rint(x).astype(int).tolist()]


def json_numbers(values: Iterable[float]) -> list[object]:
    """Return values with six places as JSON has them, null for NaN.

    >>> json_numbers([1.23456789, float("nan")])
    [1.234568, None]
    """
    return [round(value, 6) if np.isfinite(value) else None for value in map(float, values)]
