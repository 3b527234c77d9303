"""Raw quotes of one unit, as the market gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import Contracts
from g6.domain.schema.underlying import Underlying

Array = NDArray[np.float64]

NAN = nan
QUOTE_FIELDS = (
    *("last", "bid", "ask", "bid_quantity", "ask_quantity", "buy_quantity", "sell_quantity"),
    *("open", "high", "low", "close", "volume", "oi", "oi_prev", "oi_day_high", "oi_day_low"),
    *("average_price", "last_trade_time", "quote_time", "bid_depth", "ask_depth"),
)
"""Quantities of a quote, float64 of shape (2, n), NaN where the source gave nothing.

Times are epoch seconds. `bid_depth` and `ask_depth` are the units of the five best levels, NaN
where the source gives one level only.
"""
LEVELS = 5
DEPTH_FIELDS = tuple(
    f"{name}_{level}"
    for level in range(2, LEVELS + 1)
    for name in ("bid", "ask", "bid_quantity", "ask_quantity")
)
"""The levels behind the best, of the same shape.

A frame has them where the source gives them, a row does not.
"""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Quotes of one index's options, a row for each of its contracts' n strikes.

    An option that was asked for and not answered has NaN in every quantity.

    Attributes:
        contracts: What was asked for, sorted by expiry and strike.
        source: Where each quote came from, shape (2, n), "" where that side is not listed.
        values: Quantities by name, float64 of shape (2, n): all of QUOTE_FIELDS, and DEPTH_FIELDS
            where the source gives them.
        market: The index, its future and VIX as seen with the quotes.
        observed_at: When the latest of them was received, epoch seconds.
    """

    contracts: Contracts
    source: NDArray[np.object_]
    values: Mapping[str, Array]
    market: Underlying
    observed_at: float

    def __len__(self) -> int:
        return len(self.contracts)

    @property
    def expiry(self) -> NDArray[np.datetime64]:
        """Expiry of each row, shape (n,)."""
        return self.contracts.expiry

    @property
    def strike(self) -> Array:
        """Strike of each row in points, shape (n,)."""
        return self.contracts.strike

    @property
    def lot_size(self) -> NDArray[np.int64]:
        """Units of a lot, shape (n,)."""
        return self.contracts.lot_size

    @property
    def tick_size(self) -> Array:
        """Smallest step of a price in points, shape (n,)."""
        return self.contracts.tick_size

    @property
    def symbol(self) -> NDArray[np.object_]:
        """Symbols, shape (2, n), "" where that side is not listed."""
        return self.contracts.symbol

    @property
    def last(self) -> Array:
        """Last traded prices in points, shape (2, n)."""
        return self.values["last"]

    @property
    def bid(self) -> Array:
        """Best bids in points, shape (2, n)."""
        return self.values["bid"]

    @property
    def ask(self) -> Array:
        """Best asks in points, shape (2, n)."""
        return self.values["ask"]

    @property
    def volume(self) -> Array:
        """Units traded today, shape (2, n)."""
        return self.values["volume"]

    @property
    def oi(self) -> Array:
        """Open interest in units, shape (2, n)."""
        return self.values["oi"]

    @property
    def oi_prev(self) -> Array:
        """Open interest at the end of the previous session in units, shape (2, n)."""
        return self.values["oi_prev"]

    @property
    def quote_time(self) -> Array:
        """The exchange's times of the quotes, epoch seconds, shape (2, n)."""
        return self.values["quote_time"]

    @property
    def last_trade_time(self) -> Array:
        """The exchange's times of the last trades, epoch seconds, shape (2, n)."""
        return self.values["last_trade_time"]

    def take(self, rows: NDArray[np.bool_]) -> Quotes:
        """Return the quotes of the strikes of a mask, shape (n,)."""
        return replace(
            self,
            contracts=self.contracts.take(rows),
            source=self.source[:, rows],
            values={name: array[:, rows] for name, array in self.values.items()},
        )


def concatenated(units: Sequence[Quotes], names: Sequence[str]) -> Quotes:
    """Return the rows of several units one after the other, to be worked on by the same calls.

    Args:
        units: Quotes of any indices and moments.
        names: The quantities that are needed. The others are left out.

    Returns:
        Quotes of no one index and no one moment.

    >>> from g6.simulation.example_unit import QUOTES
    >>> len(concatenated([QUOTES, QUOTES], ["last"]).contracts)
    164
    """
    parts = [quotes.contracts for quotes in units]
    contracts = Contracts(
        underlying="",
        expiry=np.concatenate([part.expiry for part in parts]),
        strike=np.concatenate([part.strike for part in parts]),
        lot_size=np.concatenate([part.lot_size for part in parts]),
        tick_size=np.concatenate([part.tick_size for part in parts]),
        symbol=np.concatenate([part.symbol for part in parts], axis=1),
        token=np.concatenate([part.token for part in parts], axis=1),
    )
    return Quotes(
        contracts,
        source=np.concatenate([quotes.source for quotes in units], axis=1),
        values={
            name: np.concatenate([quotes.values[name] for quotes in units], axis=1)
            for name in names
        },
        market=Underlying(),
        observed_at=nan,
    )
