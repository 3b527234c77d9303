"""A simulated instrument's day by minutes, from which historical candles are made."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import Listing
from g6.kite_server.market.futures import SHARES
from g6.kite_server.market.instrument_ref import VIX_ROOT, InstrumentRef
from g6.simulation import SimulatedMarket
from g6.simulation.contracts import OPTION_TICK
from g6.simulation.roots import ROOTS, Root

BAR = np.dtype(
    [
        ("start", np.int64),
        ("open", float),
        ("high", float),
        ("low", float),
        ("close", float),
        ("volume", np.int64),
        ("oi", np.int64),
    ]
)
"""One minute.

`start` in epoch seconds, volume and open interest in units.
"""

Bars = NDArray[np.void]

_NONE = np.zeros(0, BAR)


def bars(market: SimulatedMarket, ref: InstrumentRef, listed: Listing | None, day: date) -> Bars:
    """Return the minutes of a session in which an instrument traded.

    Of an index all of them.
    """
    is_vix = ref.root == VIX_ROOT
    root = ROOTS["NIFTY" if is_vix else ref.root]
    if ref.kind == "index":
        path = _vix_path(market, day) if is_vix else market.world.index(root, day).printed
        return _bars_of_path(path, market.world.market(root.exchange, day).opened)
    if listed is None:
        return _NONE
    if ref.kind == "future":
        return _future_bars(market, root, listed, ref.position, day)
    return _option_bars(market, root, listed, ref, day)


def _bars_of_path(path: NDArray[np.float64], opened: float) -> Bars:
    """Return the minutes of a path by seconds."""
    # An index keeps volume and interest 0, as in Kite's candles.
    seconds = path[: len(path) // 60 * 60].reshape(-1, 60)
    rows = np.zeros(len(seconds), BAR)
    rows["start"] = int(opened) + 60 * np.arange(len(seconds))
    rows["open"] = np.round(seconds[:, 0], 2)
    rows["high"] = np.round(seconds.max(axis=1), 2)
    rows["low"] = np.round(seconds.min(axis=1), 2)
    rows["close"] = np.round(seconds[:, -1], 2)
    return rows


def _vix_path(market: SimulatedMarket, day: date) -> NDArray[np.float64]:
    """Return India VIX by seconds: the day's volatility, scaled so that it ends at its close."""
    levels = market.world.market(ROOTS["NIFTY"].exchange, day)
    close = market.underlying("NIFTY", levels.session.close).vix
    by_minute = np.exp(levels.log_volatility - levels.log_volatility[-1]) * close
    return np.repeat(by_minute, 60)[: levels.seconds]


def _future_bars(
    market: SimulatedMarket, root: Root, listed: Listing, position: int, day: date
) -> Bars:
    future = listed.futures[position]
    of_day = market.world.series(root, day).values()
    alive = [series.expiry for series in of_day if series.monthly][: len(SHARES)]
    if future.expiry not in alive:
        return _NONE
    levels = market.world.market(root.exchange, day)
    forward = market.world.curve(root, future.expiry, day).forward
    path = np.round(forward / future.tick_size) * future.tick_size
    rows = _bars_of_path(path, levels.opened)
    near = market.underlying(root.name, levels.session.close)
    share = SHARES[alive.index(future.expiry)]
    passed = levels.passed[::60][: len(rows) + 1]
    volume = (np.diff(passed) * near.future_volume * share).astype(np.int64)
    rows["volume"] = volume // future.lot_size * future.lot_size
    rows["oi"] = int(near.future_oi * share) // future.lot_size * future.lot_size
    return rows


def _option_bars(
    market: SimulatedMarket, root: Root, listed: Listing, ref: InstrumentRef, day: date
) -> Bars:
    contracts = listed.contracts
    expiry = contracts.expiry[ref.position].item()
    strike = float(contracts.strike[ref.position])
    series = market.world.series(root, day).get(expiry)
    if series is None:
        return _NONE
    strikes = market.world.strikes(root, series, day)
    row = int(np.searchsorted(strikes, strike))
    if row >= len(strikes) or strikes[row] != strike:
        return _NONE
    tape = market.world.tape(root, series, day)
    column = row + ref.side * len(strikes)
    position, minute = tape.of_option(column)
    close = tape.price[position].astype(float)
    high = close + tape.above[position]
    low = close - tape.below[position]
    before = np.concatenate([tape.first[column : column + 1].astype(float), close[:-1]])
    prices = {
        "close": close,
        "high": high,
        "low": low,
        "open": np.clip(before[: len(minute)], low, high),
    }
    rows = np.zeros(len(minute), BAR)
    rows["start"] = int(tape.day.market.opened) + 60 * minute
    for name, price in prices.items():
        rows[name] = np.round(price * OPTION_TICK, 2)
    lot = int(contracts.lot_size[ref.position])
    rows["volume"] = tape.lots[position].astype(np.int64) * lot
    rows["oi"] = tape.interest[position].astype(np.int64) * lot
    return rows
