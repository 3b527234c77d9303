"""Minute candles of past sessions from Kite, in the request slots that all its workers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from g6.adapters.kite.quote_parsing import number
from g6.domain.market.instrument import INDICES, Listing
from g6.domain.market.instrument import VIX as VIX_KEY
from g6.domain.quotes.minute_bars import BAR, Bars
from g6.errors import ProviderRefused
from g6.ports.sources import FUTURE, SPOT, VIX

if TYPE_CHECKING:
    from g6.adapters.kite.rest_client import Candle

_NONE = np.zeros(0, BAR)


class KiteCandles:
    """Candles port over Kite.

    Args:
        ask: Asks for the candles of a token between two times of India, in a slot of its own.
        tokens: Instrument tokens of the indices and of VIX by quote key.
    """

    def __init__(
        self,
        ask: Callable[[int, str, str], Sequence[Candle]],
        tokens: Mapping[str, int],
    ) -> None:
        self._ask = ask
        self._tokens = tokens

    def minutes(self, listing: Listing, instrument: str) -> Bars:
        """Return the minute candles of the listing's day.

        A contract unknown to Kite has none.

        Raises:
            ProviderBusy: Kite has a bad moment.
            ProviderRefused: Kite refuses the question for the index.
            TokenDead: There is no token that Kite takes.
            BreakerOpen: Kite failed too often in a row.
        """
        token = self._token(listing, instrument)
        if not token:
            return _NONE
        day = listing.on.isoformat()
        try:
            return bars_of(self._ask(token, f"{day} 00:00:00", f"{day} 23:59:59"))
        except ProviderRefused:
            # Kite forgets expired options; an index does not expire, so there it is the question.
            if instrument == SPOT:
                raise
            return _NONE

    def _token(self, listing: Listing, instrument: str) -> int:
        if instrument == SPOT:
            return self._tokens.get(INDICES[listing.underlying].quote_key, 0)
        if instrument == VIX:
            return self._tokens.get(VIX_KEY, 0)
        if instrument == FUTURE:
            alive = [future for future in listing.futures if future.expiry >= listing.on]
            return min(alive, key=lambda future: future.expiry).token if alive else 0
        contracts = listing.contracts
        return int(contracts.token[contracts.symbol == instrument].max(initial=0))


def bars_of(candles: Sequence[Candle]) -> Bars:
    """Return candles as bars in ascending order.

    A number that is null or no number is NaN.
    """
    bars = np.zeros(len(candles), BAR)
    bars["start"] = [candle["date"].timestamp() for candle in candles]
    for name in ("open", "high", "low", "close", "volume", "oi"):
        bars[name] = [number(candle.get(name)) for candle in candles]
    return bars[np.argsort(bars["start"], kind="stable")]
