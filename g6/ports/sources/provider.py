"""The provider: a source of listings and quotes."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import Quotes
from g6.domain.reports import ProviderFacts
from g6.domain.schema.underlying import Underlying


class Provider(Hashable, Protocol):
    """A source of listings and quotes: a stock broker, the simulated market, a recording."""

    name: str

    def listing(self, index: str, at: datetime) -> Listing:
        """Return the instruments that are listed on the day of `at`.

        Raises:
            ProviderBusy: The provider has a bad moment.
            ProviderRefused: The provider does not know the index.
        """
        ...

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the values of the index, its nearest future and India VIX."""
        ...

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes of `contracts` and of the underlying, asked for together.

        Returns:
            Values of shape (2, n), calls first. A contract without an answer is NaN throughout.
        """
        ...

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return the open interest at the end of the previous session.

        Returns:
            Units of the underlying, shape (2, n), calls first. NaN where the provider does not
            know it.
        """
        ...

    def describe(self) -> ProviderFacts:
        """Return facts for people and panels, without secrets."""
        ...
