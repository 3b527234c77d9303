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
from g6.simulation.world import World

_NONE = np.zeros(0, BAR)


class SimulatedCandles:
    """Candles port over a simulated market: the trades of its own tape, minute by minute."""

    def __init__(self, world: World, underlying: Callable[[str, datetime], Underlying]) -> None:
        self._world = world
        self._underlying = underlying

    def minutes(self, listing: Listing, instrument: str) -> Bars:
        """Return the minute candles of one session of an instrument. Errors: ProviderRefused (an index that is not simulated)."""
        if listing.underlying not in ROOTS:
            raise ProviderRefused(
                f"{listing.underlying} is not simulated; there are {', '.join(ROOTS)}"
            )
        root, world = ROOTS[listing.underlying], self._world
        opened = world.market(root.exchange, listing.on).opened
        if instrument == SPOT:
            return _of_path(world.index(root, listing.on).printed, opened)
        if instrument == VIX:
            return self._vix(listing.on, opened)
        if instrument == FUTURE:
            return self._future(listing, opened)
        side, row = (int(place[0]) for place in np.nonzero(listing.contracts.symbol == instrument))
        return self._option(listing, side, row)

    def _vix(self, day: date, opened: float) -> Bars:
        root = ROOTS["NIFTY"]
        levels = self._world.market(root.exchange, day)
        last = self._underlying(root.name, levels.session.close).vix
        path = np.exp(levels.log_volatility - levels.log_volatility[-1]) * last
        return _of_path(np.repeat(path, 60)[: levels.seconds], opened)

    def _future(self, listing: Listing, opened: float) -> Bars:
        root, world = ROOTS[listing.underlying], self._world
        nearest = next(
            (series for series in world.series(root, listing.on).values() if series.monthly), None
        )
        if nearest is None:
            return _NONE
        found = _of_path(world.curve(root, nearest.expiry, listing.on).forward, opened)
        close = self._underlying(root.name, world.market(root.exchange, listing.on).session.close)
        found["volume"], found["oi"] = close.future_volume / len(found), close.future_oi
        return found

    def _option(self, listing: Listing, side: int, row: int) -> Bars:
        contracts, root, world = listing.contracts, ROOTS[listing.underlying], self._world
        series = world.series(root, listing.on).get(contracts.expiry[row].item())
        if series is None:
            return _NONE
        strikes = world.strikes(root, series, listing.on)
        tape = world.tape(root, series, listing.on)
        column = int(np.searchsorted(strikes, contracts.strike[row])) + side * len(strikes)
        minute = np.flatnonzero(tape.lots[:, column])
        found = np.zeros(len(minute), BAR)
        close = tape.price[minute, column].astype(np.float64)
        high, low = close + tape.above[minute, column], close - tape.below[minute, column]
        before = np.concatenate([tape.first[column : column + 1].astype(np.float64), close[:-1]])[
            : len(minute)
        ]
        for name, ticks in (
            ("open", np.clip(before, low, high)),
            ("high", high),
            ("low", low),
            ("close", close),
        ):
            found[name] = np.round(ticks * OPTION_TICK, 2)
        found["start"] = tape.day.market.opened + 60.0 * minute
        found["volume"] = tape.lots[minute, column] * float(contracts.lot_size[row])
        found["oi"] = tape.interest[minute, column] * float(contracts.lot_size[row])
        return found


def _of_path(level: NDArray[np.float64], opened: float) -> Bars:
    """The minutes of a path by seconds."""
    whole = np.round(level[: len(level) // 60 * 60].reshape(-1, 60), 2)
    found = np.zeros(len(whole), BAR)
    found["start"] = opened + 60.0 * np.arange(len(whole))
    found["open"], found["high"], found["low"], found["close"] = (
        whole[:, 0],
        whole.max(axis=1),
        whole.min(axis=1),
        whole[:, -1],
    )
    return found
