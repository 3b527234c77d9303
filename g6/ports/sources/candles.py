"""Candles: the minutes of a past session, as far as the provider still has them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from g6.domain.market.instrument import Listing
from g6.domain.quotes.minute_bars import Bars

SPOT = "spot"
FUTURE = "future"
VIX = "vix"
"""These instruments of an index have no symbol: itself, its nearest future, India VIX."""


@runtime_checkable
class Candles(Protocol):
    """Minute candles of past sessions, one request each, within the provider's limits."""

    def minutes(self, listing: Listing, instrument: str) -> Bars:
        """Return the minute candles of one instrument on the listing's day.

        Args:
            listing: What was listed on that day.
            instrument: `spot`, `future`, `vix` or an option's symbol.

        Returns:
            Bars in time's order. None of them where the provider has no candles, or has none any
            more.

        Raises:
            ProviderBusy: The provider has a bad moment.
            ProviderRefused: The provider does not answer this.
        """
        ...
