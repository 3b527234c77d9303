"""The quote cache in one process's memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.quotes.tick import Feed, blank


class MemoryQuoteCache:
    """QuoteCache port; threads may share it."""

    def __init__(self) -> None:
        self._rows: dict[tuple[date, str, str], NDArray[Any]] = {}
        self._wanted: dict[date, dict[str, dict[str, int]]] = {}
        self._feeds: dict[int, Feed] = {}
        self._lock = threading.Lock()

    def put(self, day: date, rows: Mapping[str, tuple[Sequence[str], NDArray[Any]]]) -> None:
        """Store rows by index: symbols and their rows `(m,)`; what was there is replaced."""
        with self._lock:
            for index, (symbols, packed) in rows.items():
                for n, symbol in enumerate(symbols):
                    self._rows[day, index, symbol] = packed[n : n + 1].copy()

    def bridge(
        self, day: date, index: str, symbols: Sequence[str], rows: NDArray[Any], asked_at: float
    ) -> None:
        """Store rows that were asked for at wall time `asked`; one received since then stays. Each keeps the feed it had."""
        with self._lock:
            for n, symbol in enumerate(symbols):
                held = self._rows.get((day, index, symbol))
                if held is not None and held["received"][0] > asked_at:
                    continue
                row = rows[n : n + 1].copy()
                row["feed"] = row["feed"] if held is None else held["feed"]
                self._rows[day, index, symbol] = row

    def get(
        self, day: date, index: str, symbols: Sequence[str]
    ) -> tuple[NDArray[Any], Mapping[int, Feed]]:
        """Return the rows `(m,)` of `symbols` (blank where there is none) and the feeds by number."""
        with self._lock:
            nothing = blank(1)
            held = [self._rows.get((day, index, symbol), nothing) for symbol in symbols]
            return np.concatenate(held) if held else blank(0), dict(self._feeds)

    def subscribe(self, day: date, index: str, tokens: Mapping[str, int]) -> None:
        """Ask for symbols to be streamed from now to the end of the day."""
        with self._lock:
            if tokens:
                self._wanted.setdefault(day, {}).setdefault(index, {}).update(tokens)

    def subscriptions(self, day: date) -> Mapping[str, Mapping[str, int]]:
        """Return what was asked for, by index and symbol."""
        with self._lock:
            return {index: dict(tokens) for index, tokens in self._wanted.get(day, {}).items()}

    def put_feeds(self, feeds: Mapping[int, Feed]) -> None:
        """Say how the feeds are; those that are left out are forgotten."""
        with self._lock:
            self._feeds = dict(feeds)

    def feeds(self) -> Mapping[int, Feed]:
        """Return the feeds by number, as last told."""
        with self._lock:
            return dict(self._feeds)
