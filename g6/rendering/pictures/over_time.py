"""Pictures whose axis is time: straddles, open interest by cycle, sessions laid over each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from g6.rendering.pictures.marks import clock_axis, level_lines, padded_range, session_starts
from g6.rendering.pictures.numbers import title_of
from g6.rendering.pictures.picture import Layer, Picture, Plot, PlotAxis, PlotDots, PlotLine
from g6.rendering.pictures.view import PictureView
from g6.rendering.wording import LAKH, day_words, figure_words
from g6.studies.documents import columns_of
from g6.studies.stored.interest_by_cycle import CycleInterest, InterestByCycle
from g6.studies.stored.overlays import Overlays, SessionCurve
from g6.studies.stored.straddle_by_cycle import StraddleByCycle

__all__ = ["interest", "overlays", "straddle"]

Array = NDArray[np.float64]

_POINTS = "points"
_OPEN = 555
_CLOSE = 930
"""09:15 and 15:30 as minutes since midnight: the session of both exchanges."""
_HOUR = 60
_MOST_COLUMNS = 5
_LACKING = "not known: sums need whole chains, or strikes that are named"


def straddle(document: StraddleByCycle, view: PictureView) -> Picture:  # noqa: ARG001 - as all
    """Return what a straddle or position is worth above the index."""
    x = clock_axis(document.instant)
    places = np.arange(float(len(document.instant)))
    price = np.asarray(document.price, dtype=np.float64)
    starts = session_starts(document.instant, document.expiry)
    contracts = list(zip(document.expiry, document.strike, strict=True))
    of_contract = session_starts(document.instant, contracts)
    vwap = np.asarray(document.vwap, dtype=np.float64)
    rolled = np.asarray(document.rolled, dtype=np.bool_)
    top: list[Layer] = [
        PlotLine("the same at the day's VWAP", places, vwap, "quiet", "dash", starts=of_contract),
        PlotLine("premium at each cycle", places, price, "calls", width=2.0, starts=starts),
    ]
    if rolled.any():
        name = "strike or expiry rolled"
        top.append(PlotDots(name, places[rolled], price[rolled], "puts", "triangle"))
    levels = {"spot": document.spot, "forward": document.forward, "ATM": document.strike}
    if document.legs is not None:
        levels.pop("ATM")
    bottom = level_lines(levels, starts, is_over_heat=False)
    return Picture(
        title_of(document),
        (
            Plot(replace(x, label=""), PlotAxis("premium, points", ",.2f"), tuple(top), share=1.6),
            Plot(x, PlotAxis("index, points", ",.1f"), tuple(bottom)),
        ),
        shares_x=True,
    )


def interest(document: InterestByCycle, view: PictureView) -> Picture:  # noqa: ARG001 - as all
    """Return ratios, levels, the sums of both sides and their change since each session's start."""
    cycles = columns_of(CycleInterest, document.cycles)
    instants = [cycle.instant for cycle in document.cycles]
    x = clock_axis(instants)
    starts = session_starts(instants, cycles["expiry"])
    figures = {
        name: np.array(cycles[name], dtype=np.float64)
        for name in ("pcr", "pcr_volume", "max_pain", "spot", "forward", "atm")
    }
    sums = {side: np.array(cycles[f"oi_{side}"], np.float64) / LAKH for side in ("calls", "puts")}
    ratios = [
        _line("PCR of open interest", figures["pcr"], "fit", "solid", starts),
        _line("PCR of the day's volume", figures["pcr_volume"], "quiet", "dash", starts),
    ]
    levels = {
        "spot": figures["spot"].tolist(),
        "forward": figures["forward"].tolist(),
        "ATM": figures["atm"].tolist(),
        "max pain": figures["max_pain"].tolist(),
    }
    points = level_lines(levels, starts, is_over_heat=False)
    changes = {side: _since_start(values, starts) for side, values in sums.items()}
    plots = (
        (PlotAxis("puts over calls", ",.3f"), ratios),
        (PlotAxis(_POINTS, ",.0f"), points),
        (PlotAxis("OI, lakh units", ",.1f"), _sides(sums, starts)),
        (PlotAxis("change since the\nfirst sum, lakh units", "+,.2f"), _sides(changes, starts)),
    )
    last = len(plots) - 1
    return Picture(
        title_of(document),
        tuple(
            Plot(
                x if place == last else replace(x, label=""),
                axis,
                tuple(layers),
                lacking=_LACKING,
            )
            for place, (axis, layers) in enumerate(plots)
        ),
        shares_x=True,
    )


