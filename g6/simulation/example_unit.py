"""One small unit of NIFTY that the examples of docstrings are about: two expiries of 41 strikes.

Its books are one tick either side of Black-76 prices around 24100, with a future and an index below
its forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.plan import Pricing, Quality
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.market.instrument import Contracts
from g6.domain.market.slot import Slot
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.black76 import PHI, price
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.domain.quotes.stamp import Stamp
from g6.domain.schema.chain import Chain
from g6.domain.schema.underlying import Underlying

__all__ = ["CHAIN", "CONTRACTS", "FRAME", "PRICED", "QUOTES", "STAMP", "quotes_and_stamp"]

Array = NDArray[np.float64]

AT = "2026-08-19T06:00:00Z"
NEAR = "2026-08-25"
FAR = "2026-09-01"
RATE = 0.055
TICK = 0.05
LOT = 65


def smile(strike: Any, forward: float) -> Any:
    """Return the unit's volatility: 12 % at the money, more below it."""
    away = np.log(strike / forward)
    return 0.12 - 0.3 * away + 2.0 * away**2


def slot(day: str, bucket: str, mask: int, strikes: int) -> Slot:
    """Return the slot of an expiry, fixed at 15:30 and traded to 15:40 in India."""
    return Slot(
        date.fromisoformat(day),
        bucket,
        mask,
        fix=datetime.fromisoformat(f"{day}T10:00:00Z"),
        close=datetime.fromisoformat(f"{day}T10:10:00Z"),
        requested=strikes,
    )


def _stamp(at: str, strikes: int) -> Stamp:
    return Stamp(
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


def quotes_and_stamp(
    *,
    at: str = AT,
    spot: float = 24050.0,
    near: float = 24101.0,
    far: float = 24140.0,
    step: float = 50.0,
    strikes: int = 41,
) -> tuple[Quotes, Stamp]:
    """Return a unit of two expiries, `strikes` strikes around 24100 each."""
    now = datetime.fromisoformat(at).timestamp()
    ladder = 24100.0 + step * (np.arange(strikes, dtype=np.float64) - strikes // 2)
    quotes = Quotes(
        _contracts(ladder),
        np.full((2, 2 * strikes), "sim", dtype=object),
        _values(now, ladder, {NEAR: near, FAR: far}),
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
    return quotes, _stamp(at, strikes)


def _contracts(ladder: Array) -> Contracts:
    """Return both expiries of the same strikes."""
    n = 2 * len(ladder)
    return Contracts(
        "NIFTY",
        np.repeat(np.array([NEAR, FAR], dtype="datetime64[D]"), len(ladder)),
        np.tile(ladder, 2),
        np.full(n, LOT),
        np.full(n, TICK),
        np.array([[f"X{i}{side}" for i in range(n)] for side in ("CE", "PE")], dtype=object),
        np.arange(2 * n).reshape(2, n),
    )


def _values(now: float, ladder: Array, forward: Mapping[str, float]) -> dict[str, Array]:
    """Return the quotes at an instant, epoch seconds, by the forward of each expiry."""
    strikes = len(ladder)
    values = {name: np.full((2, 2 * strikes), np.nan) for name in QUOTE_FIELDS}
    away = np.abs(np.arange(strikes) - strikes // 2)
    for i, (day, level) in enumerate(forward.items()):
        fix = datetime.fromisoformat(f"{day}T10:00:00Z").timestamp()
        years = max((fix - now) / (365 * 86_400), 0.0)
        rows = slice(i * strikes, (i + 1) * strikes)
        fair = np.maximum(price(smile(ladder, level), level, ladder, years, RATE, PHI), 2 * TICK)
        values["last"][:, rows] = fair
        values["bid"][:, rows] = fair - TICK
        values["ask"][:, rows] = fair + TICK
        values["oi"][:, rows] = LOT * (1000.0 - 10 * away + 7 * (away % 5) + np.array([[0], [3]]))
        values["volume"][:, rows] = LOT * (500.0 + away + np.array([[0], [11]]))
    values["quote_time"][:] = now - 1.0
    values["last_trade_time"][:] = now - 10.0
    values["oi_prev"][:] = values["oi"] - LOT
    return values


QUOTES, STAMP = quotes_and_stamp()
CONTRACTS = QUOTES.contracts
PRICED = assemble(QUOTES, STAMP)
FRAME = chain_frame(PRICED)
CHAIN = Chain.of_rows(FRAME)
