"""Pictures whose axis is the strike: smiles, and open interest with its change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from g6.rendering.contract_words import why_no_iv
from g6.rendering.pictures.marks import levels, named, padded_range
from g6.rendering.pictures.numbers import title_of
from g6.rendering.pictures.picture import (
    Layer,
    Picture,
    Plot,
    PlotAxis,
    PlotBars,
    PlotDots,
    PlotLine,
)
from g6.rendering.pictures.view import StrikeView, around_atm
from g6.rendering.wording import LAKH, number
from g6.studies.stored.interest_by_strike import HIGHEST, InterestByStrike
from g6.studies.stored.smile_curves import SmileCurve, SmileCurves

__all__ = ["interest", "smile"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_MOST_COLUMNS = 4
_STRIKE = "strike, points"
_VISIBLE = 0.02


def smile(document: SmileCurves, view: StrikeView) -> Picture:
    """Return a smile per expiry, all over the strikes around the nearest one's ATM."""
    curves = document.expiries
    axis = _strike_axis(curves[0].strike, _centre(curves[0]), view)
    near = [_is_near(curve, axis, view) for curve in curves]
    volatilities = []
    for curve, is_near in zip(curves, near, strict=True):
        is_low = curve.strike <= curve.forward
        outer = np.where(is_low, curve.puts, curve.calls)
        volatilities += [outer[is_near], curve.fitted[is_near]]
    low, high = padded_range(volatilities)
    y = PlotAxis("implied volatility, %", ",.1f", low, high)
    columns = min(_MOST_COLUMNS, len(curves))
    plots = []
    for place, (curve, is_near) in enumerate(zip(curves, near, strict=True)):
        label = y.label if place % columns == 0 else ""
        layers = _smile_layers(curve, is_near, document.spot, axis)
        plots.append(
            Plot(
                axis, replace(y, label=label), layers, _smile_title(curve), lacking=_lacking(curve)
            )
        )
    return Picture(title_of(document), tuple(plots), columns=columns, shares_y=True)


def _lacking(curve: SmileCurve) -> str:
    """Return why a smile has no point."""
    return f"no implied volatility:\n{why_no_iv(curve.lacks) if curve.lacks else 'no option'}"


def _centre(curve: SmileCurve) -> float:
    return curve.atm if np.isfinite(curve.atm) else curve.forward


def _strike_axis(strike: Array, centre: float, view: StrikeView) -> PlotAxis:
    ladder = strike[around_atm(strike, centre, view)]
    step = float(np.min(np.diff(ladder))) if len(ladder) > 1 else 1.0
    return PlotAxis(_STRIKE, ",.0f", float(ladder[0]) - step, float(ladder[-1]) + step)


def _is_near(curve: SmileCurve, axis: PlotAxis, view: StrikeView) -> Mask:
    is_near = (curve.strike > axis.low) & (curve.strike < axis.high)
    if np.isfinite(curve.reach) and not view.all_strikes:
        is_near &= np.abs(curve.strike / curve.forward - 1) <= curve.reach
    return np.asarray(is_near)


def _smile_title(curve: SmileCurve) -> str:
    fit = f", fit {number(curve.quality, 3)} of 1" if np.isfinite(curve.quality) else ""
    return f"{curve.expiry:%d %b %Y}{fit}\nF {number(curve.forward, 0)}, ATM {number(curve.atm, 0)}"


def _smile_layers(
    curve: SmileCurve, is_near: Mask, spot: float, axis: PlotAxis
) -> tuple[Layer, ...]:
    strike = curve.strike
    is_low = strike <= curve.forward
    marks = {"spot": spot, "forward": curve.forward, "ATM": curve.atm}
    layers: list[Layer] = [*levels(marks, axis, are_named=False)]
    fitted = PlotLine("fitted surface", strike[is_near], curve.fitted[is_near], "fit")
    sides = (
        ("puts", curve.puts, curve.calls, is_low),
        ("calls", curve.calls, curve.puts, ~is_low),
    )
    rings: list[Layer] = []
    dots: list[Layer] = []
    for side, values, others, is_out in sides:
        # An option in the money mostly shares the volatility of the other side: its ring would
        # surround each dot. A fiftieth of a point of volatility is what the eye can tell.
        differs = np.abs(values - others) > _VISIBLE
        inside = is_near & ~is_out & differs
        outside = is_near & is_out
        rings.append(
            PlotDots(f"{side}, in the money", strike[inside], values[inside], side, "ring")
        )
        dots.append(PlotDots(f"{side}, out of the money", strike[outside], values[outside], side))
    return (*layers, fitted, *rings, *dots)


def interest(document: InterestByStrike, view: StrikeView) -> Picture:
    """Return open interest by strike above its change since the previous session."""
    rows = around_atm(document.strike, document.marks["ATM"], view)
    strike = document.strike[rows]
    axis = _strike_axis(document.strike, document.marks["ATM"], view)
    lines = {name: value for name, value in document.marks.items() if name not in HIGHEST}
    marks = levels(lines, axis, are_named=True)
    panels = (
        ("open interest, lakh units", document.oi, 1.6),
        ("change since the previous\nsession, lakh units", document.change, 1.0),
    )
    plots = []
    for label, values, share in panels:
        bars = _bars(strike, values[:, rows] / LAKH)
        is_last = values is document.change
        x = axis if is_last else replace(axis, label="")
        tops = () if is_last else _highest(document, axis)
        plots.append(Plot(x, PlotAxis(label, ",.1f"), (*marks, *bars, *tops), share=share))
    return Picture(title_of(document), tuple(plots), shares_x=True)


def _highest(document: InterestByStrike, axis: PlotAxis) -> list[PlotDots]:
    """Return a ring on the largest bar of each side, its strike named in the legend."""
    dots = []
    for bars, name in zip(_bars(document.strike, document.oi / LAKH), HIGHEST, strict=True):
        strike = document.marks[name]
        is_there = bars.x == strike
        if is_there.any():
            middle = bars.x[is_there] + bars.shift + bars.width / 2
            text = named(name, strike, axis)
            dots.append(PlotDots(text, middle, bars.y[is_there], bars.role, "ring"))
    return dots


def _bars(strike: Array, values: Array) -> list[PlotBars]:
    step = float(np.min(np.diff(strike))) if len(strike) > 1 else 1.0
    width = 0.42 * step
    return [
        PlotBars("calls", strike, values[0], "calls", -width, width),
        PlotBars("puts", strike, values[1], "puts", 0.0, width),
    ]