def _line(name: str, y: Array, role: str, dash: str, starts: tuple[int, ...]) -> PlotLine:
    return PlotLine(name, np.arange(float(len(y))), y, role, dash, starts=starts)


def _sides(values: dict[str, Array], starts: tuple[int, ...]) -> list[PlotLine]:
    return [_line(side, y, side, "solid", starts) for side, y in values.items()]


def _since_start(values: Array, starts: tuple[int, ...]) -> Array:
    """Return values less the first one that is known of their session and expiry."""
    changes = np.full_like(values, np.nan)
    bounds = [0, *starts, len(values)]
    for first, last in pairwise(bounds):
        # Below intervals of 30 s the first minute has no sums: less those of its first cycle, the
        # changes of the whole day were unknown.
        finite = np.flatnonzero(np.isfinite(values[first:last]))
        if len(finite):
            changes[first:last] = values[first:last] - values[first + finite[0]]
    return changes


def overlays(document: Overlays, view: PictureView) -> Picture:  # noqa: ARG001 - as all
    """Return a plot per weekday, its newest session above the earlier ones."""
    words = figure_words(document.figure, document.unit)
    curves = [curve for sessions in document.weekdays.values() for curve in sessions]
    x = _minute_axis(curves)
    values = [words.factor * curve.value for curve in curves]
    low, high = padded_range([np.zeros(0), *values])
    y = PlotAxis(", ".join(filter(None, (words.name, words.unit))), ",.2f", low, high)
    columns = min(_MOST_COLUMNS, max(1, len(document.weekdays)))
    plots = []
    for place, (weekday, sessions) in enumerate(document.weekdays.items()):
        axis = y if place % columns == 0 else replace(y, label="")
        title = f"{weekday} {sessions[-1].day:%d %b %Y}"
        layers = tuple(_session_layers(sessions, _first_minute(curves), words.factor))
        plots.append(Plot(x, axis, layers, title))
    return Picture(title_of(document), tuple(plots), columns=columns, shares_y=True)


def _first_minute(curves: list[SessionCurve]) -> int:
    return min([_OPEN, *(int(curve.minute.min()) for curve in curves)])


def _minute_axis(curves: list[SessionCurve]) -> PlotAxis:
    """Return an axis of the minutes of a session, full hours named."""
    first = _first_minute(curves)
    last = max([_CLOSE, *(int(curve.minute.max()) for curve in curves)])
    minutes = range(first, last + 1)
    return PlotAxis(
        "time in India (IST)",
        low=0.0,
        high=float(last - first),
        places=tuple(f"{minute // _HOUR:02d}:{minute % _HOUR:02d}" for minute in minutes),
        ticks=tuple(
            (float(minute - first), f"{minute // _HOUR:02d}:00")
            for minute in minutes
            if minute % _HOUR == 0
        ),
    )


def _session_layers(sessions: tuple[SessionCurve, ...], first: int, factor: float) -> list[Layer]:
    layers: list[Layer] = []
    for curve in sessions[:-1]:
        name = "earlier sessions of the weekday"
        note = day_words(curve.day)
        value = factor * curve.value
        layers.append(PlotLine(name, curve.minute - first, value, "quiet", width=0.9, note=note))
    newest = sessions[-1]
    name = "newest session of the weekday"
    value = factor * newest.value
    layers.append(PlotLine(name, newest.minute - first, value, "calls", width=2.0))
    return layers
