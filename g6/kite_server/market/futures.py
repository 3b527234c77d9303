"""Futures of the simulated market: all listed months of a root, on its forwards."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Future
from g6.kite_server.market.tick_records import Ticks, empty, fill_books
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS

SHARES = (1.0, 0.18, 0.02)
"""Volume and open interest of the months as shares of the nearest's."""


def ticks(market: SimulatedMarket, root: str, listed: tuple[Future, ...], at: datetime) -> Ticks:
    """Return quotes of futures, in their order; zero throughout for one whose month is over."""
    found = empty(np.array([each.token for each in listed]))
    if not listed:
        return found
    near = market.underlying(root, at)
    day = day_of(datetime.fromtimestamp(near.future_time, UTC))
    opened = market.world.market(ROOTS[root].exchange, day).opened
    second, before = int(near.future_time - opened), market.world.before(ROOTS[root], day)
    alive = [each.expiry for each in market.listing(root, at).futures]
    for place, future in enumerate(listed):
        if future.expiry not in alive:
            continue
        path = market.world.curve(ROOTS[root], future.expiry, day).forward[: second + 1]
        earlier = (
            market.world.curve(ROOTS[root], future.expiry, before).forward[-1]
            if before
            else path[0]
        )
        tick, share = future.tick_size, SHARES[min(alive.index(future.expiry), 2)]
        row = found[place : place + 1]
        names = ("last", "open", "high", "low", "average", "close")
        for name, value in zip(
            names, (path[-1], path[0], path.max(), path.min(), path.mean(), earlier), strict=True
        ):
            row[name] = round(round(float(value) / tick) * tick, 2)
        _quantities(row, future, near.future_volume * share, near.future_oi * share)
        row["traded_at"] = row["stamp"] = int(near.future_time)
        spread = {"bid": np.maximum(row["last"] - tick, tick), "ask": row["last"] + tick}
        size = np.array([float(future.lot_size * (1 + (second * 7 + place) % 23))])
        fill_books(
            row,
            spread | {"bid_quantity": size, "ask_quantity": size},
            np.array([tick]),
            np.array([future.lot_size]),
        )
        row["lower"], row["upper"] = (
            np.round(row["close"] * 0.9, 1),
            np.round(row["close"] * 1.1, 1),
        )
    return found


def _quantities(row: Ticks, future: Future, volume: float, interest: float) -> None:
    lot = future.lot_size
    row["volume"], row["oi"] = int(volume) // lot * lot, int(interest) // lot * lot
    row["oi_high"], row["oi_low"] = row["oi"], row["oi"]
    row["last_quantity"] = lot if row["volume"][0] else 0
    row["buy"], row["sell"] = 400 * lot, 410 * lot
