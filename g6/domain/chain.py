"""The chain: which contracts to ask for, and their quotes made into prices, forwards, volatilities and Greeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from math import ceil, inf, isfinite, log, nan
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from g6.domain.black76 import Greeks
from g6.domain.calendar import Calendar
from g6.domain.contract_symbols import follow_closures
from g6.domain.expiry import Slot, dte, years_to
from g6.domain.forward import DAY_YEARS, at_the_money, forwards, grown, nearest, spot_forwards
from g6.domain.frame import Frame
from g6.domain.instrument import Contracts, Listing
from g6.domain.plan import Model
from g6.domain.quality import Prices, countable, counts, prices_of_all
from g6.domain.quote import Quotes, Stamp, Underlying
from g6.domain.volatility import Terms, Volatility, volatilities

__all__ = ["Chain", "Expiries", "assemble", "assemble_all", "centres", "deviation_key", "previous_oi", "reaches", "select"]

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

    `offset` `(n,)` listed strikes from ATM, NaN where ATM is unknown; `flags` `(2, n)` bits of `quality.Flag`;
    `oi`, `volume` `(2, n)` units, NaN where missing or impossible; `rate` the continuous rate that was used.
    """

    quotes: Quotes
    stamp: Stamp
    expiries: Expiries
    offset: Array
    prices: Prices
    vol: Volatility
    flags: NDArray[np.int32]
    oi: Array
    volume: Array
    rate: float

    @property
    def greeks(self) -> Greeks:
        """The Greeks, each `(2, n)`."""
        return self.vol.greeks

    def per_row(self, figures: list[float]) -> Array:
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
    return assemble_all([(quotes, stamp)])[0]


def assemble_all(units: Sequence[tuple[Quotes, Stamp]]) -> list[Chain]:
    """Return what `assemble` does for each unit, by one call for the prices and one of the solver: many together cost a third."""
    begun = [(*unit, found, *_begun(*unit, found)) for unit, found in zip(units, _prices(units), strict=True)]
    on = [stamp.pricing.enabled and stamp.controls.get("greeks", True) is not False for _, stamp in units]
    vols = volatilities([(each[2], each[4], each[1].pricing, enabled) for each, enabled in zip(begun, on, strict=True)])
    return [_priced(*each, vol) for each, vol in zip(begun, vols, strict=True)]


def _prices(units: Sequence[tuple[Quotes, Stamp]]) -> list[Prices]:
    instants, rules = [(quotes, stamp.at.timestamp()) for quotes, stamp in units], [(s.quality, s.pricing.model) for _, s in units]
    if len(set(rules)) > 1:
        return [prices_of_all([one], *rule)[0] for one, rule in zip(instants, rules, strict=True)]
    return prices_of_all(instants, *rules[0]) if rules else []


def _begun(quotes: Quotes, stamp: Stamp, found: Prices) -> tuple[Expiries, Terms]:
    rate = PRESET_RATE.get(stamp.pricing.model, stamp.pricing.risk_free_rate)
    expiries = _expiries(quotes, stamp, found, rate)
    forward, years = (_per_row(figures, expiries.bounds) for figures in (expiries.forward, expiries.years))
    return expiries, Terms(forward, quotes.strike, years, quotes.tick_size, rate)


def _priced(quotes: Quotes, stamp: Stamp, found: Prices, expiries: Expiries, terms: Terms, vol: Volatility) -> Chain:
    counted = counts(found.listed, found.flags)
    return Chain(
        quotes=quotes,
        stamp=stamp,
        expiries=expiries,
        offset=_offsets(quotes.strike, expiries),
        prices=found,
        vol=vol,
        flags=found.flags | vol.flags,
        oi=countable(quotes.oi, counted),
        volume=countable(quotes.volume, counted),
        rate=terms.rate,
    )


def _slots(quotes: Quotes, stamp: Stamp) -> tuple[tuple[Slot, ...], list[int]]:
    """The slot of each expiry in the quotes, and the bounds of its rows; an expiry nobody asked for goes under its own date."""
    if not len(quotes):
        return (), [0]
    expiry = quotes.expiry.astype("datetime64[D]", copy=False)
    starts = [0, *((expiry[1:] != expiry[:-1]).nonzero()[0] + 1).tolist()]
    known = {slot.expiry: slot for slot in stamp.slots}
    return tuple(known.get(day, Slot(day.isoformat(), day, 0)) for day in expiry[starts].tolist()), [*starts, len(quotes)]


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
    came = np.any(found.listed, axis=0) & ~np.any(found.missing, axis=0)
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


def _per_row(figures: list[float], bounds: list[int]) -> Array:
    return np.asarray(figures, dtype=np.float64).repeat(np.diff(bounds))


