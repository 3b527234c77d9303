"""Totals of the metrics in one process's memory, for as long as it lives."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock


class MemoryTotals:
    """TotalsStore in memory. Threads may share it."""

    def __init__(self) -> None:
        self._numbers: dict[str, float] = {}
        self._texts: dict[str, str] = {}
        self._last = "0"
        self._lock = Lock()

    def load(self) -> tuple[dict[str, float], dict[str, str], str]:
        """Return numbers, texts and the last event's id. Without any they are empty and "0"."""
        with self._lock:
            return dict(self._numbers), dict(self._texts), self._last

    def save(
        self, numbers: Mapping[str, float], texts: Mapping[str, str], last_id: str, after: str
    ) -> bool:
        """Store the changes and `last_id`, if the stored id is `after`.

        Returns:
            False when another id is stored. Then nothing is changed.
        """
        with self._lock:
            if self._last != after:
                return False
            self._numbers.update(numbers)
            self._texts.update(texts)
            self._last = last_id
            return True
