"""A small world: two expiries of NIFTY with tight books around Black-76 prices, a future, an index below its forward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from g6.domain.cycles.plan import Pricing, Quality
from g6.domain.market.instrument import Contracts
from g6.domain.market.slot import Slot
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.black76 import PHI, price
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.underlying import Underlying

AT = "2026-08-19T06:00:00Z"
NEAR, FAR = "2026-08-25", "2026-09-01"
RATE, TICK, LOT = 0.055, 0.05, 65


def smile(strike: Any, forward: float) -> Any:
    """The world's volatility: 12 % at the money, more below it."""
    away = np.log(strike / forward)
    return 0.12 - 0.3 * away + 2.0 * away**2


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


def slot(day: str, bucket: str, mask: int, strikes: int) -> Slot:
    """The slot of an expiry, its fix at 15:30 and its last trade at 15:40 in India."""
    return Slot(
        date.fromisoformat(day),
        bucket,
        mask,
        fix=datetime.fromisoformat(f"{day}T10:00:00Z"),
        close=datetime.fromisoformat(f"{day}T10:10:00Z"),
        requested=strikes,
    )


def build(
    *,
    at: str = AT,
    spot: float = 24050.0,
    near: float = 24101.0,
    far: float = 24140.0,
    step: float = 50.0,
    strikes: int = 41,
) -> World:
    """Two expiries, `strikes` strikes around 24100 each; books of one tick either side of the model's price."""
    now = datetime.fromisoformat(at).timestamp()
    ladder = 24100.0 + step * (np.arange(strikes) - strikes // 2)
    forward = {NEAR: near, FAR: far}
    n = 2 * strikes
    values = {name: np.full((2, n), np.nan) for name in QUOTE_FIELDS}
    for i, day in enumerate((NEAR, FAR)):
        years = max(
            (datetime.fromisoformat(f"{day}T10:00:00Z").timestamp() - now) / (365 * 86_400), 0.0
        )
        rows = slice(i * strikes, (i + 1) * strikes)
        fair = price(smile(ladder, forward[day]), forward[day], ladder, years, RATE, PHI)
        fair = np.maximum(fair, 2 * TICK)
        values["last"][:, rows] = fair
        values["bid"][:, rows], values["ask"][:, rows] = fair - TICK, fair + TICK
        away = np.abs(np.arange(strikes) - strikes // 2)
        values["oi"][:, rows] = LOT * (1000.0 - 10 * away + 7 * (away % 5) + np.array([[0], [3]]))
        values["volume"][:, rows] = LOT * (500.0 + away + np.array([[0], [11]]))
    values["quote_time"][:] = now - 1.0
    values["last_trade_time"][:] = now - 10.0
    values["oi_prev"][:] = values["oi"] - LOT
    symbols = np.array([[f"X{i}{side}" for i in range(n)] for side in ("CE", "PE")], dtype=object)
    quotes = Quotes(
        Contracts(
            "NIFTY",
            np.repeat(np.array([NEAR, FAR], dtype="datetime64[D]"), strikes),
            np.tile(ladder, 2),
            np.full(n, LOT),
            np.full(n, TICK),
            symbols,
            np.arange(2 * n).reshape(2, n),
        ),
        np.full((2, n), "sim", dtype=object),
        values,
        Underlying(
            spot=spot,
            open=24000.0,
            high=24120.0,
            low=23980.0,
            prev_close=24000.0,
            spot_time=now - 2.0,
            vix=12.5,
        ),
        now + 0.25,
    )
    stamp = Stamp(
        at=datetime.fromisoformat(at),
        index="NIFTY",
        config_id="c1",
        pricing=Pricing(risk_free_rate=RATE),
        quality=Quality(),
        slots=(slot(NEAR, "this_week", 5, strikes), slot(FAR, "next_week", 2, strikes)),
        buckets={
            "this_week": date.fromisoformat(NEAR),
            "this_month": date.fromisoformat(NEAR),
            "next_week": date.fromisoformat(FAR),
        },
        expected_mask=7,
    )
    return World(quotes, stamp, forward)


@pytest.fixture
def world() -> World:
    """The world as it stands."""
    return build()


@pytest.fixture
def build_world() -> Callable[..., World]:
    """Build a world that differs: at, spot, near, far, step, strikes."""
    return build
