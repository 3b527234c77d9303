"""What a past session can still be asked for."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from g6.domain.market.instrument import Listing
from g6.domain.quotes.candles import Bars

SPOT, FUTURE, VIX = "spot", "future", "vix"
"""Instruments of an index that go by no symbol: itself, its nearest future, India VIX."""


@runtime_checkable
class Candles(Protocol):
    """Minute candles of past sessions; one request each, within the provider's limits."""

    def minutes(self, listing: Listing, instrument: str) -> Bars:
        """Return the minute candles of the listing's day of `spot`, `future`, `vix` or an option's symbol; empty: none (any more).

        Errors: ProviderBusy, ProviderRefused.
        """
        ...
