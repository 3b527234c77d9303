"""The quote cache: the newest quote of every instrument of a session's day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from numpy.typing import NDArray

from g6.domain.quotes.tick import Feed


class QuoteCache(Protocol):
    """The newest quote of every instrument of a session's day, by index and symbol: fed by a stream, bridged by what was asked.

    Rows are arrays of `domain.tick.TICK`. Another day knows nothing of this one: tokens and symbols are given out again.
    """

    def put(self, day: date, rows: Mapping[str, tuple[Sequence[str], NDArray[Any]]]) -> None:
        """Store rows by index: symbols and their rows `(m,)`; what was there is replaced. One round trip. Errors: RedisDown."""
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

    def subscribe(self, day: date, index: str, tokens: Mapping[str, int]) -> None:
        """Ask for symbols to be streamed from now to the end of the day; `tokens` are the source's own numbers of them."""
        ...

    def subscriptions(self, day: date) -> Mapping[str, Mapping[str, int]]:
        """Return what was asked for, by index and symbol."""
        ...

    def put_feeds(self, feeds: Mapping[int, Feed]) -> None:
        """Say how the feeds are; those that are left out are forgotten."""
        ...

    def feeds(self) -> Mapping[int, Feed]:
        """Return the feeds by number, as last told."""
        ...
