"""What is asked of the market: its time, its listings and quotes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from numpy.typing import NDArray

from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import Quotes, Underlying
from g6.domain.quotes.tick import Feed


class Clock(Protocol):
    """Two faces of time. Live they coincide; a simulated or replayed market moves the first only."""

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        ...

    def market(self) -> datetime:
        """Return the market's instant, UTC."""
        ...

    def wall_of(self, instant: datetime) -> float:
        """Return the wall time (epoch seconds) at which the market reaches `instant`."""
        ...


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


class QuoteCache(Protocol):
    """The newest quote of every instrument of a session's day, by index and symbol: fed by a stream, bridged by what was asked.

    Rows are arrays of `domain.tick.TICK`. Another day knows nothing of this one: tokens and symbols are given out again.
    """

    def put(self, day: date, rows: Mapping[str, tuple[Sequence[str], NDArray[Any]]]) -> None:
        """Store rows by index: symbols and their rows `(m,)`; what was there is replaced. One round trip. Errors: BrokerDown."""
        ...

    def bridge(
        self, day: date, index: str, symbols: Sequence[str], rows: NDArray[Any], asked: float
    ) -> None:
        """Store rows that were asked for at wall time `asked`; one received since then stays. Each keeps the feed it had."""
        ...

    def get(
        self, day: date, index: str, symbols: Sequence[str]
    ) -> tuple[NDArray[Any], Mapping[int, Feed]]:
        """Return the rows `(m,)` of `symbols` (blank where there is none) and the feeds by number. One round trip."""
        ...

    def want(self, day: date, index: str, tokens: Mapping[str, int]) -> None:
        """Ask for symbols to be streamed from now to the end of the day; `tokens` are the source's own numbers of them."""
        ...

    def wanted(self, day: date) -> Mapping[str, Mapping[str, int]]:
        """Return what was asked for, by index and symbol."""
        ...

    def tell(self, feeds: Mapping[int, Feed]) -> None:
        """Say how the feeds are; those that are left out are forgotten."""
        ...

    def feeds(self) -> Mapping[int, Feed]:
        """Return the feeds by number, as last told."""
        ...
