"""Counts the further requests of a cycle, which must cost no index its own first one."""

from __future__ import annotations

from datetime import datetime

from g6.ports import SharedCache


class FurtherRequests:
    """Counts the requests of a cycle beside its indices' first ones, for all workers together.

    A try after a failure takes a slot of the one sequence that all indices wait in. A cycle has
    room for `most` of them. One more would push another index's request behind the time in which it
    may begin. A cycle's count is kept for `seconds`.
    """

    def __init__(self, cache: SharedCache, scope: str, most: int, seconds: float) -> None:
        self._cache = cache
        self._scope = scope
        self._most = most
        self._seconds = seconds

    def take(self, at: datetime) -> bool:
        """Take one of the further requests of the cycle at `at`, and return whether one was left.

        Raises:
            RedisDown: Nobody can count.
        """
        # At the least interval that works there is one further request for two indices.
        cycle = f"{at.timestamp():.0f}"
        keys = (f"further:{self._scope}:{cycle}:{number}" for number in range(self._most))
        return any(self._cache.claim(key, self._seconds) for key in keys)
