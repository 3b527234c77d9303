"""The quote cache in one process's memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from g6.domain.quotes.tick import Feed, blank


class MemoryQuoteCache:
    """QuoteCache port. Threads may share it."""

    def __init__(self) -> None:
        self._rows: dict[tuple[date, str, str], NDArray[np.void]] = {}
        self._subscriptions: dict[date, dict[str, dict[str, int]]] = {}
        self._feeds: dict[int, Feed] = {}
        self._lock = threading.Lock()

    def put(self, day: date, rows: Mapping[str, tuple[Sequence[str], NDArray[np.void]]]) -> None:
        """Store rows by index, in place of those before."""
        with self._lock:
            for index, (symbols, packed) in rows.items():
                for n, symbol in enumerate(symbols):
                    self._rows[day, index, symbol] = packed[n : n + 1].copy()

    def bridge(
        self, day: date, index: str, symbols: Sequence[str], rows: NDArray[np.void], asked_at: float
    ) -> None:
        """Store rows asked for at wall time `asked_at`. A row received since then stays."""
        with self._lock:
            for n, symbol in enumerate(symbols):
                older = self._rows.get((day, index, symbol))
                if older is not None and older["received"][0] > asked_at:
                    continue
                row = rows[n : n + 1].copy()
                # A question over REST does not change which feed streams the instrument.
                if older is not None:
                    row["feed"] = older["feed"]
                self._rows[day, index, symbol] = row

    def get(
        self, day: date, index: str, symbols: Sequence[str]
    ) -> tuple[NDArray[np.void], Mapping[int, Feed]]:
        """Return the rows of `symbols`, shape (m,), blank where there is none, and the feeds."""
        with self._lock:
            nothing = blank(1)
            rows = [self._rows.get((day, index, symbol), nothing) for symbol in symbols]
            return np.concatenate(rows) if rows else blank(0), dict(self._feeds)

    def subscribe(self, day: date, index: str, tokens: Mapping[str, int]) -> None:
        """Request symbols to be streamed from now to the end of the day."""
        with self._lock:
            if tokens:
                self._subscriptions.setdefault(day, {}).setdefault(index, {}).update(tokens)

    def subscriptions(self, day: date) -> Mapping[str, Mapping[str, int]]:
        """Return the tokens of all symbols that were requested, by index and symbol."""
        with self._lock:
            return {
                index: dict(tokens) for index, tokens in self._subscriptions.get(day, {}).items()
            }

    def put_feeds(self, feeds: Mapping[int, Feed]) -> None:
        """Store the state of all feeds. Those that are left out are forgotten."""
        with self._lock:
            self._feeds = dict(feeds)

    def feeds(self) -> Mapping[int, Feed]:
        """Return the state of the feeds by number."""
        with self._lock:
            return dict(self._feeds)
