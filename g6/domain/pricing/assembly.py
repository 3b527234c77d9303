"""Quotes made into chains: prices, forwards, volatilities and Greeks, of one unit or of many by the same calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate, pairwise
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.plan import Model
from g6.domain.market.expiry import dte, years_to
from g6.domain.market.slot import Slot
from g6.domain.pricing.forward import Forwards, at_the_money, forwards, or_else, spot_forwards
from g6.domain.pricing.outliers import pace
from g6.domain.pricing.priced_chain import Expiries, PricedChain
from g6.domain.pricing.quality import (
    READ,
    Prices,
    believed,
    prices,
)
from g6.domain.pricing.volatility import Terms, volatility
from g6.domain.quotes.quotes import Quotes, concatenated
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.counting import countable, countable_interest, counts

__all__ = ["assemble", "assemble_all"]

Array = NDArray[np.float64]

PRESET_RATE: Mapping[Model, float] = {"nse": 0.10, "bse": 0.055}
"""The rates behind the exchanges' own implied volatilities, whatever the configured rate is."""


def assemble(quotes: Quotes, stamp: Stamp) -> PricedChain:
    """Return the priced chain of one unit. Nothing is raised for bad numbers: what cannot be known is NaN with a status.

    Same quotes and stamp, same chain; no clock, no order of arrival and no earlier chain has a say in it.
    """
    return assemble_all([(quotes, stamp)])[0]


def assemble_all(units: Sequence[tuple[Quotes, Stamp]]) -> list[PricedChain]:
    """Return what `assemble` does for each unit, bit for bit, every step by one call for all that have the same settings.

    No option knows of its neighbours in another unit, and many small arrays cost far more than one.
    """
    if not units:
        return []
    settings = {(stamp.pricing, stamp.quality, stamp.solves) for _, stamp in units}
    if len(units) > 1 and (
        len(settings) > 1 or units[0][1].quality.vol_pct
    ):  # a percentile is one of a unit's expiries
        return [assemble(*unit) for unit in units]
    return _assembled(units)


def _assembled(units: Sequence[tuple[Quotes, Stamp]]) -> list[PricedChain]:
    """The chains of units with the same settings: worked on as one, then taken apart."""
    units = [(_with_believed_spot(quotes), stamp) for quotes, stamp in units]
    stamp, sizes = units[0][1], [len(quotes) for quotes, _ in units]
    pricing, model = stamp.pricing, stamp.pricing.model
    rate = PRESET_RATE.get(model, pricing.risk_free_rate)
    series = [_series(*unit) for unit in units]
    quotes = units[0][0] if len(units) == 1 else concatenated([quotes for quotes, _ in units], READ)
    at, moves = (
        np.repeat([each.at.timestamp() for each in series], sizes),
        np.repeat([pace(quotes.market) for quotes, _ in units], sizes),
    )
    found = prices(quotes, at, stamp.quality, model, moves)
    bounds = [
        0,
        *accumulate(last - first for each in series for first, last in pairwise(each.bounds)),
    ]
    expiries = _expiries(units, series, quotes, found, bounds, rate)
    forward, years, atm = np.repeat(
        np.array([[figure for each in expiries for figure in getattr(each, name)] for name in ("forward", "years", "atm")]),
        np.diff(bounds), axis=1,
    )  # fmt: skip
    vol = volatility(
        found,
        Terms(forward, quotes.strike, years, quotes.tick_size, rate),
        pricing,
        stamp.solves,
    )
    counted = counts(found.listed, found.flags)
    offset, flags = _offsets(quotes.strike, atm, bounds), found.flags | vol.flags
    oi, volume = countable_interest(quotes.oi, counted), countable(quotes.volume, counted)
    ends = list(accumulate(sizes))
    return [
        PricedChain(
            *unit, each, offset[mine], found.rows(mine), vol.rows(mine), flags[:, mine], oi[:, mine], volume[:, mine], rate
        )
        for unit, each, mine in zip(units, expiries, map(slice, [0, *ends], ends), strict=True)
    ]  # fmt: skip


def _with_believed_spot(quotes: Quotes) -> Quotes:
    market = believed(quotes.market, quotes.strike)
    return quotes if market is quotes.market else replace(quotes, market=market)


