"""Request slots in one process's memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from math import inf


class MemoryLimiter:
    """Limiter port. A family without a spacing of its own is `other`. Threads may share it."""

    def __init__(
        self, wall: Callable[[], float] = time.time, *, spacings: Mapping[str, float]
    ) -> None:
        self._wall = wall
        self._spacings = dict(spacings)
        self._free: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()

    def reserve(self, family: str, count: int = 1, within: float = inf) -> float:
        """Reserve `count` slots, one spacing apart, and return the seconds until the first.

        Above `within` seconds nothing is reserved.
        """
        family = family if family in self._spacings else "other"
        with self._lock:
            now = self._wall()
            slot = max(now, self._free.get(family, now))
            if slot - now > within:
                return slot - now
            self._free[family] = slot + count * self._spacings[family]
        return slot - now

    def confirm(self, family: str) -> float:
        """Take a reserved slot now. Return 0.0, or the seconds still to wait."""
        family = family if family in self._spacings else "other"
        with self._lock:
            now = self._wall()
            spacing = self._spacings[family]
            # No lower than the last slot, nor far above it: the wall may have been set back.
            last = self._last.get(family, now - spacing)
            if last <= now < last + spacing:
                return last + spacing - now
            self._last[family] = now
            self._free[family] = max(self._free.get(family, 0.0), now + spacing)
        return 0.0

    def confirm_late(self, family: str) -> None:
        """Move the confirmed slot to this moment, because its request leaves only now."""
        family = family if family in self._spacings else "other"
        with self._lock:
            now = self._wall()
            self._last[family] = now
            self._free[family] = max(self._free.get(family, 0.0), now + self._spacings[family])

    def describe(self) -> Mapping[str, Mapping[str, float]]:
        """Return spacing_seconds, wait_seconds and left_per_minute of each family."""
        now = self._wall()
        budgets = {}
        for family, spacing in self._spacings.items():
            wait_seconds = max(0.0, self._free.get(family, now) - now)
            budgets[family] = {
                "spacing_seconds": spacing,
                "wait_seconds": wait_seconds,
                "left_per_minute": max(0, int((60.0 - wait_seconds) / spacing)),
            }
        return budgets
