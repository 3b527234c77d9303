"""The simulated market with something else about it, for a test that needs one unusual answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from g6.config import calendar
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import Quotes
from g6.domain.reports import ProviderFacts
from g6.domain.schema.underlying import Underlying
from g6.simulation import SimulatedMarket

MARKET = SimulatedMarket(calendar())


class AlteredMarket:
    """A provider that answers as the simulated market does; a test overrides the one answer it alters."""

    name = "sim"

    def listing(self, index: str, at: datetime) -> Listing:
        return MARKET.listing(index, at)

    def underlying(self, index: str, at: datetime) -> Underlying:
        return MARKET.underlying(index, at)

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        return MARKET.quotes(index, contracts, at)

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> Any:
        return MARKET.previous_oi(index, contracts, at)

    def describe(self) -> ProviderFacts:
        return MARKET.describe()


class CountingMarket(AlteredMarket):
    """The simulated market that counts requests for quotes; `errors` maps an index to the error it answers with."""

    def __init__(self) -> None:
        self.count = 0
        self.errors: dict[str, Exception] = {}

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        self.count += 1
        if index in self.errors:
            raise self.errors[index]
        return super().quotes(index, contracts, at)
