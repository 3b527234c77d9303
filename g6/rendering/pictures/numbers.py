"""The title of each picture, its strikes and the numbers behind it, without drawing library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from functools import singledispatch

import numpy as np

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.figures.series import PositionLeg
from g6.rendering.pictures.view import StrikeView, around_atm
from g6.rendering.tables.stored.strike_window import narrowed
from g6.rendering.wording import day_words, figure_words, heading, points
from g6.studies.parameters import written
from g6.studies.stored.heatmap import Heatmap
from g6.studies.stored.interest_by_cycle import InterestByCycle
from g6.studies.stored.interest_by_strike import InterestByStrike
from g6.studies.stored.overlays import Overlays
from g6.studies.stored.smile_curves import SmileCurves
from g6.studies.stored.straddle_by_cycle import StraddleByCycle
from g6.studies.stored.surface_grid import SurfaceGrid

__all__ = ["newest_atm", "numbers_of", "title_of", "within_strikes"]

MATRICES: Mapping[str, str] = {"oi": "open interest", "iv": "implied volatility"}
UNPUBLISHED = frozenset(("index", "cycle", "legs"))
"""Fields that are in the heading, or that the published numbers leave out."""


@singledispatch
def title_of(document: object) -> str:
    """Return the title of a document's picture.

    Raises:
        TypeError: The document is of a kind that is not drawn.
    """
    raise TypeError(f"{type(document).__name__} is not drawn")


@title_of.register
def _(document: SmileCurves) -> str:
    days = [curve.expiry for curve in document.expiries]
    return heading(document.index, f"implied volatility · {_expiries(days)}", document.cycle)


@title_of.register
def _(document: SurfaceGrid) -> str:
    days = [expiry.expiry for expiry in document.expiries]
    return heading(document.index, f"volatility surface · {_expiries(days)}", document.cycle)


@title_of.register
def _(document: InterestByStrike) -> str:
    return heading(
        document.index, f"open interest · {_expiries([document.expiry])}", document.cycle
    )


@title_of.register
def _(document: InterestByCycle) -> str:
    days = _expiries([cycle.expiry for cycle in document.cycles])
    strikes = "" if document.strikes is None else f" of strikes {written(document.strikes)}"
    return heading(document.index, f"open interest{strikes} · {days}", _last_cycle(document))


@title_of.register
def _(document: StraddleByCycle) -> str:
    legs = f"ATM straddle · {_expiries(document.expiry)}"
    if document.legs is not None:
        legs = " ".join(map(_leg, document.legs))
    return heading(document.index, legs, document.cycle)


@title_of.register
def _(document: Overlays) -> str:
    name = figure_words(document.figure, document.unit).name
    return heading(document.index, f"{name}, by weekday", document.cycle)


@title_of.register
def _(document: Heatmap) -> str:
    days = [document.expiry] if document.expiry is not None else _days(document)
    return heading(document.index, f"{MATRICES[document.of]} · {_expiries(days)}", document.cycle)


def _days(document: Heatmap) -> list[date]:
    return [date.fromisoformat(label) for label in document.labels]


def _expiries(days: Sequence[date]) -> str:
    """Return one expiry, or how many from when to when.

    >>> _expiries([date(2026, 11, 24)]), _expiries([date(2026, 11, 24), date(2026, 12, 1)])
    ('expiry Tue 24 Nov 2026', '2 expiries, Tue 24 Nov to Tue 01 Dec 2026')
    """
    distinct = sorted(set(days))
    if not distinct:
        return "no expiry"
    if len(distinct) == 1:
        return f"expiry {day_words(distinct[0])}"
    first = day_words(distinct[0], near=distinct[-1])
    return f"{len(distinct)} expiries, {first} to {day_words(distinct[-1])}"


def _leg(leg: PositionLeg) -> str:
    return f"{leg.quantity:+g} {leg.expiry:%d %b} {points(leg.strike)} {leg.side}"


def _last_cycle(document: InterestByCycle) -> str:
    return isoformat_z(document.cycles[-1].instant)


@singledispatch
def numbers_of(document: object) -> dict[str, object]:
    """Return the published numbers of a picture: its heading, then the document's fields.

    Raises:
        TypeError: The document is of a kind that is not drawn.
    """
    if not is_dataclass(document) or isinstance(document, type):
        raise TypeError(f"{document!r} is not drawn")
    values = {field.name: getattr(document, field.name) for field in fields(document)}
    heads = {name: values[name] for name in ("index", "cycle")}
    rest = {name: value for name, value in values.items() if name not in UNPUBLISHED}
    return {**heads, "title": title_of(document), **rest}


@numbers_of.register
def _(document: InterestByCycle) -> dict[str, object]:
    # The picture's numbers are columns, those of `g6 interest --json` records: both are published.
    columns = document.columns()
    names = ("instant", "pcr", "pcr_volume", "max_pain", "oi_calls", "oi_puts", "expiry")
    levels = ("spot", "forward", "atm")
    return {
        "index": document.index,
        "cycle": _last_cycle(document),
        "title": title_of(document),
        **{name: columns[name] for name in (*names, *levels)},
    }


@numbers_of.register
def _(document: Heatmap) -> dict[str, object]:
    return {
        "index": document.index,
        "cycle": document.cycle,
        "title": title_of(document),
        "by": document.by,
        "of": document.of,
        "strike": document.strike,
        "columns": document.labels,
        "forward": document.forward,
        "spot": document.spot,
        "atm": document.atm,
        "matrix": document.matrix,
        "change": document.change,
    }


@singledispatch
def within_strikes(document: object, view: StrikeView) -> object:  # noqa: ARG001 - as the others
    """Return a document of the strikes around ATM alone. One that has no strikes stays as it is."""
    return document


@within_strikes.register
def _(document: InterestByStrike, view: StrikeView) -> InterestByStrike:
    rows = _rows(around_atm(document.strike, document.marks["ATM"], view))
    return narrowed(document, rows, len(document.strike))


@within_strikes.register
def _(document: Heatmap, view: StrikeView) -> Heatmap:
    rows = around_atm(document.strike, newest_atm(document), view)
    return replace(
        document,
        strike=document.strike[rows],
        matrix=document.matrix[rows],
        change=document.change[rows],
    )


@within_strikes.register
def _(document: SmileCurves, view: StrikeView) -> SmileCurves:
    """Cut each smile to the strikes around the ATM of the nearest, as the picture does."""
    nearest = document.expiries[0]
    centre = nearest.atm if np.isfinite(nearest.atm) else nearest.forward
    ladder = nearest.strike[around_atm(nearest.strike, centre, view)]
    curves = []
    for curve in document.expiries:
        first = int(np.searchsorted(curve.strike, ladder[0]))
        end = int(np.searchsorted(curve.strike, ladder[-1], "right"))
        curves.append(narrowed(curve, range(first, end), len(curve.strike)))
    return replace(document, expiries=tuple(curves))


def newest_atm(document: Heatmap) -> float:
    """Return the strike at the money of the last column that has one, points, NaN without any."""
    atms = np.asarray(document.atm, dtype=np.float64)
    finite = atms[np.isfinite(atms)]
    return float(finite[-1]) if len(finite) else float("nan")


def _rows(rows: slice) -> range:
    return range(rows.start, rows.stop)
