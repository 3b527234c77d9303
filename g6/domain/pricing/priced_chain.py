"""What pricing makes of a unit's quotes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.slot import Slot
from g6.domain.pricing.black76 import Greeks
from g6.domain.pricing.quality import Prices
from g6.domain.pricing.volatility import Volatility
from g6.domain.quotes.quotes import Quotes
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.beyond import Beyond
from g6.domain.schema.chain import Chain, ChainExpiry

__all__ = ["Expiries", "PricedChain"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Expiries:
    """The expiries of a unit's quotes, ascending: lists with an entry for each.

    Attributes:
        slot: What the expiry was collected as.
        bounds: Expiry i has the rows `bounds[i]:bounds[i + 1]`.
        years: Years to the fix by the clock of the model, NaN beyond it.
        dte: Calendar days in India.
        forward: Points, NaN unknown.
        source: Where the forward came from, as in `Forwards`.
        spread: Median absolute deviation of the forwards of its pairs, points.
        atm: Strike at the money, points, NaN unknown.
        requested: Strikes that were asked for.
        collected: Strikes of which every listed side came.
    """

    slot: tuple[Slot, ...]
    bounds: list[int]
    years: list[float]
    dte: list[int]
    forward: list[float]
    source: list[str]
    spread: list[float]
    atm: list[float]
    requested: list[int]
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
    """What pricing made of a unit's quotes: n strikes, axis 0 of (2, n) arrays is the side.

    Attributes:
        quotes: The quotes, the index without a print that cannot be one.
        stamp: What they were priced by.
        expiries: Figures of each expiry.
        offset: Listed strikes from ATM, shape (n,), NaN where ATM is unknown.
        prices: What was taken from each quote.
        vol: Volatilities and Greeks.
        flags: Bits of `Flag`, shape (2, n).
        oi: Units that may be in sums, shape (2, n), NaN where missing or impossible.
        volume: The same of the day's volume.
        rate: The continuous rate that was used.
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
        """The Greeks, each of shape (2, n)."""
        return self.vol.greeks

    @property
    def has_answer(self) -> NDArray[np.bool_]:
        """Which options are listed and answered, shape (2, n)."""
        return self.prices.listed & ~self.prices.missing

    @property
    def sides(self) -> dict[str, NDArray[Any]]:
        """Every `(2, n)` array of the chain, by the name of its column."""
        greeks = self.vol.greeks
        return {
            **self.quotes.values,
            "symbol": self.quotes.symbol,
            "token": self.quotes.contracts.token,
            "source": self.quotes.source,
            "quality": self.flags,
            "price": self.prices.price,
            "age_seconds": self.prices.age_seconds,
            "time_value": self.vol.time_value,
            "iv": self.vol.iv,
            "iv_bid": self.vol.iv_bid,
            "iv_ask": self.vol.iv_ask,
            "delta": greeks.delta,
            "gamma": greeks.gamma,
            "theta": greeks.theta,
            "vega": greeks.vega,
            "rho": greeks.rho,
        }

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
            sides=self.sides,
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
            requested=expiries.requested[i],
            collected=expiries.collected[i],
            beyond=beyond.countable(
                self.quotes.values["volume"][:, expiries.rows(i)],
                quality.min_volume,
                quality.min_oi,
                quality.vol_pct,
            ),
        )

    def per_row(self, figures: list[float]) -> Array:
        """Return one figure per expiry as one per row, shape (n,)."""
        return np.repeat(np.asarray(figures, dtype=np.float64), np.diff(self.expiries.bounds))

    def nearest(self) -> Slot | None:
        """Return the slot of the nearest expiry whose fix lies ahead, None after the last one.

        Quotes of it need not have come: a slot is what was asked for.
        """
        at = self.stamp.at
        ahead = [slot for slot in self.stamp.slots if slot.fix is not None and slot.fix > at]
        return min(ahead, key=lambda slot: slot.expiry, default=None)
