"""Open interest at the end of the previous session, which quotes do not carry: from day candles, a few contracts at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.calendar import IST, day_of
from g6.domain.instrument import Contracts
from g6.domain.quote import NAN
from g6.errors import ProviderBusy, ProviderRefused
from g6.ports import Shelf

DAY_SECONDS = 86_400.0
LOOK_BACK = timedelta(days=10)
"""Days before today that surely hold a session."""

Candles = Sequence[Mapping[str, Any]]


def previous_of(candles: Candles, today: date) -> float:
    """Return the open interest of the last day candle before `today`, units; NaN where there is none."""
    earlier = [each for each in candles if day_of(each["date"].astimezone(IST)) < today and each.get("oi") is not None]
    return float(max(earlier, key=lambda each: each["date"])["oi"]) if earlier else NAN


class PreviousInterest:
    """What day candles said, shared by all workers through the shelf and added to by `most` contracts at a call.

    A chain of a thousand contracts would take six minutes of the three requests a second there are: the strikes nearest the money
    come first, cycle by cycle. From the second day on the store knows it all and nobody asks here.
    """

    def __init__(self, shelf: Shelf, ask: Callable[[int, str, str], Candles], most: int = 6) -> None:
        self._shelf, self._ask, self._most = shelf, ask, most

    def of(self, index: str, contracts: Contracts, today: date, centre: float) -> NDArray[np.float64]:
        """Return `(2, n)` units, NaN where it is not known yet. Errors: TokenDead, BreakerOpen."""
        name = f"oi:{index}:{today.isoformat()}"
        known: dict[str, float | None] = json.loads(self._shelf.get(name) or b"{}")
        fresh = self._more(contracts, known, today, centre)
        if fresh:
            latest: dict[str, float | None] = json.loads(self._shelf.get(name) or b"{}")
            known = latest | fresh
            self._shelf.put(name, json.dumps(known).encode(), DAY_SECONDS)
        values = [[known.get(symbol) for symbol in side] for side in contracts.symbol.tolist()]
        return np.array(values, dtype=np.float64).reshape(2, len(contracts))

    def _more(self, contracts: Contracts, known: Mapping[str, float | None], today: date, centre: float) -> dict[str, float | None]:
        near = np.argsort(np.abs(contracts.strike - centre), kind="stable")
        order = near[np.argsort(contracts.expiry[near], kind="stable")]
        unknown = [(side, at) for at in order.tolist() for side in (0, 1) if contracts.symbol[side, at] not in known]
        found: dict[str, float | None] = {}
        first, last = (today - LOOK_BACK).isoformat(), (today - timedelta(days=1)).isoformat()
        for side, at in [(side, at) for side, at in unknown if contracts.symbol[side, at]][: self._most]:
            try:
                value = previous_of(self._ask(int(contracts.token[side, at]), first, last), today)
            except ProviderBusy:
                break
            except ProviderRefused:
                value = NAN
            found[contracts.symbol[side, at]] = None if np.isnan(value) else value
        return found
