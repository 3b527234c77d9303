"""A picture as the traces and the layout of plotly.js: plain values that become JSON."""

from __future__ import annotations

from functools import singledispatchmethod
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from g6.rendering.pictures.areas import Area, areas_of, narrow_height
from g6.rendering.pictures.heat_traces import HeatTraces
from g6.rendering.pictures.palette import Palette
from g6.rendering.pictures.picture import (
    Layer,
    Picture,
    Plot,
    PlotAxis,
    PlotBars,
    PlotDots,
    PlotHeat,
    PlotLevel,
    PlotLine,
    evenly,
    has_numbers,
    highest_tip,
    is_visible,
)
from g6.rendering.pictures.trace_numbers import Described, json_numbers, places_on

__all__ = ["arrangement"]

Array = NDArray[np.float64]

_SYMBOLS = {
    "circle": "circle",
    "ring": "circle-open",
    "triangle": "triangle-down",
    "dash": "line-ew",
}
_MARGINS = {"l": 70, "r": 20, "t": 92, "b": 104}
_NARROW_MARGINS = {"l": 54, "r": 12, "t": 88}
"""Pixels around the plots: the title is above, the legend below."""
_NARROW_TITLE = 34
"""Pixels of a plot's own title."""
_NARROW_AXIS = 52
_NARROW_ENTRIES = 24
"""Pixels of the numbers and words below the last plot, and of a line of the legend."""
_LETTERS = 36
"""How many letters of a sentence fit a line between the axes of the narrowest plot."""
_POINT = 5
_TIP = 8
"""Pixels from a level's tip to the one above it."""


def arrangement(picture: Picture, palette: Palette, *, is_narrow: bool) -> Described:
    """Return data, layout and height of a picture on a wide or a narrow screen.

    Height 0 fills the window.
    """
    return _Arrangement(picture, palette, is_narrow=is_narrow).described()


