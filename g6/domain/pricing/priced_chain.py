"""The chain of one index at one instant, and which contracts to ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil, inf, isfinite, log, nan
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.contract_symbols import follow_closures
from g6.domain.market.expiry import years_to
from g6.domain.market.instrument import Contracts, Listing, contract_keys
from g6.domain.market.slot import Slot
from g6.domain.pricing.black76 import Greeks
from g6.domain.pricing.forward import DAY_YEARS, grown, nearest
from g6.domain.pricing.quality import Prices
from g6.domain.pricing.volatility import Volatility
from g6.domain.quotes.quotes import Quotes, Underlying
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.beyond import Beyond
from g6.domain.schema.chain import Chain, ChainExpiry
from g6.domain.schema.frame import Frame

__all__ = [
    "Expiries",
    "PricedChain",
    "centres",
    "previous_oi",
    "reaches",
    "select",
    "selected",
]

Array = NDArray[np.float64]


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
class PricedChain:
    """What pricing made of a unit's quotes; n strikes, axis 0 of `(2, n)` arrays is (CE, PE).

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

    @property
    def has_answer(self) -> NDArray[np.bool_]:
        """Which options are listed and answered, `(2, n)`."""
        return self.prices.listed & ~self.prices.missing

    @property
    def chain(self) -> Chain:
        """The chain that every figure is made of."""
        quotes = self.quotes
        return Chain(
            index=self.stamp.index,
            instant=self.stamp.at.timestamp(),
            market=quotes.market,
            expiries=tuple(self._chain_expiry(i) for i in range(len(self.expiries))),
            strike=quotes.strike,
            offset=self.offset,
            lot_size=quotes.lot_size.astype(np.float64),
            tick_size=quotes.tick_size,
            oi=self.oi,
            volume=self.volume,
            rate=self.rate,
            sides={
                **quotes.values,
                "symbol": quotes.symbol,
                "token": quotes.contracts.token,
                "source": quotes.source,
                "quality": self.flags,
                "price": self.prices.price,
                "age_seconds": self.prices.age_seconds,
                "time_value": self.vol.time_value,
                "iv": self.vol.iv,
                "iv_bid": self.vol.iv_bid,
                "iv_ask": self.vol.iv_ask,
                "delta": self.greeks.delta,
                "gamma": self.greeks.gamma,
                "theta": self.greeks.theta,
                "vega": self.greeks.vega,
                "rho": self.greeks.rho,
            },
        )

    def _chain_expiry(self, i: int) -> ChainExpiry:
        expiries = self.expiries
        slot = expiries.slot[i]
        quality = self.stamp.quality
        beyond = self.stamp.beyond.get(slot.expiry, Beyond())
        return ChainExpiry(
            day=slot.expiry,
            bucket=slot.bucket,
            mask=slot.mask,
            rows=expiries.rows(i),
            years=expiries.years[i],
            forward=expiries.forward[i],
            atm=expiries.atm[i],
            wanted=expiries.wanted[i],
            collected=expiries.collected[i],
            beyond=beyond.countable(
                self.quotes.values["volume"][:, expiries.rows(i)],
                quality.min_volume,
                quality.min_oi,
                quality.vol_pct,
            ),
        )

    def per_row(self, figures: list[float]) -> Array:
        """Return one figure per expiry as one per row, `(n,)` float64."""
        return np.repeat(np.asarray(figures, dtype=np.float64), np.diff(self.expiries.bounds))

    def nearest(self) -> Slot | None:
        """Return the slot of the nearest wanted expiry whose fix lies ahead, None after the last one."""
        at = self.stamp.at
        ahead = [slot for slot in self.stamp.slots if slot.fix is not None and slot.fix > at]
        return min(ahead, key=lambda slot: slot.expiry, default=None)


