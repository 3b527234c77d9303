"""Futures of the simulated market: all listed months of a root, on its forwards."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Future
from g6.domain.schema.underlying import Underlying
from g6.kite_server.market.tick_records import Ticks, empty, fill_books
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS

SHARES = (1.0, 0.18, 0.02)
"""Volume and open interest of the months as shares of the nearest's."""


def ticks(market: SimulatedMarket, root: str, listed: tuple[Future, ...], at: datetime) -> Ticks:
    """Return ticks of futures in their order, zero throughout for one whose month is over."""
    rows = empty(np.array([future.token for future in listed]))
    if not listed:
        return rows
    near = market.underlying(root, at)
    alive = [future.expiry for future in market.listing(root, at).futures]
    for position, future in enumerate(listed):
        if future.expiry in alive:
            row = rows[position : position + 1]
            share = SHARES[min(alive.index(future.expiry), len(SHARES) - 1)]
            _fill_prices(row, market, root, future, near)
            _fill_quantities(row, future, near.future_volume * share, near.future_oi * share)
            _fill_book(row, market, root, future, position, near)
    return rows


def _second_of(market: SimulatedMarket, root: str, near: Underlying) -> tuple[date, int]:
    """Return the day of the newest trade, and its second since the open."""
    day = day_of(datetime.fromtimestamp(near.future_time, UTC))
    opened = market.world.market(ROOTS[root].exchange, day).opened
    return day, int(near.future_time - opened)


def _fill_prices(
    row: Ticks, market: SimulatedMarket, root: str, future: Future, near: Underlying
) -> None:
    day, second = _second_of(market, root, near)
    path = market.world.curve(ROOTS[root], future.expiry, day).forward[: second + 1]
    before = market.world.before(ROOTS[root], day)
    close = path[0]
    if before:
        close = market.world.curve(ROOTS[root], future.expiry, before).forward[-1]
    prices = {
        "last": path[-1],
        "open": path[0],
        "high": path.max(),
        "low": path.min(),
        "average": path.mean(),
        "close": close,
    }
    for name, price in prices.items():
        row[name] = round(round(float(price) / future.tick_size) * future.tick_size, 2)
    row["traded_at"] = int(near.future_time)
    row["stamp"] = int(near.future_time)
    row["lower"] = np.round(row["close"] * 0.9, 1)
    row["upper"] = np.round(row["close"] * 1.1, 1)


def _fill_quantities(row: Ticks, future: Future, volume: float, interest: float) -> None:
    lot = future.lot_size
    row["volume"] = int(volume) // lot * lot
    for name in ("oi", "oi_high", "oi_low"):
        row[name] = int(interest) // lot * lot
    row["last_quantity"] = lot if row["volume"][0] else 0
    row["buy"] = 400 * lot
    row["sell"] = 410 * lot


def _fill_book(
    row: Ticks,
    market: SimulatedMarket,
    root: str,
    future: Future,
    position: int,
    near: Underlying,
) -> None:
    tick = future.tick_size
    _, second = _second_of(market, root, near)
    quantity = np.array([float(future.lot_size * (1 + (second * 7 + position) % 23))])
    best = {
        "bid": np.maximum(row["last"] - tick, tick),
        "ask": row["last"] + tick,
        "bid_quantity": quantity,
        "ask_quantity": quantity,
    }
    fill_books(row, best, np.array([tick]), np.array([future.lot_size]))
