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
    """India VIX at an instant, in its points. `stamp` is in epoch seconds."""

    last: float
    open: float
    high: float
    low: float
    close: float
    stamp: int


def day(market: SimulatedMarket, at: datetime) -> VixDay:
    """Return the day so far, outside sessions the last one.

    `close` is that of the session before.
    """
    near = market.underlying("NIFTY", at)
    today = day_of(datetime.fromtimestamp(near.future_time, at.tzinfo))
    level = market.world.market(ROOTS["NIFTY"].exchange, today).log_volatility
    opened = market.world.market(ROOTS["NIFTY"].exchange, today).opened
    minute = int(near.future_time - opened) // 60
    path = np.exp(level[: minute + 1] - level[minute]) * near.vix
    before = market.world.before(ROOTS["NIFTY"], today)
    close = (
        near.vix
        if before is None
        else _close(market, before, near.vix / float(np.exp(level[minute])))
    )
    high = max(float(path.max()), near.vix)
    low = min(float(path.min()), near.vix)
    return VixDay(
        near.vix,
        round(float(path[0]), 2),
        round(high, 2),
        round(low, 2),
        round(close, 2),
        int(near.future_time),
    )


def _close(market: SimulatedMarket, before: date, scale: float) -> float:
    levels = market.world.market(ROOTS["NIFTY"].exchange, before).log_volatility
    return float(np.exp(levels[-1])) * scale
