"""Request slots in one process's memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from math import inf


class MemoryLimiter:
    """Limiter port; a family without a spacing of its own is `other`. Threads may share it."""

    def __init__(
        self, wall: Callable[[], float] = time.time, *, spacings: Mapping[str, float]
    ) -> None:
        self._wall, self._spacings = wall, dict(spacings)
        self._free: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()

    def reserve(self, family: str, count: int = 1, within: float = inf) -> float:
        """Reserve the next `count` slots of `family`, one spacing apart; return the seconds until the first."""
        family = family if family in self._spacings else "other"
        with self._lock:
            now = self._wall()
            slot = max(now, self._free.get(family, now))
            if slot - now > within:
                return slot - now
            self._free[family] = slot + count * self._spacings[family]
        return slot - now

    def confirm(self, family: str) -> float:
        """Take a reserved slot now; return 0, or the seconds that are still to wait."""
        family = family if family in self._spacings else "other"
        with self._lock:
            now, spacing = self._wall(), self._spacings[family]
            last = self._last.get(family, now - spacing)
            if last <= now < last + spacing:
                return last + spacing - now
            self._last[family] = now
            self._free[family] = max(self._free.get(family, 0.0), now + spacing)
        return 0.0

    def confirm_late(self, family: str) -> None:
        """Take the slot anew, now: the request of the one confirmed before left only now."""
        family = family if family in self._spacings else "other"
        with self._lock:
            self._last[family] = now = self._wall()
            self._free[family] = max(self._free.get(family, 0.0), now + self._spacings[family])

    def describe(self) -> Mapping[str, Mapping[str, float]]:
        """Return per family its spacing, the seconds until its next free slot and the requests left in the next minute."""
        now, found = self._wall(), {}
        for family, spacing in self._spacings.items():
            wait = max(0.0, self._free.get(family, now) - now)
            left = max(0, int((60.0 - wait) / spacing))
            found[family] = {
                "spacing_seconds": spacing,
                "wait_seconds": wait,
                "left_per_minute": left,
            }
        return found
