"""What pricing makes of a unit's quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.slot import Slot
from g6.domain.pricing.black76 import Greeks
from g6.domain.pricing.forward import Forward
from g6.domain.pricing.quality import Prices
from g6.domain.pricing.volatility import Volatility
from g6.domain.quotes.quotes import Quotes
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.beyond import Beyond
from g6.domain.schema.chain import Chain, ChainExpiry

__all__ = ["PricedChain", "PricedExpiry"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PricedExpiry:
    """One expiry of a unit's quotes.

    Attributes:
        slot: What it was collected as.
        rows: Its rows.
        years: Years to the fix by the clock of the model, NaN beyond it.
        dte: Calendar days in India.
        forward: Its forward, and where that is from.
        atm: Strike at the money, points, NaN unknown.
        collected: Strikes of which every listed side came.
    """

    slot: Slot
    rows: slice
    years: float
    dte: int
    forward: Forward
    atm: float
    collected: int

    @property
    def day(self) -> date:
        """The date."""
        return self.slot.expiry

    @property
    def size(self) -> int:
        """How many strikes it has."""
        return int(self.rows.stop - self.rows.start)

    @property
    def requested(self) -> int:
        """Strikes that were asked for."""
        return self.slot.requested


@dataclass(frozen=True, slots=True)
class PricedChain:
    """What pricing made of a unit's quotes: n strikes, axis 0 of (2, n) arrays is the side.

    Attributes:
        quotes: The quotes, the index without a print that cannot be one.
        stamp: What they were priced by.
        expiries: Each expiry that has quotes, ascending.
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
    expiries: tuple[PricedExpiry, ...]
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
    def sizes(self) -> NDArray[np.intp]:
        """How many strikes each expiry has, shape (m,)."""
        return np.array([expiry.size for expiry in self.expiries], dtype=np.intp)

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
            expiries=tuple(map(self._chain_expiry, self.expiries)),
            strike=quotes.strike,
            offset=self.offset,
            lot_size=quotes.lot_size.astype(np.float64),
            tick_size=quotes.tick_size,
            rate=self.rate,
            sides=self.sides,
            sums={"oi": self.oi, "volume": self.volume},
        )

    def _chain_expiry(self, expiry: PricedExpiry) -> ChainExpiry:
        quality = self.stamp.quality
        beyond = self.stamp.beyond.get(expiry.day, Beyond())
        return ChainExpiry(
            day=expiry.day,
            bucket=expiry.slot.bucket,
            mask=expiry.slot.mask,
            rows=expiry.rows,
            years=expiry.years,
            forward=expiry.forward.value,
            atm=expiry.atm,
            requested=expiry.requested,
            collected=expiry.collected,
            beyond=beyond.countable(
                self.quotes.values["volume"][:, expiry.rows],
                quality.min_volume,
                quality.min_oi,
                quality.vol_pct,
            ),
        )

    def expiry(self, day: date) -> PricedExpiry | None:
        """Return an expiry, None when no quotes came of it."""
        return next((expiry for expiry in self.expiries if expiry.day == day), None)

    def per_row(self, figures: Sequence[float]) -> Array:
        """Return one figure per expiry as one per row, shape (n,)."""
        return np.repeat(np.asarray(figures, dtype=np.float64), self.sizes)

    def nearest(self) -> Slot | None:
        """Return the slot of the nearest expiry whose fix lies ahead, None after the last one.

        Quotes of it need not have come: a slot is what was asked for.
        """
        at = self.stamp.at
        ahead = [slot for slot in self.stamp.slots if slot.fix is not None and slot.fix > at]
        return min(ahead, key=lambda slot: slot.expiry, default=None)
