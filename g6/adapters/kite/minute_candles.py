"""Minute candles of past sessions from the broker, in the request slots that all its workers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from g6.domain.market.instrument import INDICES, Listing
from g6.domain.market.instrument import VIX as VIX_KEY
from g6.domain.quotes.candles import BAR, Bars
from g6.domain.quotes.quotes import NAN
from g6.errors import ProviderRefused
from g6.ports.candles import FUTURE, SPOT, VIX

_NONE = np.zeros(0, BAR)


class KiteCandles:
    """Candles port over `ask(token, first, last)`, which takes its slot; `tokens`: numbers of indices and VIX by quote key."""

    def __init__(
        self, ask: Callable[[int, str, str], Sequence[Mapping[str, Any]]], tokens: Mapping[str, int]
    ) -> None:
        self._ask, self._tokens = ask, tokens

    def minutes(self, listing: Listing, instrument: str) -> Bars:
        """Return the minute candles of the listing's day; a contract that the broker does not know any more has none.

        Errors: ProviderBusy, ProviderRefused (of the index), TokenDead, BreakerOpen.
        """
        token, day = self._token(listing, instrument), listing.on.isoformat()
        if not token:
            return _NONE
        try:
            return bars_of(self._ask(token, f"{day} 00:00:00", f"{day} 23:59:59"))
        except ProviderRefused:
            if instrument == SPOT:
                raise  # an index does not expire: it is the question that is refused
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


def bars_of(candles: Sequence[Mapping[str, Any]]) -> Bars:
    """Return candles as the client reads them, `date` aware, as bars, ascending; a value that is not told is NaN."""
    bars = np.zeros(len(candles), BAR)
    bars["start"] = [candle["date"].timestamp() for candle in candles]
    for name in ("open", "high", "low", "close", "volume", "oi"):
        bars[name] = [number(candle.get(name)) for candle in candles]
    return bars[np.argsort(bars["start"], kind="stable")]


def number(value: Any) -> float:
    """Return a candle's number; NaN for null, text, and what no float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NAN
    try:
        return float(value)
    except OverflowError:
        return NAN
