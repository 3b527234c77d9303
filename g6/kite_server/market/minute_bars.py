"""A simulated instrument's day by minutes: what historical candles are made of."""

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
"""One minute; `start` in epoch seconds, volume and open interest in units."""

Bars = NDArray[np.void]

_NONE = np.zeros(0, BAR)


def bars(market: SimulatedMarket, place: InstrumentRef, listed: Listing | None, day: date) -> Bars:
    """Return the minutes of a session in which the instrument traded (an index: all of them)."""
    root = ROOTS["NIFTY" if place.root == VIX_ROOT else place.root]
    opened = market.world.market(root.exchange, day).opened
    if place.kind == "index":
        level = (
            _vix(market, day) if place.root == VIX_ROOT else market.world.index(root, day).printed
        )
        return _of_path(level, opened)
    if listed is None:
        return _NONE
    if place.kind == "future":
        return _future(market, root, listed, place.position, day)
    return _option(market, root, listed, place, day)


def _of_path(level: NDArray[np.float64], opened: float) -> Bars:
    """Return the minutes of a path by seconds."""
    whole = level[: len(level) // 60 * 60].reshape(-1, 60)
    found = np.zeros(len(whole), BAR)
    found["start"] = int(opened) + 60 * np.arange(len(whole))
    parts = {
        "open": whole[:, 0],
        "high": whole.max(axis=1),
        "low": whole.min(axis=1),
        "close": whole[:, -1],
    }
    for name, each in parts.items():
        found[name] = np.round(each, 2)
    return found


def _vix(market: SimulatedMarket, day: date) -> NDArray[np.float64]:
    levels = market.world.market(ROOTS["NIFTY"].exchange, day)
    last = market.underlying("NIFTY", levels.session.close).vix
    return np.repeat(np.exp(levels.log_volatility - levels.log_volatility[-1]) * last, 60)[
        : levels.seconds
    ]


def _future(market: SimulatedMarket, root: Root, listed: Listing, position: int, day: date) -> Bars:
    future = listed.futures[position]
    alive = [series.expiry for series in market.world.series(root, day).values() if series.monthly][
        : len(SHARES)
    ]
    if future.expiry not in alive:
        return _NONE
    path, levels = (
        market.world.curve(root, future.expiry, day).forward,
        market.world.market(root.exchange, day),
    )
    found = _of_path(np.round(path / future.tick_size) * future.tick_size, levels.opened)
    seen = market.underlying(root.name, levels.session.close)
    share = SHARES[alive.index(future.expiry)]
    marks = levels.passed[::60][: len(found) + 1]
    found["volume"] = (
        (np.diff(marks) * seen.future_volume * share).astype(np.int64)
        // future.lot_size
        * future.lot_size
    )
    found["oi"] = int(seen.future_oi * share) // future.lot_size * future.lot_size
    return found


def _option(
    market: SimulatedMarket, root: Root, listed: Listing, place: InstrumentRef, day: date
) -> Bars:
    contracts = listed.contracts
    expiry, strike = (
        contracts.expiry[place.position].item(),
        float(contracts.strike[place.position]),
    )
    series = market.world.series(root, day).get(expiry)
    strikes = np.zeros(0) if series is None else market.world.strikes(root, series, day)
    row = int(np.searchsorted(strikes, strike))
    if series is None or row >= len(strikes) or strikes[row] != strike:
        return _NONE
    tape = market.world.tape(root, series, day)
    column = row + place.side * len(strikes)
    lots, price = tape.lots[:, column].astype(np.int64), tape.price[:, column].astype(float)
    minute = np.flatnonzero(lots)
    found = np.zeros(len(minute), BAR)
    found["start"] = int(tape.day.market.opened) + 60 * minute
    close = price[minute]
    high, low = close + tape.above[minute, column], close - tape.below[minute, column]
    before = np.concatenate([tape.first[column : column + 1].astype(float), close[:-1]])
    steps = {
        "close": close,
        "high": high,
        "low": low,
        "open": np.clip(before[: len(minute)], low, high),
    }
    for name, each in steps.items():
        found[name] = np.round(each * OPTION_TICK, 2)
    lot = int(contracts.lot_size[place.position])
    found["volume"], found["oi"] = (
        lots[minute] * lot,
        tape.interest[minute, column].astype(np.int64) * lot,
    )
    return found
