"""The limiter: one sequence of request slots for all workers and hosts."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Protocol


class Limiter(Protocol):
    """One sequence of request slots per rate family, shared by all workers and hosts."""

    # Celery's own rate_limit counts per worker and blocks that worker's prefetch. One worker
    # more would be one more request a second than the provider allows.
    def reserve(self, family: str, count: int = 1, within: float = inf) -> float:
        """Reserve slots and return the seconds until the first.

        Args:
            family: The rate family. One without a spacing of its own is `other`.
            count: Slots to reserve, one spacing apart.
            within: The longest acceptable wait in seconds.

        Returns:
            Wall seconds. More than `within` means that nothing was reserved.
        """
        ...

    def confirm(self, family: str) -> float:
        """Take a reserved slot, just before the request.

        Returns:
            0.0, or the seconds still to wait because the last slot was taken less than a spacing
            ago.
        """
        ...

    def confirm_late(self, family: str) -> None:
        """Move the confirmed slot to this moment, because its request leaves only now."""
        ...

    def describe(self) -> Mapping[str, Mapping[str, float]]:
        """Return spacing_seconds, wait_seconds and left_per_minute of each family.

        `wait_seconds` is the time until the next free slot, `left_per_minute` the free slots of
        the next minute.
        """
        ...
