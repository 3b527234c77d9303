"""A small world: two expiries of NIFTY with tight books around Black-76 prices, a future, an index below its forward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from g6.domain.market.slot import Slot
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.domain.quotes.stamp import Stamp
from g6.simulation.example_unit import FAR, NEAR, quotes_and_stamp


@dataclass
class World:
    """Quotes and stamp of one unit; a test changes what it is about, then asks for the chain."""

    quotes: Quotes
    stamp: Stamp
    forward: dict[str, float]

    def chain(self, **changes: Any) -> PricedChain:
        """The priced chain, under a stamp with `changes`."""
        return assemble(self.quotes, replace(self.stamp, **changes))

    def priced(self, **changes: Any) -> PricedChain:
        """The priced chain, under other `Pricing`."""
        return self.chain(pricing=replace(self.stamp.pricing, **changes))

    def remembering(self, atm: float) -> tuple[Slot, ...]:
        """The stamp's slots, the nearest with an ATM of an earlier cycle."""
        near, *others = self.stamp.slots
        return replace(near, atm=atm), *others

    def at(self, strike: float, expiry: str = NEAR) -> int:
        """The row of a contract."""
        return int(
            np.flatnonzero(
                (self.quotes.strike == strike) & (self.quotes.expiry == np.datetime64(expiry))
            )[0]
        )

    def put(self, side: int, row: Any, **fields: float) -> None:
        """Change fields of one option."""
        for name, value in fields.items():
            self.quotes.values[name][side, row] = value

    def lose(self, side: int, row: Any) -> None:
        """Make an option one that did not answer."""
        self.put(side, row, **dict.fromkeys(QUOTE_FIELDS, float("nan")))

    def unlist(self, side: int, row: Any) -> None:
        """Make an option one that does not exist."""
        self.quotes.symbol[side, row] = ""
        self.lose(side, row)

    def no_books(self) -> None:
        """Leave last prices only."""
        for name in ("bid", "ask"):
            self.quotes.values[name][:] = np.nan

    def see(self, **fields: Any) -> None:
        """Change what is seen of the index, its future and VIX."""
        self.quotes = replace(self.quotes, market=replace(self.quotes.market, **fields))


def build(*, near: float = 24101.0, far: float = 24140.0, **changes: Any) -> World:
    """The unit of the docstrings' examples, with what a test wants otherwise."""
    quotes, stamp = quotes_and_stamp(near=near, far=far, **changes)
    return World(quotes, stamp, {NEAR: near, FAR: far})


@pytest.fixture
def world() -> World:
    """The world as it stands."""
    return build()


@pytest.fixture
def build_world() -> Callable[..., World]:
    """Build a world that differs: at, spot, near, far, step, strikes."""
    return build
