"""The provider: a source of listings and quotes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any, Protocol

from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import Quotes, Underlying


class Provider(Hashable, Protocol):
    """A source of listings and quotes: a broker, the simulated market, a recording."""

    name: str

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed on the day of `at`. Errors: ProviderBusy, ProviderRefused."""
        ...

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index, its nearest future and VIX."""
        ...

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes of `contracts` and of the underlying, asked for together. A key without an answer is NaN throughout."""
        ...

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> Any:
        """Return the open interest `(2, n)` at the end of the previous session, NaN where the provider does not know it."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """Return facts for people and panels: mode (live|sim|replay), source, budget_left, breaker, …; no secrets."""
        ...
