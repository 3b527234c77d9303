"""The quote cache: the newest quote of every instrument of a session's day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from g6.domain.quotes.tick import Feed


class QuoteCache(Protocol):
    """The newest quote of every instrument, by day, index and symbol.

    A stream feeds it, and what was asked over REST bridges its gaps. Rows are arrays of
    `domain.quotes.tick.TICK`. Each day stands alone, because tokens and symbols are given out
    again.
    """

    def put(self, day: date, rows: Mapping[str, tuple[Sequence[str], NDArray[np.void]]]) -> None:
        """Store rows by index in one round trip, in place of those before.

        Args:
            day: The session's day in India.
            rows: The symbols of an index and their rows, shape (m,).

        Raises:
            RedisDown: Nothing is known to be stored.
        """
        ...

    def bridge(
        self, day: date, index: str, symbols: Sequence[str], rows: NDArray[np.void], asked_at: float
    ) -> None:
        """Store rows that were asked for over REST. A row received since then stays.

        Args:
            day: The session's day in India.
            index: The underlying's name.
            symbols: One for each row.
            rows: Shape (m,). Each keeps the number of the feed that its instrument had.
            asked_at: The wall time (epoch seconds) at which they were asked for.
        """
        ...

    def get(
        self, day: date, index: str, symbols: Sequence[str]
    ) -> tuple[NDArray[np.void], Mapping[int, Feed]]:
        """Return rows and feeds in one round trip.

        Returns:
            The rows of `symbols`, shape (m,), blank where there is none, and the feeds by number.
        """
        ...

    def subscribe(self, day: date, index: str, tokens: Mapping[str, int]) -> None:
        """Request symbols to be streamed from now to the end of the day.

        Args:
            day: The session's day in India.
            index: The underlying's name.
            tokens: The source's own number of each symbol.
        """
        ...

    def subscriptions(self, day: date) -> Mapping[str, Mapping[str, int]]:
        """Return the tokens of all symbols that were requested, by index and symbol."""
        ...

    def put_feeds(self, feeds: Mapping[int, Feed]) -> None:
        """Store the state of all feeds. Those that are left out are forgotten."""
        ...

    def feeds(self) -> Mapping[int, Feed]:
        """Return the state of the feeds by number."""
        ...
