"""The chain: raw quotes become prices, forwards, volatilities and Greeks, as a function of quotes and stamp alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.black76 import Greeks
from g6.domain.expiry import Slot, dte, years_to
from g6.domain.forward import at_the_money, forwards, spot_forwards
from g6.domain.plan import Model
from g6.domain.quality import Prices, prices
from g6.domain.quote import Quotes, Stamp
from g6.domain.volatility import Terms, Volatility, volatility

__all__ = ["Chain", "Expiries", "assemble"]

Array = NDArray[np.float64]

PRESET_RATE: Mapping[Model, float] = {"nse": 0.10, "bse": 0.055}
"""The rates behind the exchanges' own implied volatilities, whatever the configured rate is."""


@dataclass(frozen=True, slots=True)
class Expiries:
    """One entry per expiry in the quotes, ascending; rows of expiry i are `bounds[i]:bounds[i + 1]`.

    `slot` what it is collected as; `years` to the fix (NaN beyond it, also with a preset whose clock runs in days), `dte` calendar
    days; `forward`, `spread` and `atm` points, `source` as in `forwards`; `wanted` strikes asked for, `collected` those of
    which every listed side came.
    """

    slot: tuple[Slot, ...]
    bounds: list[int]
    years: list[float]
    dte: list[int]
    forward: list[float]
    source: list[str]
    spread: list[float]
    atm: list[float]
    wanted: list[int]
    collected: list[int]

    def __len__(self) -> int:
        return len(self.slot)

    def rows(self, i: int) -> slice:
        """Return the rows of expiry `i`."""
        return slice(self.bounds[i], self.bounds[i + 1])

    def place(self, expiry: date) -> int | None:
        """Return the position of an expiry, None when no quotes were asked of it."""
        return next((i for i, slot in enumerate(self.slot) if slot.expiry == expiry), None)


@dataclass(frozen=True, slots=True)
class Chain:
    """A priced chain over all expiries of one index; n strikes, axis 0 of `(2, n)` arrays is (CE, PE).

    `offset` `(n,)` listed strikes from ATM, NaN where ATM is unknown; `flags` `(2, n)` bits of `quality.Flag`; `oi` `(2, n)` units,
    NaN where it is missing or impossible; `rate` the continuous rate that was used.
    """

    quotes: Quotes
    stamp: Stamp
    expiries: Expiries
    offset: Array
    prices: Prices
    vol: Volatility
    flags: NDArray[np.int32]
    oi: Array
    rate: float

    @property
    def greeks(self) -> Greeks:
        """The Greeks, each `(2, n)`."""
        return self.vol.greeks

    def spread(self, figures: list[float] | list[int]) -> Array:
        """Return one figure per expiry as one per row, `(n,)` float64."""
        return _per_row(figures, self.expiries.bounds)

    def nearest(self) -> Slot | None:
        """Return the slot of the nearest wanted expiry whose fix lies ahead, None after the last one."""
        fixes, at = self.stamp.fixes, self.stamp.at
        ahead = [slot for slot in self.stamp.slots if datetime.fromisoformat(fixes[slot.expiry.isoformat()]) > at]
        return min(ahead, key=lambda slot: slot.expiry, default=None)


def assemble(quotes: Quotes, stamp: Stamp) -> Chain:
    """Return the priced chain of one unit. Nothing is raised for bad numbers: what cannot be known is NaN with a status.

    Same quotes and stamp, same chain; no clock, no order of arrival and no earlier chain has a say in it.
    """
    pricing = stamp.pricing
    rate = PRESET_RATE.get(pricing.model, pricing.risk_free_rate)
    found = prices(quotes, stamp.at.timestamp(), stamp.quality, pricing.model)
    expiries = _expiries(quotes, stamp, found, rate)
    terms = Terms(
        _per_row(expiries.forward, expiries.bounds),
        quotes.strike,
        _per_row(expiries.years, expiries.bounds),
        quotes.tick_size,
        rate,
    )
    vol = volatility(found, terms, pricing, pricing.enabled and stamp.controls.get("greeks", True) is not False)
    oi = np.where(quotes.oi < 0, np.nan, quotes.oi)
    return Chain(quotes, stamp, expiries, _offsets(quotes.strike, expiries), found, vol, found.flags | vol.flags, oi, rate)


def _slots(quotes: Quotes, stamp: Stamp) -> tuple[tuple[Slot, ...], list[int]]:
    """The slot of each expiry in the quotes, and the bounds of its rows; an expiry nobody asked for goes under its own date."""
    days, starts = np.unique(quotes.expiry, return_index=True)
    known = {slot.expiry: slot for slot in stamp.slots}
    expiries: list[date] = days.astype("datetime64[D]").tolist()
    return tuple(known.get(day, Slot(day.isoformat(), day, 0)) for day in expiries), [*starts.tolist(), len(quotes)]


def _years(expiry: date, stamp: Stamp) -> float:
    """Years of 365 days by the model's clock: to the second, or in whole calendar days as an exchange counts them."""
    if stamp.pricing.model == "black76":
        fix = stamp.fixes.get(expiry.isoformat())
        return years_to(datetime.fromisoformat(fix), stamp.at) if fix else nan
    days = dte(expiry, stamp.at)
    days = max(days, 1) if stamp.pricing.model == "nse" and days >= 0 else days
    return days / 365 if days > 0 else nan


def _expiries(quotes: Quotes, stamp: Stamp, found: Prices, rate: float) -> Expiries:
    slots, bounds = _slots(quotes, stamp)
    names = [slot.expiry.isoformat() for slot in slots]
    rows = [slice(first, last) for first, last in pairwise(bounds)]
    years = [_years(slot.expiry, stamp) for slot in slots]
    if stamp.pricing.model == "black76":
        oldest = stamp.at.timestamp() - stamp.quality.max_trade_age
        forward = forwards(quotes, found, list(zip(rows, years, strict=True)), rate, oldest)
    else:
        forward = spot_forwards(quotes.spot.spot, years, rate)
    came = np.all(~found.missing, axis=0) & np.any(found.listed, axis=0)
    remembered = [stamp.atm.get(name, nan) for name in names]
    return Expiries(
        slot=slots,
        bounds=bounds,
        years=years,
        dte=[dte(slot.expiry, stamp.at) for slot in slots],
        forward=forward.value,
        source=forward.source,
        spread=forward.spread,
        atm=[at_the_money(quotes.strike[mine], *at) for mine, *at in zip(rows, forward.value, remembered, strict=True)],
        wanted=[stamp.wanted.get(name, mine.stop - mine.start) for mine, name in zip(rows, names, strict=True)],
        collected=[int(np.count_nonzero(came[mine])) for mine in rows],
    )


def _per_row(figures: list[float] | list[int], bounds: list[int]) -> Array:
    return np.repeat(np.asarray(figures, dtype=np.float64), np.diff(bounds))


def _offsets(strike: Array, expiries: Expiries) -> Array:
    """Listed strikes from ATM, by position in the expiry's own list."""
    offset = np.full(len(strike), np.nan)
    for i, atm in enumerate(expiries.atm):
        rows = expiries.rows(i)
        if isfinite(atm):
            offset[rows] = np.arange(rows.stop - rows.start) - int(np.searchsorted(strike[rows], atm))
    return offset
