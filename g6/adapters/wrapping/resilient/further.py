"""Further requests of a cycle: as many, over all workers, as cost no index its own."""

from __future__ import annotations

from datetime import datetime

from g6.ports import SharedCache


class FurtherRequests:
    """Counts, for all workers together, the requests that a cycle makes beside the first ones of its indices.

    A try after a failure takes a slot of the one sequence that all indices wait in. A cycle has room for `most` of them; one more
    would push another index's request behind the time in which it may begin. `seconds`: how long a cycle's count is kept.
    """

    def __init__(self, shelf: SharedCache, scope: str, most: int, seconds: float) -> None:
        self._shelf, self._scope, self._most, self._seconds = shelf, scope, most, seconds

    def take(self, at: datetime) -> bool:
        """Take one of the further requests of the cycle at `at`; False when none is left. Errors: RedisDown."""
        cycle = f"{at.timestamp():.0f}"
        return any(
            self._shelf.claim(f"further:{self._scope}:{cycle}:{n}", self._seconds)
            for n in range(self._most)
        )
