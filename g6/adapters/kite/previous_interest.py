"""Open interest at the end of the previous session, which quotes do not carry: from day candles, one contract a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.kite.minute_candles import number
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import NAN
from g6.errors import ProviderBusy, ProviderRefused
from g6.ports import SharedCache

DAY_SECONDS = 86_400.0
LOOK_BACK = timedelta(days=10)
"""Days before today that surely hold a session."""

Candles = Sequence[Mapping[str, Any]]


def previous_of(candles: Candles, today: date) -> float:
    """Return the open interest of the last day candle before `today`, units; NaN where there is none."""
    earlier = [
        candle
        for candle in candles
        if day_of(candle["date"]) < today and number(candle.get("oi")) >= 0.0
    ]
    return number(max(earlier, key=lambda candle: candle["date"])["oi"]) if earlier else NAN


class PreviousInterest:
    """What day candles said, shared by all workers through the shelf.

    A chain of a thousand contracts takes six minutes of the three requests a second there are: the strikes nearest the money come
    first. From the second day on the store knows it all and nobody asks here.
    """

    def __init__(self, shelf: SharedCache, ask: Callable[[int, str, str], Candles]) -> None:
        self._shelf, self._ask = shelf, ask

    def of(self, index: str, contracts: Contracts, today: date) -> NDArray[np.float64]:
        """Return `(2, n)` units, NaN where it is not known yet; nothing is asked."""
        known = self._known(index, today)
        values = [[known.get(symbol) for symbol in side] for side in contracts.symbol.tolist()]
        return np.array(values, dtype=np.float64).reshape(2, len(contracts))

    def learn(self, index: str, contracts: Contracts, today: date, centre: float, most: int) -> int:
        """Ask for at most `most` contracts that nobody asked for yet; return how many answers came. Errors: TokenDead."""
        fresh = self._more(contracts, self._known(index, today), today, centre, most)
        if fresh:
            self._shelf.put(
                _name(index, today),
                json.dumps(self._known(index, today) | fresh).encode(),
                DAY_SECONDS,
            )
        return len(fresh)

    def _known(self, index: str, today: date) -> dict[str, float | None]:
        held: dict[str, float | None] = json.loads(self._shelf.get(_name(index, today)) or b"{}")
        return held

    def _more(
        self,
        contracts: Contracts,
        known: Mapping[str, float | None],
        today: date,
        centre: float,
        most: int,
    ) -> dict[str, float | None]:
        near = np.argsort(np.abs(contracts.strike - centre), kind="stable")
        order = near[np.argsort(contracts.expiry[near], kind="stable")]
        unknown = [
            (side, at)
            for at in order.tolist()
            for side in (0, 1)
            if contracts.symbol[side, at] not in known
        ]
        found: dict[str, float | None] = {}
        first, last = (today - LOOK_BACK).isoformat(), (today - timedelta(days=1)).isoformat()
        for side, at in [(side, at) for side, at in unknown if contracts.symbol[side, at]][:most]:
            try:
                value = previous_of(self._ask(int(contracts.token[side, at]), first, last), today)
            except ProviderBusy:
                break
            except ProviderRefused:
                value = NAN
            found[contracts.symbol[side, at]] = None if np.isnan(value) else value
        return found


def _name(index: str, today: date) -> str:
    return f"oi:{index}:{today.isoformat()}"
