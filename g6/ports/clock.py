"""The clock: the market's time and the wall's."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Two faces of time. Live they coincide. A simulated or replayed market moves its own only.

    Market time is for cycles, sessions, ages and everything that is stored. Wall time is for
    deadlines, leases, times to live and durations.
    """

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        ...

    def market(self) -> datetime:
        """Return the market's instant in UTC."""
        ...

    def wall_of(self, instant: datetime) -> float:
        """Return the wall time (epoch seconds) at which the market reaches `instant`."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` of wall time. A clock that stands moves on by them at once."""
        ...


class MarketStart(Protocol):
    """The start of a market that several processes share: one of them starts it for all."""

    def set_origin(self, wall: float | None = None) -> float:
        """Start the market at `wall` (epoch seconds, default now) unless it has started.

        Returns:
            The origin in force.
        """
        ...

    def wall_origin(self) -> float | None:
        """Return the epoch seconds of wall time at which it started, None when it has not."""
        ...


class InstantFeed(Protocol):
    """The way in which the instants of a recording reach its clock."""

    def send(self, instant: datetime) -> float:
        """Record that `instant` is sent now, unless it was sent before.

        Returns:
            The wall time (epoch seconds) of its first sending.
        """
        ...
