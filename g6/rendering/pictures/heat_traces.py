"""A heat map as traces of plotly.js: colours or contours, and what covers the edge of a hull."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.rendering.pictures.areas import Area
from g6.rendering.pictures.palette import CONTOURS, Palette
from g6.rendering.pictures.picture import Plot, PlotHeat, contour_values
from g6.rendering.pictures.trace_numbers import Described, json_numbers, places_on

__all__ = ["HeatTraces"]

Array = NDArray[np.float64]

_COLUMNS = 161
_BEYOND_HULL = 0.02
"""How far values go on beyond their row's end, as a share of the width."""


@dataclass(frozen=True, slots=True)
class HeatTraces:
    """The traces of one heat map."""

    layer: PlotHeat
    plot: Plot
    area: Area
    palette: Palette

    def traces(self, *, is_narrow: bool) -> Iterator[Described]:
        """Yield the heat map, then the covers of its hull where its rows have columns of their own.

        Args:
            is_narrow: Whether it is for a phone.
        """
        layer = self.layer
        if layer.x.ndim == 1:
            yield self._heat(layer.x, layer.z, is_narrow=is_narrow)
            return
        columns = np.linspace(layer.x.min(), layer.x.max(), _COLUMNS)
        rows = [_on(columns, x, z) for x, z in zip(layer.x, layer.z, strict=True)]
        yield self._heat(columns, np.array(rows), is_narrow=is_narrow)
        # plotly ends a contour at the last whole cell, in steps: a cover draws the edge itself.
        yield self._cover(layer.x[:, 0], float(columns[0]))
        yield self._cover(layer.x[:, -1], float(columns[-1]))

    def _heat(self, x: Array, z: Array, *, is_narrow: bool) -> Described:
        layer, plot, area = self.layer, self.plot, self.area
        is_change = layer.scale == "change"
        scale = self.palette.change_scale if is_change else self.palette.level_scale
        trace: Described = {
            "type": "contour" if layer.has_contours else "heatmap",
            "x": places_on(x, plot.x),
            "y": json_numbers(layer.y),
            "z": [json_numbers(row) for row in z],
            "zmin": layer.low,
            "zmax": layer.high,
            "colorscale": [
                [place / (len(scale) - 1), colour] for place, colour in enumerate(scale)
            ],
            "colorbar": {
                "x": area.right + 0.005,
                "xanchor": "left",
                "y": (area.bottom + area.top) / 2,
                "len": area.top - area.bottom,
                "thickness": 10 if is_narrow else 14,
                "outlinewidth": 0,
                "title": {
                    "text": "" if layer.name == plot.title else layer.name,
                    "side": "right",
                },
                # d3's ~ leaves out zeros behind the point: 400 instead of 400.0.
                "tickformat": f"{layer.form[:-1]}~{layer.form[-1]}",
                "nticks": 8,
            },
            "xaxis": f"x{area.x}",
            "yaxis": f"y{area.y}",
            "hoverongaps": False,
            "hovertemplate": (
                f"{_word(plot.x.label)} %{{x}}<br>{_word(plot.y.label)} %{{y:{plot.y.form}}}<br>"
                f"<b>%{{z:{layer.form}}}</b><extra></extra>"
            ),
        }
        if layer.has_contours:
            trace |= _contours(layer)
        return trace

    def _cover(self, ends: Array, edge: float) -> Described:
        """Return what hides the cells beyond the ends of the rows, up to an edge of the plot."""
        days = self.layer.y
        return {
            "type": "scatter",
            "mode": "lines",
            "x": [*json_numbers(ends), edge, edge],
            "y": [*json_numbers(days), float(days[-1]), float(days[0])],
            "fill": "toself",
            "fillcolor": self.palette.missing,
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            "xaxis": f"x{self.area.x}",
            "yaxis": f"y{self.area.y}",
        }


def _on(columns: Array, x: Array, z: Array) -> Array:
    """Return the values of a row at columns, its ends going on a little, NaN further out."""
    room = _BEYOND_HULL * (columns[-1] - columns[0])
    values = np.interp(columns, x, z)
    is_outside = (columns < x[0] - room) | (columns > x[-1] + room)
    return np.where(is_outside, nan, values)


def _contours(layer: PlotHeat) -> Described:
    lines = contour_values(layer.low, layer.high)
    return {
        "contours": {
            "start": lines[0],
            "end": lines[-1],
            "size": lines[1] - lines[0],
            "coloring": "heatmap",
            "showlabels": True,
            "labelformat": layer.form,
            "labelfont": {"color": CONTOURS},
        },
        "line": {"color": CONTOURS, "width": 0.4},
    }


def _word(label: str) -> str:
    """Return what an axis is of, without its unit."""
    return label.partition(",")[0]
