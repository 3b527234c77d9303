"""The limiter: one sequence of request slots for all workers and hosts."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Protocol


class Limiter(Protocol):
    """One shared sequence of request slots for all workers and hosts."""

    def reserve(self, family: str, count: int = 1, within: float = inf) -> float:
        """Reserve the next slot(s) of `family`; return the seconds to wait before the (first) request.

        An answer above `within` means that nothing was reserved.
        """
        ...

    def confirm(self, family: str) -> float:
        """Take a reserved slot now, just before the request; 0, or the seconds to wait because the last was taken too lately."""
        ...

    def confirm_late(self, family: str) -> None:
        """Hear that the request of the confirmed slot left only now: the next slots are a spacing after this moment."""
        ...

    def describe(self) -> Mapping[str, Mapping[str, float]]:
        """Return per family spacing_seconds, wait_seconds until the next free slot, left_per_minute."""
        ...
