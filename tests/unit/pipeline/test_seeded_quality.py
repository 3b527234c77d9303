"""What is wrong with quotes is counted to the last one, from the provider's answer to the totals behind /metrics."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from g6.adapters.memory.totals import MemoryTotals
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import QUOTE_FIELDS, Quotes
from g6.observability.follower import BusFollower
from tests.worlds.pipeline import FIRST, World
from tests.worlds.providers import MARKET, CountingMarket

SEEDED = {
    "crossed": 3,
    "bad_oi": 2,
    "bad_price": 4,
    "stale": 2,
    "missing": 5,
    "untraded": 1,
    "wide": 2,
    "thin": 3,
}
FAR = 10_000.0
FAULTS: dict[str, dict[str, float]] = {
    "crossed": {"bid": FAR + 1, "ask": FAR},
    "bad_oi": {"oi": -65.0},
    "bad_price": {"last": 0.0},
    "stale": {"quote_time": 0.0},
    "missing": dict.fromkeys(QUOTE_FIELDS, np.nan),
    "untraded": {"volume": 0.0},
    "wide": {"bid": FAR, "ask": 2 * FAR},
    "thin": {"oi": 64.0},
}


class Calm(CountingMarket):
    """The market without a fault: every option traded a moment ago, in a tight book, with open interest."""

    faults: tuple[str, ...] = ()

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        found, now = MARKET.quotes(index, contracts, at), at.timestamp()
        for name, value in {
            "oi": 6500.0,
            "volume": 6500.0,
            "quote_time": now,
            "last_trade_time": now,
        }.items():
            found.values[name][:] = value
        for name, shift in {"last": 0.0, "bid": -0.05, "ask": 0.05}.items():
            found.values[name][:] = FAR + shift
        for place, reason in zip(np.ndindex(2, len(contracts)), self.faults, strict=False):
            for name, value in FAULTS[reason].items():
                found.values[name][place] = value
        return found


def rejected(faults: tuple[str, ...]) -> dict[str, float]:
    provider = Calm()
    provider.faults = faults
    world = World(provider=provider)
    world.settle_on(collection__scope="chain", quality__min_oi=65.0, index_params__BANKNIFTY__enabled=False, **{
        f"index_params__NIFTY__strikes_{side}": 10 for side in ("itm", "otm")
    })  # fmt: skip
    world.cycle(FIRST)
    follower = BusFollower(world.bus, MemoryTotals(), ["NIFTY"])
    follower.catch_up()
    return {
        reason: follower.totals.value("g6_quotes_rejected_total", "NIFTY", reason)
        for reason in SEEDED
    }


def test_the_totals_by_reason_are_what_was_seeded() -> None:
    faults = tuple(reason for reason, count in SEEDED.items() for _ in range(count))
    clean, spoilt = rejected(()), rejected(faults)
    assert clean == dict.fromkeys(SEEDED, 0)
    # An impossible open interest is below any least one, so it is thin as well.
    assert spoilt == SEEDED | {"thin": SEEDED["thin"] + SEEDED["bad_oi"]}
