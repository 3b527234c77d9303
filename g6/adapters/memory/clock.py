"""A clock that stands until somebody moves it: runs whose time is decided, without waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(slots=True)
class StoppedClock:
    """Clock port that stands until it is moved.

    Attributes:
        now: What the wall shows, epoch seconds.
        origin: The instant at which both faces show the same, epoch seconds. The market stands
            before it.
        speed: How many seconds the market moves on for each of the wall's.

    >>> clock = StoppedClock(60.0)
    >>> clock.sleep(1.5)
    >>> clock.wall()
    61.5
    >>> StoppedClock(70.0, origin=60.0, speed=3.0).market().timestamp()
    90.0
    """

    now: float
    origin: float = 0.0
    speed: float = 1.0

    def wall(self) -> float:
        """Return `now`."""
        return self.now

    def market(self) -> datetime:
        """Return the market's instant in UTC, `now` at a speed of one."""
        since = max(self.now - self.origin, 0.0)
        return datetime.fromtimestamp(self.origin + since * self.speed, UTC)

    def wall_of(self, instant: datetime) -> float:
        """Return the epoch seconds of the wall at which the market reaches `instant`."""
        return self.origin + (instant.timestamp() - self.origin) / self.speed

    def sleep(self, seconds: float) -> None:
        """Move the wall on by `seconds` at once, so that whoever waits finds the time gone."""
        self.now += seconds
