"""The index, its nearest future and VIX at a second of the session."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.schema.underlying import Underlying
from g6.domain.schema.words import SpotSource
from g6.simulation.noise import normal
from g6.simulation.past_sessions import IMPLIED
from g6.simulation.roots import Root
from g6.simulation.world import World

VIX_OVER_IMPLIED = 1.08
"""India VIX weighs the wings, so it stands above the at-the-money volatility."""

_FUTURE_LOTS = 190_000.0


def underlying(world: World, root: Root, day: date, second: int) -> Underlying:
    """Return what is known of the underlying at a second of a day's session.

    Its `spot_source` is frozen from the auction on.
    """
    market = world.market(root.exchange, day)
    index = world.index(root, day)
    before = world.before(root, day)
    printed = index.printed[: second + 1]
    is_frozen = second >= index.freeze and market.session.index_freeze is not None
    printed_at = second
    if is_frozen:
        printed_at = index.jump if second >= index.jump else index.freeze
    volatility = IMPLIED * VIX_OVER_IMPLIED * float(np.exp(market.log_volatility[second // 60]))
    index_only = Underlying(
        spot=round(float(printed[-1]), 2),
        open=round(float(printed[0]), 2),
        high=round(float(printed.max()), 2),
        low=round(float(printed.min()), 2),
        prev_close=nan if before is None else round(world.index_close(root, before), 2),
        spot_time=market.opened + printed_at,
        spot_source=(SpotSource.FROZEN if is_frozen else SpotSource.LIVE).value,
        vix=round(100 * volatility, 2),
    )
    return _with_future(index_only, world, root, day, second)


def _with_future(
    index_only: Underlying, world: World, root: Root, day: date, second: int
) -> Underlying:
    """Return the market with its nearest future: on tick, volume and open interest in units."""
    monthlies = (series for series in world.series(root, day).values() if series.monthly)
    nearest = next(monthlies, None)
    if nearest is None:
        return index_only
    market = world.market(root.exchange, day)
    before = world.before(root, day)
    forward = world.curve(root, nearest.expiry, day).forward
    level = float(forward[second])
    tick = root.future_tick
    half_spread = 0.6 * tick * root.spread
    usual_lots = _FUTURE_LOTS * root.interest
    lot = root.lot(nearest.expiry, day)
    first, last = world.cache.get(
        "future", (root.name, day), lambda: _levels(world.seed, root, day)
    )
    # Interest is published by the minute, volume by the second.
    passed = float(market.passed[second // 60 * 60])
    lots = int(usual_lots * (first + (last - first) * passed))
    traded = int(0.55 * usual_lots * float(market.passed[second]))
    close = nan
    if before is not None:
        close = _on_tick(world.future_close(root, nearest.expiry, before), tick)
    return replace(
        index_only,
        future=_on_tick(level, tick),
        future_expiry=nearest.expiry,
        future_time=market.opened + second,
        future_bid=_on_tick(level - half_spread, tick),
        future_ask=_on_tick(level + half_spread, tick),
        future_oi=float(lots * lot),
        future_volume=float(traded * lot),
        future_vwap=round(float(forward[: second + 1].mean()), 2) if traded else 0.0,
        future_prev_close=close,
    )


def _levels(seed: int, root: Root, day: date) -> NDArray[np.float64]:
    """Return the future's open interest at both ends of a day, over its usual one."""
    return 1 + 0.05 * normal(day.toordinal() - 730_000, seed, "future", root.name)[-2:]


def _on_tick(price: float, tick: float) -> float:
    return round(round(price / tick) * tick, 2)
