"""Pictures whose axis is the strike: smiles, surface, open interest, heatmaps."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from g6.rendering.pictures.axes import (
    CALLS,
    FIT,
    MARKS,
    PUTS,
    QUIET,
    Array,
    Mask,
    busy_strikes,
    label_cycles,
    tidy,
)
from g6.rendering.wording import LAKH
from g6.studies.stored.heatmap import Heatmap
from g6.studies.stored.interest_by_strike import InterestByStrike
from g6.studies.stored.smile_curves import SmileCurve, SmileCurves
from g6.studies.stored.surface_grid import SurfaceGrid

__all__ = ["heatmap", "interest", "smile", "surface"]

_REACH = 0.06
"""How far from the forward a heatmap of volatility goes, as a share of it."""


def smile(document: SmileCurves, figure: Figure) -> None:
    """Draw a smile per expiry, side by side."""
    curves = document.expiries
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for axes, curve in zip(panels, curves, strict=True):
        _draw_smile(axes, curve, is_first=axes is panels[0])
    panels[0].legend(frameon=False, fontsize=8)


def _draw_smile(axes: Axes, curve: SmileCurve, *, is_first: bool) -> None:
    strike = curve.strike
    is_near = np.ones(len(strike), dtype=np.bool_)
    if np.isfinite(curve.reach):
        is_near = np.abs(strike / curve.forward - 1) <= curve.reach
    is_low = strike <= curve.forward
    _scatter_side(axes, curve, curve.puts, curve.calls, is_near, is_low, PUTS, "puts")
    _scatter_side(axes, curve, curve.calls, curve.puts, is_near, ~is_low, CALLS, "calls")
    axes.plot(strike[is_near], curve.fitted[is_near], color=FIT, linewidth=1.2, label="surface")
    axes.axvline(curve.forward, color=QUIET, linestyle=":", linewidth=1, label="forward")
    axes.set_title(f"{curve.expiry}  quality {curve.quality:.3f}", fontsize=10)
    tidy(axes, "strike, points", "implied volatility, %" if is_first else "")
    axes.locator_params(axis="x", nbins=5)


def _scatter_side(
    axes: Axes,
    curve: SmileCurve,
    values: Array,
    others: Array,
    is_near: Mask,
    is_out: Mask,
    colour: str,
    side: str,
) -> None:
    """Draw out-of-the-money options as dots, and as rings those inside that differ from them."""
    # An option in the money mostly shares the volatility of the other side: its ring would hide
    # the dot.
    out = is_near & is_out
    inside = is_near & ~is_out & ~np.isclose(values, others, rtol=1e-6)
    axes.scatter(
        curve.strike[out], values[out], s=16, color=colour, label=f"{side}, out of the money"
    )
    axes.scatter(
        curve.strike[inside],
        values[inside],
        s=16,
        facecolors="none",
        edgecolors=colour,
        linewidth=0.8,
    )


def surface(document: SurfaceGrid, figure: Figure) -> None:
    """Draw the surface as contours, each fitted expiry as a line across."""
    axes = figure.subplots()
    iv = np.ma.masked_invalid(document.iv)
    days = np.broadcast_to(document.days[:, None], document.moneyness.shape)
    if iv.count():
        least = float(iv.min())
        # The steep ends of the wings would take all colours.
        most = float(np.quantile(iv.compressed(), 0.95))
        levels = np.linspace(least, max(most, least + 0.1), 25)
        contours = axes.contourf(
            document.moneyness, days, iv, levels=levels, cmap="viridis", extend="max"
        )
        figure.colorbar(contours, ax=axes, label="implied volatility, %", format="%.1f")
    for expiry in document.expiries:
        axes.axhline(expiry.days, color=QUIET, linewidth=0.8, linestyle="--")
        axes.text(
            0.995,
            expiry.days,
            f"{expiry.expiry} ",
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="bottom",
            fontsize=8,
        )
    axes.margins(y=0.04)
    tidy(axes, "moneyness K/F", "days to expiry")
    axes.grid(visible=False)


def interest(document: InterestByStrike, figure: Figure) -> None:
    """Draw open interest by strike above its change since the previous session."""
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    oi = document.oi / LAKH
    is_busy = busy_strikes(oi)
    strike = document.strike[is_busy]
    width = 1.0
    if len(document.strike) > 1:
        width = 0.42 * float(np.min(np.diff(document.strike)))
    for axes, values in ((top, oi), (bottom, document.change / LAKH)):
        axes.bar(strike - width / 2, values[0][is_busy], width, color=CALLS, label="calls")
        axes.bar(strike + width / 2, values[1][is_busy], width, color=PUTS, label="puts")
        tidy(axes, "", "OI, lakh units")
    styles = (":", "--", "-.", "-.")
    for (name, level), colour, style in zip(document.marks.items(), MARKS, styles, strict=True):
        label = f"{name} {level:,.0f}"
        top.axvline(level, color=colour, linestyle=style, linewidth=1.1, label=label)
    tidy(bottom, "strike, points", "change since previous session")
    bottom.yaxis.label.set_fontsize(8)
    top.legend(frameon=False, ncols=3)


def heatmap(document: Heatmap, figure: Figure) -> None:
    """Draw the matrix with the forward as a line."""
    axes = figure.subplots()
    is_by_time = document.by == "time"
    places = np.arange(document.matrix.shape[1])
    rows = _strikes_worth_drawing(document)
    scale = LAKH if document.of == "oi" else 1.0
    values = np.ma.masked_invalid(document.matrix[rows] / scale)
    # A strike at a round thousand would take all colours.
    most = float(np.quantile(values.compressed(), 0.99)) if values.count() else None
    mesh = axes.pcolormesh(
        places, document.strike[rows], values, cmap="viridis", shading="nearest", vmax=most
    )
    marker = None if is_by_time else "o"
    axes.plot(places, document.forward, color="white", linewidth=1.2, marker=marker)
    label = "OI of both sides, lakh units" if document.of == "oi" else "implied volatility, %"
    figure.colorbar(mesh, ax=axes, label=label, extend="max")
    columns = "time in India" if is_by_time else "expiry"
    tidy(axes, f"{columns} (line: forward)", "strike, points")
    axes.grid(visible=False)
    if is_by_time:
        label_cycles(axes, [datetime.fromisoformat(label) for label in document.labels])
    else:
        axes.set_xticks(places, document.labels)


def _strikes_worth_drawing(document: Heatmap) -> Mask:
    """Return strikes with some interest, or near enough to the money for a volatility."""
    matrix = document.matrix
    if document.of == "oi":
        largest = np.nanmax(matrix, axis=1, initial=0.0, where=np.isfinite(matrix))
        return busy_strikes(np.nan_to_num(largest)[None])
    forward = np.asarray(document.forward, dtype=np.float64)
    forwards = forward[np.isfinite(forward)]
    strike = document.strike
    is_near = strike > 0
    if len(forwards):
        low = (1 - _REACH) * forwards.min()
        high = (1 + _REACH) * forwards.max()
        is_near = (strike >= low) & (strike <= high)
    return np.asarray(is_near & np.isfinite(matrix).any(axis=1))
