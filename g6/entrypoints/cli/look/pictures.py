"""What pictures show, as documents (JSON-able but for NaN, dates and arrays), so that a picture can be held against its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

import g6
from g6.config import Settings
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.figures import exposures, series, surface, volatility_smile
from g6.domain.figures.by_expiry import expiry_figures
from g6.domain.figures.definitions import CONTRACTS
from g6.domain.market.calendar import IST
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.entrypoints.cli.shared import stored
from g6.studies.stored.interest_by_cycle import InterestByCycle

__all__ = [
    "WEEKDAYS", "heatmap", "interest", "of_one_expiry", "oi", "overlays", "position", "smile", "straddle", "volatility_surface",
]  # fmt: skip

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_GRID_MONEYNESS, _GRID_TIMES = 81, 41
_SMILE_REACH = 5.0
"""Standard deviations to expiry that a smile is drawn over; beyond them stand options worth a tick."""


def _heading(unit: Unit, what: str) -> dict[str, Any]:
    return {
        "index": unit.index,
        "cycle": unit.cycle,
        "title": f"{unit.index} {what} · {_clock(unit.instant)}",
    }


def _clock(at: datetime) -> str:
    return f"{at.astimezone(IST):%a %d %b %Y %H:%M} IST"


def smile(unit: Unit, frame: Frame) -> dict[str, Any]:
    """Return volatilities (%) by strike and side of each expiry, and the fitted smile between its outermost strikes."""
    fitted = surface.fit(surface.smiles(Chain.of_rows(frame)))
    expiries = []
    for each in expiry_figures(Chain.of_rows(frame)):
        rows = frame.columns["expiry"] == np.datetime64(each.expiry, "D")
        strike, iv = (
            frame.columns["strike"][rows],
            100 * frame.both_sides("iv")[:, rows].astype(np.float64),
        )
        curve = (
            100 * fitted.iv(strike, each.years)
            if np.isfinite(each.years)
            else np.full(len(strike), np.nan)
        )
        reach = _SMILE_REACH * each.em_sd / each.forward
        curves = {"reach": reach, "strike": strike, "calls": iv[0], "puts": iv[1], "fitted": curve}
        expiries.append(
            {
                "expiry": each.expiry,
                "forward": each.forward,
                "quality": fitted.quality[each.expiry],
                **curves,
            }
        )
    return {**_heading(unit, "implied volatility"), "expiries": expiries}


def volatility_surface(unit: Unit, frame: Frame) -> dict[str, Any]:
    """Return volatilities (%) at moneyness and days, rows of equal time from one edge of the hull to the other."""
    fitted = surface.fit(surface.smiles(Chain.of_rows(frame)))
    parts = fitted.fitted
    years = np.linspace(parts[0].years, parts[-1].years, _GRID_TIMES) if parts else np.zeros(0)
    moneyness = _within_hull(parts, years)
    iv = 100 * fitted.iv(moneyness * fitted.forward(years)[:, None], years[:, None])
    ends = [
        {"expiry": each.expiry, "days": 365 * each.years, "quality": each.quality} for each in parts
    ]
    return {
        **_heading(unit, "volatility surface"),
        "moneyness": moneyness,
        "days": 365 * years,
        "iv": iv,
        "expiries": ends,
    }


def _within_hull(parts: Sequence[surface.Fitted], years: Any) -> Any:
    """Moneyness K/F from the lowest to the highest strike used, `(times, strikes)`, even in its logarithm."""
    if not parts:
        return np.zeros((0, _GRID_MONEYNESS))
    known = [each.years for each in parts]
    low, high = (
        np.interp(years, known, np.log([getattr(each, end) for each in parts]))
        for end in ("low", "high")
    )
    return np.exp(np.linspace(low, high, _GRID_MONEYNESS, axis=1))


def interest(document: InterestByCycle) -> dict[str, Any]:
    """Return put/call ratios, max pain (points) and open interest (units) by cycle."""
    columns = document.columns()
    names = ("pcr", "pcr_volume", "max_pain", "oi_calls", "oi_puts", "expiry")
    last = Unit(isoformat_z(document.cycles[-1].instant), document.index)
    return {
        **_heading(last, "open interest over time"),
        "instant": [isoformat_z(cycle.instant) for cycle in document.cycles],
        **{name: columns[name] for name in names},
    }


def oi(unit: Unit, frame: Frame) -> dict[str, Any]:
    """Return open interest and its change since the previous session (units) by strike and side of one expiry, and its marks."""
    found = expiry_figures(Chain.of_rows(frame))[0]
    held, before = (frame.both_sides(name).astype(np.float64) for name in ("oi", "oi_prev"))
    walls = exposures.walls(exposures.exposures(exposures.positions(Chain.of_rows(frame))))
    marks = {
        "forward": found.forward,
        "max pain": found.max_pain,
        "call wall": walls.call,
        "put wall": walls.put,
    }
    return {
        **_heading(unit, f"open interest {found.expiry:%d %b %Y}"),
        "expiry": found.expiry,
        "strike": frame.columns["strike"],
        "oi": held,
        "change": held - before,
        "marks": marks,
    }


def straddle(units: Sequence[Unit], frames: Sequence[Frame]) -> dict[str, Any]:
    """Return the straddle at the money of the nearest expiry by cycle, its VWAP, the index, and where it rolled."""
    found = series.rolling_straddle([*map(Chain.of_rows, frames)])
    spot = {
        float(frame.columns["timestamp"][0]): float(frame.columns["spot"][0]) for frame in frames
    }
    return {
        **_heading(units[-1], "ATM straddle"),
        "instant": [isoformat_z(each.instant) for each in found],
        "price": [each.price for each in found],
        "vwap": [each.vwap for each in found],
        "expiry": [each.expiry for each in found],
        "strike": [each.strike for each in found],
        "rolled": [each.rolled for each in found],
        "spot": [spot[each.instant] for each in found],
    }


def position(
    units: Sequence[Unit], frames: Sequence[Frame], legs: Sequence[series.PositionLeg]
) -> dict[str, Any]:
    """Return what a position of fixed legs is worth by cycle, its VWAP and the index; it never rolls."""
    told = " ".join(
        f"{leg.quantity:+g} {leg.expiry:%d%b} {leg.strike:g} {leg.side}" for leg in legs
    )
    return {
        **_heading(units[-1], told),
        "instant": [isoformat_z(float(frame.columns["timestamp"][0])) for frame in frames],
        "price": [series.legs_value(Chain.of_rows(frame), legs) for frame in frames],
        "vwap": [
            series.legs_value(Chain.of_rows(frame), legs, "average_price") for frame in frames
        ],
        "expiry": [legs[0].expiry] * len(frames),
        "strike": [legs[0].strike] * len(frames),
        "rolled": [False] * len(frames),
        "spot": [float(frame.columns["spot"][0]) for frame in frames],
    }


def overlays(settings: Settings, unit: Unit, figure: str, days: int) -> dict[str, Any]:
    """Return one overview figure's sessions by weekday: minutes since midnight in India and values. Errors: UserError.

    On an expiry day what follows the fix is left out: it is of the next expiry.
    """
    last = unit.instant.astimezone(IST).date()
    span, columns = (last - timedelta(days=days - 1), last), ["timestamp", "expiry_nearest", figure]
    table = g6.load(
        unit.index,
        span,
        "overview",
        engine="arrow",
        columns=list(dict.fromkeys(columns)),
        data_dir=settings.directory,
    )
    instants, values = [], []
    first: dict[Any, Any] = {}
    for row in table.to_pylist():
        if isinstance(row[figure], float | int) and row["expiry_nearest"] == first.setdefault(
            row["timestamp"].date(), row["expiry_nearest"]
        ):
            instants.append(row["timestamp"].timestamp())
            values.append(float(row[figure]))
    curves = series.overlay(instants, values)
    told = {
        WEEKDAYS[weekday]: [
            {"day": each.day, "minute": each.minute, "value": each.value} for each in found
        ]
        for weekday, found in curves.items()
    }
    unit_of = {each.id: each.unit for each in CONTRACTS}
    return {
        **_heading(unit, f"{figure} by weekday"),
        "figure": figure,
        "unit": unit_of.get(figure, ""),
        "weekdays": told,
    }


def heatmap(unit: Unit, frames: Sequence[Frame], of: str, by: str) -> dict[str, Any]:
    """Return a matrix over strikes (rows) and cycles or expiries (columns): open interest of both sides (units) or volatility (%).

    By time it is one expiry's; by expiry the last chain's. A strike that was not there has NaN.
    """
    value = _MATRIX[of]
    if by == "time":
        columns = [(isoformat_z(float(frame.columns["timestamp"][0])), frame) for frame in frames]
    else:
        last = frames[-1]
        columns = [
            (str(day), last.take(last.columns["expiry"] == day))
            for day in np.unique(last.columns["expiry"])
        ]
    strikes = np.unique(np.concatenate([frame.columns["strike"] for _, frame in columns]))
    matrix = np.full((len(strikes), len(columns)), np.nan)
    for place, (_, frame) in enumerate(columns):
        matrix[np.searchsorted(strikes, frame.columns["strike"]), place] = value(frame)
    forward = [float(frame.columns["forward"][0]) for _, frame in columns]
    told = {
        "by": by,
        "of": of,
        "strike": strikes,
        "columns": [name for name, _ in columns],
        "forward": forward,
        "matrix": matrix,
    }
    day = f" {frames[-1].columns['expiry'][0].item():%d %b %Y}" if by == "time" else ""
    return {**_heading(unit, f"{_HEATMAPS[of]}{day}"), **told}


def _oi_of(frame: Frame) -> Any:
    return frame.both_sides("oi").astype(np.float64).sum(axis=0)


def _iv_of(frame: Frame) -> Any:
    iv = frame.both_sides("iv").astype(np.float64)
    return 100 * volatility_smile.smile(
        frame.columns["strike"], float(frame.columns["forward"][0]), iv
    )


_MATRIX: Mapping[str, Callable[[Frame], Any]] = {"oi": _oi_of, "iv": _iv_of}
_HEATMAPS = {"oi": "open interest", "iv": "implied volatility"}


def of_one_expiry(frames: Sequence[Frame], expiry: str | None) -> list[Frame]:
    """Return the rows of one expiry, by default the one nearest in the last chain; chains without it are left out."""
    day = stored.of_expiry(frames[-1], expiry).columns["expiry"][0]
    kept = [frame.take(frame.columns["expiry"] == day) for frame in frames]
    return [frame for frame in kept if len(frame)]
