"""Pictures whose axis is time: straddles, open interest by cycle, sessions laid over each other."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from g6.rendering.pictures.axes import (
    CALLS,
    FIT,
    MARKS,
    PUTS,
    QUIET,
    Array,
    label_cycles,
    sessions,
    tidy,
)
from g6.rendering.wording import LAKH
from g6.studies.documents import columns_of
from g6.studies.stored.interest_by_cycle import CycleInterest, InterestByCycle
from g6.studies.stored.overlays import Overlays, SessionCurve
from g6.studies.stored.straddle_by_cycle import StraddleByCycle

__all__ = ["interest", "overlays", "straddle"]


def straddle(document: StraddleByCycle, figure: Figure) -> None:
    """Draw what a straddle or position is worth above the index."""
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    places = np.arange(len(document.instant))
    price = np.asarray(document.price)
    for part in sessions(document.instant, document.expiry):
        label = "worth now" if part.start == 0 else None
        top.plot(places[part], price[part], color=CALLS, linewidth=1.4, label=label)
        bottom.plot(places[part], document.spot[part], color=FIT, linewidth=1.2)
    contracts = list(zip(document.expiry, document.strike, strict=True))
    for part in sessions(document.instant, contracts):
        label = "day's VWAP of the same" if part.start == 0 else None
        top.plot(places[part], document.vwap[part], color=QUIET, linewidth=1, label=label)
    rolled = np.flatnonzero(document.rolled)
    if len(rolled):
        top.scatter(
            places[rolled],
            price[rolled],
            color=PUTS,
            s=22,
            marker="v",
            zorder=3,
            label="strike or expiry rolled",
        )
    tidy(top, "", "premium, points")
    tidy(bottom, "time in India", "index, points")
    label_cycles(bottom, document.instant)
    top.legend(frameon=False, ncols=3)


def interest(document: InterestByCycle, figure: Figure) -> None:
    """Draw ratios above max pain above the sums of both sides."""
    ratios, pain, sums = figure.subplots(3, 1, sharex=True, height_ratios=(2, 1, 1.4))
    cycles = columns_of(CycleInterest, document.cycles)
    instants = [cycle.instant for cycle in document.cycles]
    parts = sessions(instants, cycles["expiry"])
    oi_calls = np.array(cycles["oi_calls"], dtype=np.float64)
    oi_puts = np.array(cycles["oi_puts"], dtype=np.float64)
    pcr = np.array(cycles["pcr"], dtype=np.float64)
    pcr_volume = np.array(cycles["pcr_volume"], dtype=np.float64)
    max_pain = np.array(cycles["max_pain"], dtype=np.float64)
    _draw_line(ratios, pcr, parts, FIT, "open interest")
    _draw_line(ratios, pcr_volume, parts, QUIET, "volume of the day")
    _draw_line(pain, max_pain, parts, MARKS[1], None)
    _draw_line(sums, oi_calls / LAKH, parts, CALLS, "calls")
    _draw_line(sums, oi_puts / LAKH, parts, PUTS, "puts")
    tidy(ratios, "", "puts over calls")
    tidy(pain, "", "max pain, points")
    tidy(sums, "time in India", "OI, lakh units")
    label_cycles(sums, instants)
    for axes in (ratios, sums):
        axes.legend(frameon=False, ncols=2)


def _draw_line(
    axes: Axes, values: Array, parts: list[slice], colour: str, label: str | None
) -> None:
    """Draw one line per session and expiry, a single cycle as a dot."""
    # A line of one point is invisible.
    places = np.arange(len(values))
    for part in parts:
        axes.plot(
            places[part],
            values[part],
            color=colour,
            linewidth=1.4,
            marker="." if part.stop == part.start + 1 else None,
            label=label if part.start == 0 else None,
        )


def overlays(document: Overlays, figure: Figure) -> None:
    """Draw a panel per weekday, its newest session above the others."""
    weekdays = document.weekdays
    panels = figure.subplots(1, max(1, len(weekdays)), sharey=True, squeeze=False)[0]
    unit = ", ".join(filter(None, (document.figure, document.unit)))
    for axes, (name, curves) in zip(panels, weekdays.items(), strict=False):
        _draw_sessions(axes, curves)
        axes.set_title(f"{name} ({len(curves)})", fontsize=10)
        tidy(axes, "time in India", unit if axes is panels[0] else "")
        axes.xaxis.set_major_formatter(FuncFormatter(_clock))
        axes.set_xticks([600, 720, 840])
        axes.legend(frameon=False, fontsize=8)


def _draw_sessions(axes: Axes, curves: tuple[SessionCurve, ...]) -> None:
    newest = curves[-1]
    axes.plot(
        newest.minute,
        newest.value,
        linewidth=1.6,
        color=CALLS,
        label=str(newest.day),
        zorder=3,
    )
    for curve in reversed(curves[:-1]):
        axes.plot(curve.minute, curve.value, linewidth=0.8, color=QUIET)


def _clock(minute: float, _: object) -> str:
    return f"{int(minute) // 60:02d}:{int(minute) % 60:02d}"
