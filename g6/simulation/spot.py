"""The index, its nearest future and VIX at a second of the session."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.quotes.quotes import NAN
from g6.domain.schema.underlying import Underlying
from g6.simulation.noise import normal
from g6.simulation.past_sessions import IMPLIED
from g6.simulation.roots import Root
from g6.simulation.world import World

VIX_OVER_IMPLIED = 1.08
"""India VIX weighs the wings, so it stands above the at-the-money volatility."""

_FUTURE_LOTS = 190_000.0


def underlying(world: World, root: Root, day: date, second: int) -> Underlying:
    """Return what is known of the underlying at `second` of the session of `day`. `spot_source` is frozen from the auction on."""
    market, index = world.market(root.exchange, day), world.index(root, day)
    before = world.before(root, day)
    printed = index.printed[: second + 1]
    frozen = second >= index.freeze and market.session.index_freeze is not None
    when = second if not frozen else index.jump if second >= index.jump else index.freeze
    return Underlying(
        spot=round(float(printed[-1]), 2),
        open=round(float(printed[0]), 2),
        high=round(float(printed.max()), 2),
        low=round(float(printed.min()), 2),
        prev_close=NAN if before is None else round(world.index_close(root, before), 2),
        spot_time=market.opened + when,
        spot_source="frozen" if frozen else "live",
        vix=round(
            100 * IMPLIED * VIX_OVER_IMPLIED * float(np.exp(market.log_volatility[second // 60])), 2
        ),
        **_future(world, root, day, second),
    )


def _future(world: World, root: Root, day: date, second: int) -> dict[str, Any]:
    """Return the fields of the nearest future: on tick, volume and open interest in units."""
    nearest = next((series for series in world.series(root, day).values() if series.monthly), None)
    if nearest is None:
        return {}
    market, before = world.market(root.exchange, day), world.before(root, day)
    forward, tick = world.curve(root, nearest.expiry, day).forward, root.future_tick
    scale, lot = _FUTURE_LOTS * root.interest, root.lot(nearest.expiry, day)
    passed = float(market.passed[second])
    level = world.shelf.get("future", (root.name, day), lambda: _levels(world.seed, root, day))
    traded = int(0.55 * scale * passed)
    return {
        "future": _on(float(forward[second]), tick),
        "future_expiry": nearest.expiry,
        "future_time": market.opened + second,
        "future_bid": _on(float(forward[second]) - 0.6 * tick * root.spread, tick),
        "future_ask": _on(float(forward[second]) + 0.6 * tick * root.spread, tick),
        "future_oi": float(
            int(
                scale * (level[0] + (level[1] - level[0]) * float(market.passed[second // 60 * 60]))
            )
            * lot
        ),
        "future_volume": float(traded * lot),
        "future_vwap": round(float(forward[: second + 1].mean()), 2) if traded else 0.0,
        "future_prev_close": NAN
        if before is None
        else _on(world.future_close(root, nearest.expiry, before), tick),
    }


def _levels(seed: int, root: Root, day: date) -> NDArray[np.float64]:
    """Return the future's open interest at the start and at the end of a day, over its usual one."""
    return 1 + 0.05 * normal(day.toordinal() - 730_000, seed, "future", root.name)[-2:]


def _on(price: float, tick: float) -> float:
    return round(round(price / tick) * tick, 2)
