"""Minute candles of the simulated market."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import Listing
from g6.domain.quotes.minute_bars import BAR, Bars
from g6.domain.schema.underlying import Underlying
from g6.errors import ProviderRefused
from g6.ports.sources import FUTURE, SPOT, VIX
from g6.simulation.contracts import OPTION_TICK
from g6.simulation.roots import ROOTS
from g6.simulation.trading.trades import Tape
from g6.simulation.world import World

_NONE = np.zeros(0, BAR)


class SimulatedCandles:
    """Candles port over a simulated market: the trades of its own tape, minute by minute."""

    def __init__(self, world: World, underlying: Callable[[str, datetime], Underlying]) -> None:
        self._world = world
        self._underlying = underlying

    def minutes(self, listing: Listing, instrument: str) -> Bars:
        """Return the minute candles of one session of an instrument.

        Raises:
            ProviderRefused: The index is not simulated.
        """
        if listing.underlying not in ROOTS:
            names = ", ".join(ROOTS)
            raise ProviderRefused(f"{listing.underlying} is not simulated; there are {names}")
        root = ROOTS[listing.underlying]
        opened = self._world.market(root.exchange, listing.on).opened
        if instrument == SPOT:
            return _bars_of_path(self._world.index(root, listing.on).printed, opened)
        if instrument == VIX:
            return self._vix_bars(listing.on, opened)
        if instrument == FUTURE:
            return self._future_bars(listing, opened)
        sides, rows = np.nonzero(listing.contracts.symbol == instrument)
        return self._option_bars(listing, int(sides[0]), int(rows[0]))

    def _vix_bars(self, day: date, opened: float) -> Bars:
        root = ROOTS["NIFTY"]
        levels = self._world.market(root.exchange, day)
        last = self._underlying(root.name, levels.session.close).vix
        path = np.exp(levels.log_volatility - levels.log_volatility[-1]) * last
        return _bars_of_path(np.repeat(path, 60)[: levels.seconds], opened)

    def _future_bars(self, listing: Listing, opened: float) -> Bars:
        root = ROOTS[listing.underlying]
        listed = self._world.series(root, listing.on).values()
        nearest = next((series for series in listed if series.monthly), None)
        if nearest is None:
            return _NONE
        bars = _bars_of_path(self._world.curve(root, nearest.expiry, listing.on).forward, opened)
        session = self._world.market(root.exchange, listing.on).session
        close = self._underlying(root.name, session.close)
        # Futures have a price and a total of the day, no tape: each minute gets its equal share.
        bars["volume"] = close.future_volume / len(bars)
        bars["oi"] = close.future_oi
        return bars

    def _option_bars(self, listing: Listing, side: int, row: int) -> Bars:
        root = ROOTS[listing.underlying]
        contracts = listing.contracts
        series = self._world.series(root, listing.on).get(contracts.expiry[row].item())
        if series is None:
            return _NONE
        strikes = self._world.strikes(root, series, listing.on)
        tape = self._world.tape(root, series, listing.on)
        column = int(np.searchsorted(strikes, contracts.strike[row])) + side * len(strikes)
        return _bars_of_tape(tape, column, float(contracts.lot_size[row]))


def _bars_of_tape(tape: Tape, column: int, lot: float) -> Bars:
    """Return the minutes in which one option traded."""
    position, minute = tape.of_option(column)
    close = tape.price[position].astype(np.float64)
    high = close + tape.above[position]
    low = close - tape.below[position]
    # A minute opens where the one before closed, the first with the day's first trade.
    first = tape.first[column : column + 1].astype(np.float64)
    before = np.concatenate([first, close[:-1]])[: len(minute)]
    prices = {"open": np.clip(before, low, high), "high": high, "low": low, "close": close}
    bars = np.zeros(len(minute), BAR)
    for name, ticks in prices.items():
        bars[name] = np.round(ticks * OPTION_TICK, 2)
    bars["start"] = tape.day.market.opened + 60.0 * minute
    bars["volume"] = tape.lots[position] * lot
    bars["oi"] = tape.interest[position] * lot
    return bars


def _bars_of_path(level: NDArray[np.float64], opened: float) -> Bars:
    """Return the minutes of a path by seconds."""
    seconds = np.round(level[: len(level) // 60 * 60].reshape(-1, 60), 2)
    bars = np.zeros(len(seconds), BAR)
    bars["start"] = opened + 60.0 * np.arange(len(seconds))
    bars["open"] = seconds[:, 0]
    bars["high"] = seconds.max(axis=1)
    bars["low"] = seconds.min(axis=1)
    bars["close"] = seconds[:, -1]
    return bars