def _offsets(strike: Array, expiries: Expiries) -> Array:
    """Listed strikes from ATM, by position in the expiry's own list."""
    offset = np.full(len(strike), np.nan)
    for i, atm in enumerate(expiries.atm):
        rows = expiries.rows(i)
        if isfinite(atm):
            offset[rows] = np.arange(rows.stop - rows.start) - int(strike[rows].searchsorted(atm))
    return offset


def centres(
    listing: Listing, slots: Sequence[Slot], seen: Underlying, at: datetime, calendar: Calendar, exchange: str, rate: float
) -> dict[str, float]:
    """Return the listed strike around which each expiry (ISO date) is first collected, before a chain says where its forward is.

    Grown from the future, at the rate that lies between index and future; without a future from the index at `rate`. Far from
    expiry the bare index would be strikes off. Expiries of which nothing is known are left out.
    """
    left = {slot.expiry: _years_ahead(calendar, exchange, slot.expiry, at) for slot in slots}
    level, since, growth = seen.spot, 0.0, rate
    if 0 < seen.future < inf and seen.future_expiry:
        since = _years_ahead(calendar, exchange, date.fromisoformat(seen.future_expiry), at)
        growth = log(seen.future / seen.spot) / since if 0 < seen.spot < inf and since >= DAY_YEARS else rate
        level = seen.future
    found = {}
    for expiry, years in left.items():
        strikes = listing.contracts.of(expiry).strike
        centre = grown(level, growth * (years - since))
        if 0 < centre < inf and len(strikes):
            found[expiry.isoformat()] = float(strikes[nearest(strikes, centre)])
    return found


def _years_ahead(calendar: Calendar, exchange: str, expiry: date, at: datetime) -> float:
    years = years_to(calendar.settlement_fix(exchange, expiry), at)
    return years if isfinite(years) else 0.0


def deviation_key(expiry: str) -> str:
    """Return the name under which an expiry's standard deviation to its fix is remembered beside its ATM."""
    return f"{expiry}:sd"


def reaches(
    listing: Listing, slots: Sequence[Slot], centres: Mapping[str, float], known: Mapping[str, float], wide: float, most: int
) -> dict[str, int]:
    """Return the strikes either side (ISO expiry to count) that hold `wide` standard deviations, at most `most`.

    `known`: points of one deviation by `deviation_key`; an expiry of which it, or its centre, is not known is left out.
    """
    found = {}
    for slot in slots:
        name = slot.expiry.isoformat()
        points, strikes = known.get(deviation_key(name), nan), listing.contracts.of(slot.expiry).strike
        if name in centres and isfinite(points) and len(strikes) > 1:
            found[name] = min(most, ceil(wide * points / float(np.median(np.diff(strikes)))))
    return found


def select(
    listing: Listing,
    slots: Sequence[Slot],
    centres: Mapping[str, float],
    itm: int,
    otm: int,
    scope: Literal["chain", "window"],
    reach: Mapping[str, int] = MappingProxyType({}),
) -> Contracts:
    """Return the contracts to ask for: every listed strike of the slots, or `itm` strikes below to `otm` above each centre.

    Below and above are named from the call's side; an expiry's `reach` widens either. `centres`: ISO expiry to strike or level in
    points; in scope window an expiry without one is not asked for, since nobody knows where its window lies.
    """
    contracts = listing.contracts
    chosen = np.zeros(len(contracts), dtype=np.bool_)
    for slot in slots:
        rows = np.flatnonzero(contracts.expiry == np.datetime64(slot.expiry, "D"))
        if scope == "window" and len(rows):
            centre, far = centres.get(slot.expiry.isoformat(), nan), reach.get(slot.expiry.isoformat(), 0)
            middle = nearest(contracts.strike[rows], centre)
            rows = rows[max(0, middle - max(itm, far)) : middle + max(otm, far) + 1] if isfinite(centre) else rows[:0]
        chosen[rows] = True
    return contracts.take(chosen)


def previous_oi(contracts: Contracts | Quotes, table: Frame) -> Array:
    """Return the open interest `(2, n)` of each contract, units, NaN where `table` (expiry, strike, ce_oi, pe_oi) has none."""
    found = np.full((2, len(contracts)), np.nan)
    known = _contract_key(follow_closures(table.columns["expiry"], contracts.expiry), table.columns["strike"])
    order = np.argsort(known, kind="stable")
    asked = _contract_key(contracts.expiry, contracts.strike)
    place = np.searchsorted(known[order], asked)
    held = place < len(known)
    held[held] = known[order[place[held]]] == asked[held]
    found[:, held] = table.both_sides("oi")[:, order[place[held]]]
    return found


def _contract_key(expiry: NDArray[np.datetime64], strike: Array) -> NDArray[np.int64]:
    """One number per (expiry, strike): days since 1970, then hundredths of a point."""
    days = expiry.astype("datetime64[D]").astype(np.int64)
    return days * 1_000_000_000 + np.rint(strike * 100).astype(np.int64)
