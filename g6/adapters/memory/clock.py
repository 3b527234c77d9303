"""A clock that stands until somebody moves it: runs whose time is decided, without waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(slots=True)
class StoppedClock:
    """Clock port that stands until it is moved. Both faces show `now`, epoch seconds.

    >>> clock = StoppedClock(60.0)
    >>> clock.sleep(1.5)
    >>> clock.wall()
    61.5
    """

    now: float

    def wall(self) -> float:
        """Return `now`."""
        return self.now

    def market(self) -> datetime:
        """Return `now` in UTC."""
        return datetime.fromtimestamp(self.now, UTC)

    def wall_of(self, instant: datetime) -> float:
        """Return `instant` in epoch seconds."""
        return instant.timestamp()

    def sleep(self, seconds: float) -> None:
        """Move both faces on by `seconds` at once, so that whoever waits finds the time gone."""
        self.now += seconds
