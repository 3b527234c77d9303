"""Open interest at the end of the previous session, from day candles, one contract a request.

Kite's quotes do not carry it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from g6.adapters.kite.quote_parsing import number
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import Contracts
from g6.domain.quotes.quotes import NAN
from g6.errors import ProviderBusy, ProviderRefused
from g6.ports import SharedCache

if TYPE_CHECKING:
    from g6.adapters.kite.rest_client import Candle

DAY_SECONDS = 86_400.0
LOOK_BACK = timedelta(days=10)
"""Days before today that surely hold a session."""

InterestBySymbol = Mapping[str, float | None]
"""Units by symbol.

None where Kite was asked and had nothing.
"""


def interest_before(candles: Sequence[Candle], today: date) -> float:
    """Return the open interest of the last day candle before `today`, units.

    NaN without one.
    """
    last_date = None
    units = NAN
    for candle in candles:
        interest = number(candle.get("oi"))
        if day_of(candle["date"]) >= today or not interest >= 0.0:
            continue
        if last_date is None or candle["date"] > last_date:
            last_date = candle["date"]
            units = interest
    return units


class PreviousInterest:
    """The previous open interest of each contract, shared by all workers through the cache.

    From the second day on the store knows it all and nobody asks here.
    """

    # A chain of a thousand contracts takes six minutes at three requests a second, so the strikes
    # nearest the money come first.
    def __init__(
        self, cache: SharedCache, ask: Callable[[int, str, str], Sequence[Candle]]
    ) -> None:
        self._cache = cache
        self._ask = ask

    def of(self, index: str, contracts: Contracts, today: date) -> NDArray[np.float64]:
        """Return units of shape (2, n), NaN where they are not known yet.

        Nothing is requested.
        """
        interest = self._shared(index, today)
        units = [[interest.get(symbol) for symbol in side] for side in contracts.symbol.tolist()]
        return np.array(units, dtype=np.float64).reshape(2, len(contracts))

    def learn(self, index: str, contracts: Contracts, today: date, centre: float, most: int) -> int:
        """Request at most `most` contracts that nobody requested yet.

        Returns:
            How many answers came.

        Raises:
            TokenDead: There is no token that Kite takes.
        """
        fresh = self._request(contracts, self._shared(index, today), today, centre, most)
        if fresh:
            # Read again: another worker may have added its own while this one waited for answers.
            merged = {**self._shared(index, today), **fresh}
            self._cache.put(_name(index, today), json.dumps(merged).encode(), DAY_SECONDS)
        return len(fresh)

    def _shared(self, index: str, today: date) -> InterestBySymbol:
        interest: InterestBySymbol = json.loads(self._cache.get(_name(index, today)) or b"{}")
        return interest

    def _request(
        self,
        contracts: Contracts,
        interest: InterestBySymbol,
        today: date,
        centre: float,
        most: int,
    ) -> InterestBySymbol:
        first = (today - LOOK_BACK).isoformat()
        last = (today - timedelta(days=1)).isoformat()
        fresh: dict[str, float | None] = {}
        for side, column in _nearest_first(contracts, centre):
            symbol = contracts.symbol[side, column]
            if not symbol or symbol in interest:
                continue
            if len(fresh) == most:
                break
            try:
                candles = self._ask(int(contracts.token[side, column]), first, last)
            except ProviderBusy:
                break
            except ProviderRefused:
                candles = []
            units = interest_before(candles, today)
            fresh[symbol] = None if np.isnan(units) else units
        return fresh


def _nearest_first(contracts: Contracts, centre: float) -> Iterator[tuple[int, int]]:
    """Yield side and column of each option: the nearest expiry first, the nearest strike first."""
    near = np.argsort(np.abs(contracts.strike - centre), kind="stable")
    order = near[np.argsort(contracts.expiry[near], kind="stable")]
    for column in order.tolist():
        for side in (0, 1):
            yield side, column


def _name(index: str, today: date) -> str:
    return f"oi:{index}:{today.isoformat()}"
