"""Pictures of colours over two axes: the surface, and matrices over strikes and time or expiry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.rendering.pictures.marks import MARKS, clock_axis, level_lines, session_starts
from g6.rendering.pictures.numbers import newest_atm, title_of
from g6.rendering.pictures.picture import (
    Layer,
    Picture,
    Plot,
    PlotAxis,
    PlotDots,
    PlotHeat,
    PlotLine,
)
from g6.rendering.pictures.view import PictureView, StrikeView, around_atm
from g6.rendering.wording import LAKH
from g6.studies.stored.heatmap import Heatmap
from g6.studies.stored.surface_grid import SurfaceExpiry, SurfaceGrid

__all__ = ["heatmap", "surface"]

Array = NDArray[np.float64]

_HALF_BAND = 0.5
"""Days from the middle of the band of a single expiry to its edge."""
_SHAPES = {"spot": "triangle", "forward": "dash", "ATM": "ring"}


@dataclass(frozen=True, slots=True)
class HeatWords:
    """How the values of a heat map are named: both scales, their unit's size, and the form."""

    level: str
    change: str
    unit: float
    form: str


_WORDS = {
    "oi": HeatWords(
        "open interest of both sides, lakh units",
        "change since the previous session, lakh units",
        LAKH,
        ",.1f",
    ),
    "iv": HeatWords(
        "implied volatility, %",
        "change since the first cycle, percentage points",
        1.0,
        ",.2f",
    ),
}


def heatmap(document: Heatmap, view: StrikeView) -> Picture:
    """Return a matrix beside its change, with spot, forward and ATM across both."""
    rows = around_atm(document.strike, newest_atm(document), view)
    strike = document.strike[rows]
    words = _WORDS[document.of]
    level = document.matrix[rows] / words.unit
    change = document.change[rows] / words.unit
    x, marks = _columns(document)
    step = float(np.min(np.diff(strike))) if len(strike) > 1 else 1.0
    y = PlotAxis(
        "strike, points", ",.0f", float(strike[0]) - step / 2, float(strike[-1]) + step / 2
    )
    places = np.arange(float(len(document.labels)))
    least, most = _level_range(level, starts_at_zero=document.of == "oi")
    heats = [PlotHeat(words.level, places, strike, level, "level", least, most, words.form)]
    # Over expiries a volatility has nothing to differ from, and the first cycle nothing at all.
    if np.isfinite(change).any() and (document.of == "oi" or np.nanmax(np.abs(change)) > 0):
        reach = _change_reach(change)
        form = f"+{words.form}"
        heats.append(PlotHeat(words.change, places, strike, change, "change", -reach, reach, form))
    plots = []
    for place, heat in enumerate(heats):
        axis = y if place == 0 else replace(y, label="")
        plots.append(Plot(x, axis, (heat, *marks), heat.name))
    return Picture(title_of(document), tuple(plots), columns=len(plots), shares_y=True)


def _columns(document: Heatmap) -> tuple[PlotAxis, list[Layer]]:
    """Return the axis of a heat map's columns, and spot, forward and ATM over them."""
    values = {"spot": document.spot, "forward": document.forward, "ATM": document.atm}
    if document.by == "time":
        instants = [datetime.fromisoformat(label) for label in document.labels]
        starts = session_starts(instants, [document.expiry] * len(instants))
        return clock_axis(instants), [*level_lines(values, starts, is_over_heat=True)]
    count = len(document.labels)
    names = tuple(f"{date.fromisoformat(label):%d %b %Y}" for label in document.labels)
    ticks = tuple((float(place), name) for place, name in enumerate(names))
    axis = PlotAxis("expiry", low=-0.5, high=count - 0.5, places=names, ticks=ticks)
    dots: list[Layer] = []
    for name, points in values.items():
        y = np.asarray(points, dtype=np.float64)
        dots.append(
            PlotDots(name, np.arange(float(count)), y, "text", _SHAPES[name], is_over_heat=True)
        )
    return axis, dots


def _level_range(values: Array, *, starts_at_zero: bool) -> tuple[float, float]:
    """Return which values the colours span: a strike at a round thousand would take them all."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    least = 0.0 if starts_at_zero else float(np.quantile(finite, 0.01))
    most = float(np.quantile(finite, 0.99))
    return least, max(most, least + 0.1)


def _change_reach(values: Array) -> float:
    reach = float(np.quantile(np.abs(values[np.isfinite(values)]), 0.98))
    return reach or 1.0


def surface(document: SurfaceGrid, view: PictureView) -> Picture:  # noqa: ARG001 - as all
    """Return the surface over moneyness and days, fitted expiries across, spot and ATM marked."""
    low, high = _level_range(document.iv, starts_at_zero=False)
    expiries = document.expiries
    rows = document.days
    if len(expiries) == 1:
        # One expiry has no time beside it: its smile is drawn as a band.
        rows = np.linspace(rows[0] - _HALF_BAND, rows[0] + _HALF_BAND, len(rows))
    heat = PlotHeat(
        "implied volatility, %", document.moneyness, rows, document.iv, "level", low, high,
        ",.1f", has_contours=True,
    )  # fmt: skip
    days = np.array([expiry.days for expiry in expiries])
    forwards = np.array([expiry.forward for expiry in expiries])
    atms = np.array([expiry.atm for expiry in expiries])
    edges = (nan, nan)
    if document.moneyness.size:
        edges = (float(document.moneyness.min()), float(document.moneyness.max()))
    layers: list[Layer] = [heat]
    for expiry in expiries:
        across = np.full(2, expiry.days)
        line = _over_heat("fitted expiry", np.array(edges), across, "dot", 1.0)
        layers.append(replace(line, label=f"{expiry.expiry:%d %b}"))
    layers.append(_over_heat("spot", document.spot / forwards, days, MARKS["spot"][1]))
    layers.append(_over_heat("forward", np.ones(len(days)), days, MARKS["forward"][1]))
    layers.append(PlotDots("ATM", atms / forwards, days, "text", "ring", is_over_heat=True))
    x = PlotAxis("moneyness, strike over forward", ",.2f", *edges)
    return Picture(title_of(document), (Plot(x, _days_axis(expiries), tuple(layers)),))


def _over_heat(name: str, x: Array, y: Array, dash: str, width: float = 1.6) -> PlotLine:
    return PlotLine(name, x, y, "text", dash=dash, width=width, is_over_heat=True)


def _days_axis(expiries: tuple[SurfaceExpiry, ...]) -> PlotAxis:
    """Return the axis of days from the first fitted expiry to the last, with room for its name."""
    days = [expiry.days for expiry in expiries]
    if not days:
        return PlotAxis("days to expiry", ",.0f")
    room = max(0.05 * (days[-1] - days[0]), _HALF_BAND)
    return PlotAxis("days to expiry", ",.0f", days[0] - 0.4 * room, days[-1] + room)