class _Arrangement:
    """Places the plots of one picture and translates their layers."""

    def __init__(self, picture: Picture, palette: Palette, *, is_narrow: bool) -> None:
        self._picture = picture
        self._palette = palette
        self._is_narrow = is_narrow
        self._data: list[Described] = []
        self._shapes: list[Described] = []
        self._notes: list[Described] = []
        self._named: set[str] = set()

    def described(self) -> Described:
        picture = self._picture
        plots = picture.plots
        axes: Described = {}
        for plot, area in zip(plots, areas_of(picture, is_narrow=self._is_narrow), strict=True):
            for layer in plot.layers:
                if is_visible(layer):
                    self._add(layer, plot, area)
            axes |= self._axes(plot, area)
            self._note(plot, area)
        has_heat = any(isinstance(layer, PlotHeat) for plot in plots for layer in plot.layers)
        margins = self._margins()
        height = 0
        if self._is_narrow:
            height = narrow_height(len(plots)) + margins["t"] + margins["b"]
        size = 11 if self._is_narrow else 13
        layout = {
            "title": {
                "text": self._title(),
                "x": 0.01,
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                "pad": {"t": 14},
                "font": {"size": size + 3},
            },
            "font": {"color": self._palette.text, "size": size, "family": "sans-serif"},
            "paper_bgcolor": self._palette.paper,
            "plot_bgcolor": self._palette.missing if has_heat else self._palette.paper,
            "hovermode": "closest" if has_heat else "x unified",
            "hoversubplots": "axis",
            "hoverlabel": {
                "bgcolor": self._palette.paper,
                "bordercolor": self._palette.grid,
                "font": {"color": self._palette.text},
            },
            "legend": {"orientation": "h", "y": 0, "yref": "container", "yanchor": "bottom"},
            "margin": margins,
            "barmode": "overlay",
            "dragmode": "pan" if self._is_narrow else "zoom",
            "shapes": self._shapes,
            "annotations": self._notes,
            **axes,
        }
        return {"data": self._data, "layout": layout, "height": height}

    def _margins(self) -> dict[str, int]:
        """Return the room around the plots, on a phone as much as title and legend take."""
        if not self._is_narrow:
            return _MARGINS
        has_titles = any(plot.title for plot in self._picture.plots)
        top = _NARROW_MARGINS["t"] + (_NARROW_TITLE if has_titles else 0)
        # Two entries of the legend fit a line.
        lines = -(-len(self._named) // 2)
        return {**_NARROW_MARGINS, "t": top, "b": _NARROW_AXIS + _NARROW_ENTRIES * (lines + 1)}

    def _title(self) -> str:
        if not self._is_narrow:
            return f"<b>{self._picture.title}</b>"
        return f"<b>{self._picture.title.replace(' · ', '</b><br>')}"

    def _axes(self, plot: Plot, area: Area) -> Described:
        x = self._axis(plot.x, [area.left, area.right])
        y = self._axis(plot.y, [area.bottom, area.top])
        y["anchor"] = f"x{area.x}"
        if self._is_narrow and self._picture.shares_y:
            y["title"] = {
                "text": self._picture.plots[0].y.label,
                "font": {"size": 12},
                "standoff": 6,
            }
        if area.y and self._picture.shares_y:
            y["matches"] = "y"
        # Plots that compare the same strikes or times are zoomed together.
        if area.x and plot.x == self._picture.plots[0].x:
            x["matches"] = "x"
        axes: Described = {f"yaxis{area.y}": y}
        # A shared axis stands below the lowest plot, which comes last.
        if not self._picture.shares_x or area.is_lowest:
            x["anchor"] = f"y{area.y}"
            axes[f"xaxis{area.x}"] = x
        return axes

    def _axis(self, axis: PlotAxis, domain: list[float]) -> Described:
        described: Described = {
            "domain": domain,
            "title": {
                "text": axis.label.replace("\n", "<br>"),
                "font": {"size": 12},
                "standoff": 6,
            },
            "gridcolor": self._palette.grid,
            "linecolor": self._palette.grid,
            "zerolinecolor": self._palette.grid,
            # Without these two plotly writes 24k, and 1.5M for open interest.
            "exponentformat": "none",
            "separatethousands": True,
            "hoverformat": axis.form,
            "nticks": 5 if self._is_narrow else 9,
            "automargin": True,
        }
        if np.isfinite(axis.low) and np.isfinite(axis.high):
            described["range"] = [axis.low, axis.high]
        if axis.places:
            described |= {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": list(axis.places),
            }
        if axis.is_clock:
            # plotly names others after a zoom.
            count = 3 if self._is_narrow else max(3, 8 // self._picture.columns)
            described |= {"nticks": count, "tickangle": 0}
        elif axis.ticks:
            places, words = evenly(axis.ticks, 4 if self._is_narrow else 7)
            described["tickmode"] = "array"
            described["tickvals"] = places
            described["ticktext"] = [text.replace("\n", "<br>") for text in words]
        return described

    def _note(self, plot: Plot, area: Area) -> None:
        place = {"xref": "paper", "yref": "paper", "xanchor": "center", "showarrow": False}
        middle = (area.left + area.right) / 2
        if plot.title:
            text = plot.title.replace("\n", "<br>")
            shift = 8 + _TIP * max(map(highest_tip, self._picture.plots))
            above = {"x": middle, "y": area.top, "yanchor": "bottom", "yshift": shift}
            self._notes.append({**place, **above, "text": text})
        if not has_numbers(plot):
            height = (area.bottom + area.top) / 2
            text = "<br>".join(wrap(plot.lacking, _LETTERS))
            self._notes.append({**place, "x": middle, "y": height, "text": text})

    def _hover(self, plot: Plot) -> str:
        """Return how a value answers the pointer: with its unit where plots below each other do."""
        value = f"%{{y:{plot.y.form}}}"
        if not self._picture.shares_x:
            return value
        unit = plot.y.label.replace("\n", " ")
        return f"{value} {unit}"

    def _shared(self, name: str, area: Area) -> Described:
        """Return what every trace says: its axes, and its name once in the legend."""
        is_first = name not in self._named
        self._named.add(name)
        return {
            "name": name,
            "legendgroup": name,
            "showlegend": is_first,
            "xaxis": f"x{area.x}",
            "yaxis": f"y{area.y}",
        }

    @singledispatchmethod
    def _add(self, layer: Layer, plot: Plot, area: Area) -> None:  # noqa: ARG002 - the kinds use it
        raise TypeError(f"{type(layer).__name__} is not drawn")

    @_add.register
    def _(self, layer: PlotLine, plot: Plot, area: Area) -> None:
        is_fine = layer.is_over_heat and self._is_narrow
        width = layer.width * (0.6 if is_fine else 1.2)
        line: Described = {
            "color": self._palette.colour_of(layer.role),
            "width": width,
            "dash": layer.dash,
            "shape": "hv" if layer.is_step else "linear",
        }
        for piece in layer.pieces():
            points = {
                "type": "scatter",
                "mode": "lines+markers" if piece.stop == piece.start + 1 else "lines",
                "x": places_on(layer.x[piece], plot.x),
                "y": json_numbers(layer.y[piece]),
            }
            if layer.is_over_heat:
                room = 1 if is_fine else 2
                halo = {"color": self._palette.paper, "width": width + room}
                hidden = {"hoverinfo": "skip", "showlegend": False, "legendgroup": layer.name}
                axes = {"xaxis": f"x{area.x}", "yaxis": f"y{area.y}"}
                self._data.append(
                    {**points, **axes, **hidden, "line": {**line, **halo, "dash": "solid"}}
                )
            self._data.append(
                {
                    **points,
                    **self._shared(layer.name, area),
                    "line": line,
                    "marker": {"size": _POINT},
                    "hovertemplate": f"{self._hover(plot)} {layer.note}".rstrip(),
                }
            )

        if layer.label:
            self._notes.append(
                {
                    "xref": f"x{area.x}",
                    "yref": f"y{area.y}",
                    "x": float(layer.x[0]),
                    "y": float(layer.y[0]),
                    "xanchor": "left",
                    "yanchor": "bottom",
                    "showarrow": False,
                    "text": layer.label,
                    "font": {"size": 11},
                }
            )

    @_add.register
    def _(self, layer: PlotDots, plot: Plot, area: Area) -> None:
        marker: Described = {
            "color": self._palette.colour_of(layer.role),
            "symbol": _SYMBOLS[layer.shape],
            "size": 9 if layer.is_over_heat else 6,
        }
        if layer.shape == "dash":
            # A line has its edge alone.
            marker |= {"size": 14, "line": {"color": marker["color"], "width": 2}}
        elif layer.is_over_heat:
            edge = {"color": self._palette.paper, "width": 1.5}
            if layer.shape == "ring":
                edge = {"color": marker["color"], "width": 2}
                marker |= {"symbol": "circle", "color": self._palette.paper}
            marker["line"] = edge
        self._data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": places_on(layer.x, plot.x),
                "y": json_numbers(layer.y),
                **self._shared(layer.name, area),
                "marker": marker,
                "hovertemplate": self._hover(plot),
            }
        )

    @_add.register
    def _(self, layer: PlotBars, plot: Plot, area: Area) -> None:
        self._data.append(
            {
                "type": "bar",
                "x": places_on(layer.x, plot.x),
                "y": json_numbers(layer.y),
                "offset": layer.shift,
                "width": layer.width,
                **self._shared(layer.name, area),
                "marker": {"color": self._palette.colour_of(layer.role), "line": {"width": 0}},
                "hovertemplate": self._hover(plot),
            }
        )

    @_add.register
    def _(self, layer: PlotLevel, plot: Plot, area: Area) -> None:  # noqa: ARG002 - as all layers
        shared = self._shared(layer.name, area)
        line = {"color": self._palette.colour_of(layer.role), "width": 1.6, "dash": layer.dash}
        place = {"xref": f"x{area.x}", "yref": f"y{area.y} domain"}
        self._shapes.append(
            {
                "type": "line",
                "x0": layer.value,
                "x1": layer.value,
                "y0": 0,
                "y1": 1,
                **place,
                # plotly.js 4.1.1 has "between" as well, above the grid, and fails there.
                "layer": "below",
                "line": line,
                **{name: shared[name] for name in ("name", "legendgroup", "showlegend")},
            }
        )
        # Tips of a lower plot would lie on the bars of the one above, which has the same levels.
        if area.y and self._picture.shares_x:
            return
        self._notes.append(
            {
                **place,
                "x": layer.value,
                "y": 1,
                "yanchor": "bottom",
                "yshift": _TIP * layer.above - 6,
                "text": "▼",
                "showarrow": False,
                "font": {"color": self._palette.colour_of(layer.role), "size": 10},
                "hovertext": layer.name,
            }
        )

    @_add.register
    def _(self, layer: PlotHeat, plot: Plot, area: Area) -> None:
        heat = HeatTraces(layer, plot, area, self._palette)
        self._data += heat.traces(is_narrow=self._is_narrow)