def centres(
    listing: Listing,
    slots: Sequence[Slot],
    seen: Underlying,
    at: datetime,
    future_fix: datetime | None,
    rate: float,
) -> dict[date, float]:
    """Return the listed strike around which each expiry is first collected, before a chain says where its forward is.

    Grown from the future, at the rate that lies between index and future; without a future from the index at `rate`. Far from
    expiry the bare index would be strikes off. Expiries of which nothing is known are left out.
    """
    left = {slot.expiry: _years_ahead(slot.fix, at) for slot in slots}
    level, since, growth = seen.spot, 0.0, rate
    if 0 < seen.future < inf and future_fix is not None:
        since = _years_ahead(future_fix, at)
        growth = (
            log(seen.future / seen.spot) / since
            if 0 < seen.spot < inf and since >= DAY_YEARS
            else rate
        )
        level = seen.future
    found = {}
    for expiry, years in left.items():
        strikes = listing.contracts.of(expiry).strike
        centre = grown(level, growth * (years - since))
        if 0 < centre < inf and len(strikes):
            found[expiry] = float(strikes[nearest(strikes, centre)])
    return found


def _years_ahead(fix: datetime | None, at: datetime) -> float:
    years = nan if fix is None else years_to(fix, at)
    return years if isfinite(years) else 0.0


def reaches(
    listing: Listing,
    slots: Sequence[Slot],
    centres: Mapping[date, float],
    wide: float,
    most: int,
) -> dict[date, int]:
    """Return the strikes either side of each expiry that hold `wide` standard deviations, at most `most`.

    An expiry whose deviation or centre is not known is left out.
    """
    reach = {}
    for slot in slots:
        strikes = listing.contracts.of(slot.expiry).strike
        if slot.expiry in centres and isfinite(slot.deviation) and len(strikes) > 1:
            step = float(np.median(np.diff(strikes)))
            reach[slot.expiry] = min(most, ceil(wide * slot.deviation / step))
    return reach


def select(
    listing: Listing,
    slots: Sequence[Slot],
    centres: Mapping[date, float],
    itm: int,
    otm: int,
    scope: Literal["chain", "window"],
    reach: Mapping[date, int] = MappingProxyType({}),
) -> Contracts:
    """Return the contracts to ask for: every listed strike of the slots, or `itm` strikes below to `otm` above each centre.

    Below and above are named from the call's side; an expiry's `reach` widens either. `centres`: ISO expiry to strike or level in
    points; in scope window an expiry without one is not asked for, since nobody knows where its window lies.
    """
    return listing.contracts.take(
        selected(listing.contracts, slots, centres, itm, otm, scope, reach)
    )


def selected(
    contracts: Contracts,
    slots: Sequence[Slot],
    centres: Mapping[date, float],
    itm: int,
    otm: int,
    scope: Literal["chain", "window"],
    reach: Mapping[date, int] = MappingProxyType({}),
) -> NDArray[np.bool_]:
    """Return which of the contracts `select` chooses, as a mask."""
    chosen = np.zeros(len(contracts), dtype=np.bool_)
    for slot in slots:
        rows = np.flatnonzero(contracts.expiry == np.datetime64(slot.expiry, "D"))
        if scope == "window" and len(rows):
            centre, far = (
                centres.get(slot.expiry, nan),
                reach.get(slot.expiry, 0),
            )
            middle = nearest(contracts.strike[rows], centre)
            rows = (
                rows[max(0, middle - max(itm, far)) : middle + max(otm, far) + 1]
                if isfinite(centre)
                else rows[:0]
            )
        chosen[rows] = True
    return chosen


def previous_oi(contracts: Contracts | Quotes, table: Frame) -> Array:
    """Return the open interest `(2, n)` of each contract, units, NaN where `table` (expiry, strike, ce_oi, pe_oi) has none."""
    found = np.full((2, len(contracts)), np.nan)
    known = contract_keys(
        follow_closures(table.columns["expiry"], contracts.expiry), table.columns["strike"]
    )
    order = np.argsort(known, kind="stable")
    asked = contract_keys(contracts.expiry, contracts.strike)
    place = np.searchsorted(known[order], asked)
    held = place < len(known)
    held[held] = known[order[place[held]]] == asked[held]
    found[:, held] = table.both_sides("oi")[:, order[place[held]]]
    return found
