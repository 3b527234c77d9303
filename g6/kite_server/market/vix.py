"""India VIX on a simulated day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from g6.domain.market.calendar import day_of
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS


@dataclass(frozen=True, slots=True)
class VixDay:
    """India VIX as it stands at an instant, in its points; `stamp` epoch seconds."""

    last: float
    open: float
    high: float
    low: float
    close: float
    stamp: int


def day(market: SimulatedMarket, at: datetime) -> VixDay:
    """Return the day so far; outside sessions the last one's. `close` is the session's before."""
    seen = market.underlying("NIFTY", at)
    today = day_of(datetime.fromtimestamp(seen.future_time, at.tzinfo))
    level = market.world.market(ROOTS["NIFTY"].exchange, today).log_volatility
    opened = market.world.market(ROOTS["NIFTY"].exchange, today).opened
    minute = int(seen.future_time - opened) // 60
    path = np.exp(level[: minute + 1] - level[minute]) * seen.vix
    before = market.world.before(ROOTS["NIFTY"], today)
    close = (
        seen.vix
        if before is None
        else _close(market, before, seen.vix / float(np.exp(level[minute])))
    )
    high, low = max(float(path.max()), seen.vix), min(float(path.min()), seen.vix)
    return VixDay(
        seen.vix,
        round(float(path[0]), 2),
        round(high, 2),
        round(low, 2),
        round(close, 2),
        int(seen.future_time),
    )


def _close(market: SimulatedMarket, before: date, scale: float) -> float:
    levels = market.world.market(ROOTS["NIFTY"].exchange, before).log_volatility
    return float(np.exp(levels[-1])) * scale