@dataclass(frozen=True, slots=True)
class _Series:
    """What a unit's expiries are by their dates alone, as in `Expiries`; `at` the unit's instant."""

    at: datetime
    slots: tuple[Slot, ...]
    bounds: list[int]
    years: list[float]
    dte: list[int]


def _series(quotes: Quotes, stamp: Stamp) -> _Series:
    at = stamp.at
    slots, bounds = _slots(quotes, stamp)
    days = [dte(slot.expiry, at) for slot in slots]
    years = [_years(slot, left, stamp) for slot, left in zip(slots, days, strict=True)]
    return _Series(at, slots, bounds, years, days)


def _slots(quotes: Quotes, stamp: Stamp) -> tuple[tuple[Slot, ...], list[int]]:
    """The slot of each expiry in the quotes, and the bounds of its rows; an expiry nobody asked for goes under its own date."""
    if not len(quotes):
        return (), [0]
    expiry = quotes.expiry.astype("datetime64[D]", copy=False)
    starts = [0, *((expiry[1:] != expiry[:-1]).nonzero()[0] + 1).tolist()]
    bounds = [*starts, len(quotes)]
    known = {slot.expiry: slot for slot in stamp.slots}
    days: list[date] = expiry[starts].tolist()
    slots = [
        known.get(day) or Slot(day, day.isoformat(), 0, wanted=last - first)
        for day, (first, last) in zip(days, pairwise(bounds), strict=True)
    ]
    return tuple(slots), bounds


def _years(slot: Slot, days: int, stamp: Stamp) -> float:
    """Years of 365 days by the model's clock: to the second, or in whole calendar days as an exchange counts them."""
    if stamp.pricing.model == "black76":
        return years_to(slot.fix, stamp.at) if slot.fix else nan
    days = max(days, 1) if stamp.pricing.model == "nse" and days >= 0 else days
    return days / 365 if days > 0 else nan


def _expiries(
    units: Sequence[tuple[Quotes, Stamp]],
    series: Sequence[_Series],
    quotes: Quotes,
    found: Prices,
    bounds: list[int],
    rate: float,
) -> list[Expiries]:
    """The expiries of each unit; `quotes`, `found` and `bounds` (of every expiry) are those of all units."""
    came = np.any(found.listed, axis=0) & ~np.any(found.missing, axis=0)
    collected: list[int] = (
        np.add.reduceat(came.astype(np.intp), bounds[:-1]).tolist() if len(bounds) > 1 else []
    )
    years = [left for each in series for left in each.years]
    own = units[0][1].pricing.model == "black76"
    parities = forwards(quotes, found, bounds, years, rate) if own else Forwards([], [], [])
    firsts = accumulate((len(each.slots) for each in series), initial=0)
    return [
        _of_unit(
            *unit,
            each,
            parities.part(slice(first, first + len(each.slots))),
            collected[first:],
            rate,
        )
        for unit, each, first in zip(units, series, firsts, strict=False)
    ]


def _of_unit(
    quotes: Quotes, stamp: Stamp, mine: _Series, found: Forwards, collected: list[int], rate: float
) -> Expiries:
    if stamp.pricing.model == "black76":
        oldest = mine.at.timestamp() - stamp.quality.max_trade_age
        forward = or_else(
            found, quotes.market, [slot.expiry for slot in mine.slots], mine.years, rate, oldest
        )
    else:
        forward = spot_forwards(quotes.market.spot, mine.years, rate)
    atm = [
        at_the_money(quotes.strike[first:last], level, slot.atm)
        for (first, last), level, slot in zip(
            pairwise(mine.bounds), forward.value, mine.slots, strict=True
        )
    ]
    return Expiries(
        slot=mine.slots,
        bounds=mine.bounds,
        years=mine.years,
        dte=mine.dte,
        forward=forward.value,
        source=forward.source,
        spread=forward.spread,
        atm=atm,
        wanted=[slot.wanted for slot in mine.slots],
        collected=collected[: len(mine.slots)],
    )


def _offsets(strike: Array, atm: Array, bounds: list[int]) -> Array:
    """Listed strikes from ATM, by position in the expiry's own list; NaN where `atm` `(n,)` is."""
    if len(bounds) < 2:
        return np.full(len(strike), nan)
    below = np.add.reduceat((strike < atm).astype(np.intp), bounds[:-1])
    offset = np.arange(len(strike)) - np.repeat(np.add(bounds[:-1], below), np.diff(bounds))
    return np.where(np.isfinite(atm), offset, nan)
