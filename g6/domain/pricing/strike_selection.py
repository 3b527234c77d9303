"""Which contracts a cycle asks for: whole expiries, or windows of strikes around the money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from math import ceil, inf, isfinite, log, nan
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.expiry import years_to
from g6.domain.market.instrument import Contracts
from g6.domain.market.slot import Slot
from g6.domain.pricing.forward import DAY_YEARS, grown, nearest_strike
from g6.domain.schema.underlying import Underlying

__all__ = ["contracts_of", "window_centres", "window_reaches", "window_rows"]

Mask = NDArray[np.bool_]


def contracts_of(contracts: Contracts, slots: Sequence[Slot]) -> Contracts:
    """Return every listed strike of the slots' expiries.

    >>> from g6.simulation.example_unit import CONTRACTS, STAMP
    >>> len(contracts_of(CONTRACTS, STAMP.slots[:1])), len(CONTRACTS)
    (41, 82)
    """
    days = np.array([slot.expiry for slot in slots], dtype="datetime64[D]")
    return contracts.take(np.isin(contracts.expiry, days))


def window_centres(
    contracts: Contracts,
    slots: Sequence[Slot],
    market: Underlying,
    at: datetime,
    future_fix: datetime | None,
    rate: float,
) -> dict[date, float]:
    """Return the listed strike around which each expiry is first collected.

    No chain says yet where the forward is, so that it is grown from the future, at the rate that
    lies between index and future. Without a future it is grown from the index.

    Args:
        contracts: What is listed.
        slots: The expiries to collect.
        market: The index and its future.
        at: The cycle's instant.
        future_fix: The settlement fix of the future, None where there is no future.
        rate: Growth a year, continuous, where index and future do not say one.

    Returns:
        Strikes in points by expiry. An expiry of which nothing is known is left out.

    >>> from g6.simulation.example_unit import CONTRACTS, QUOTES, STAMP
    >>> centres = window_centres(CONTRACTS, STAMP.slots, QUOTES.market, STAMP.at, None, 0.055)
    >>> {day.isoformat(): strike for day, strike in centres.items()}
    {'2026-08-25': 24050.0, '2026-09-01': 24100.0}
    """
    level = market.spot
    years_grown = 0.0
    growth = rate
    if 0 < market.future < inf and future_fix is not None:
        level = market.future
        years_grown = _years_ahead(future_fix, at)
        if 0 < market.spot < inf and years_grown >= DAY_YEARS:
            growth = log(market.future / market.spot) / years_grown
    centres = {}
    for slot in slots:
        strikes = contracts.strikes_of(slot.expiry)
        # 27 days out the forward of NIFTY stood 153 points, three strikes, above the index.
        centre = grown(level, growth * (_years_ahead(slot.fix, at) - years_grown))
        if 0 < centre < inf and len(strikes):
            centres[slot.expiry] = float(strikes[nearest_strike(strikes, centre)])
    return centres


def _years_ahead(fix: datetime | None, at: datetime) -> float:
    years = nan if fix is None else years_to(fix, at)
    return years if isfinite(years) else 0.0


def window_reaches(
    contracts: Contracts,
    slots: Sequence[Slot],
    centres: Mapping[date, float],
    deviations: float,
    most: int,
) -> dict[date, int]:
    """Return how many strikes either side of its centre hold an expiry's standard deviations.

    Args:
        contracts: What is listed.
        slots: The expiries, each with the points of one deviation.
        centres: The middle of each window, points.
        deviations: How many deviations a window holds.
        most: Strikes either side that no window exceeds.

    Returns:
        Strikes by expiry. One whose deviation or centre is not known is left out.

    >>> from g6.simulation.example_unit import CONTRACTS, STAMP
    >>> from dataclasses import replace
    >>> slots = [replace(slot, deviation=120.0) for slot in STAMP.slots]
    >>> centres = {slot.expiry: 24100.0 for slot in slots}
    >>> [*window_reaches(CONTRACTS, slots, centres, 3.0, 20).values()]
    [8, 8]
    """
    reaches = {}
    for slot in slots:
        strikes = contracts.strikes_of(slot.expiry)
        if slot.expiry in centres and isfinite(slot.deviation) and len(strikes) > 1:
            step = float(np.median(np.diff(strikes)))
            reaches[slot.expiry] = min(most, ceil(deviations * slot.deviation / step))
    return reaches


def window_rows(
    contracts: Contracts,
    slots: Sequence[Slot],
    centres: Mapping[date, float],
    itm: int,
    otm: int,
    reaches: Mapping[date, int] = MappingProxyType({}),
) -> Mask:
    """Return which contracts lie in the windows of their expiries, shape (n,).

    Args:
        contracts: Sorted by expiry and strike.
        slots: The expiries to collect.
        centres: Strike or level in points by expiry. One without has no window, since nobody knows
            where that lies.
        itm: Strikes below the centre, in the money for calls.
        otm: Strikes above it.
        reaches: Strikes either side that a window has at least, by expiry.

    >>> from g6.simulation.example_unit import CONTRACTS, STAMP
    >>> rows = window_rows(CONTRACTS, STAMP.slots, {date(2026, 8, 25): 24100.0}, 1, 1)
    >>> CONTRACTS.strike[rows]
    array([24050., 24100., 24150.])
    """
    inside: Mask = np.zeros(len(contracts), dtype=np.bool_)
    for slot in slots:
        rows = np.flatnonzero(contracts.expiry == np.datetime64(slot.expiry, "D"))
        centre = centres.get(slot.expiry, nan)
        if not len(rows) or not isfinite(centre):
            continue
        middle = nearest_strike(contracts.strike[rows], centre)
        reach = reaches.get(slot.expiry, 0)
        first = max(0, middle - max(itm, reach))
        inside[rows[first : middle + max(otm, reach) + 1]] = True
    return inside
