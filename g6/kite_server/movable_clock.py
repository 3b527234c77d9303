"""The server's clock: a market time that can be set, moved and made faster while it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class ClockOrigin:
    """The wall time (epoch seconds) at which the clock showed `market`, and its speed since."""

    wall: float
    market: datetime
    speed: float


class MovableClock:
    """Market time that runs `speed` times as fast as the wall, 0 for a clock that stands."""

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        now = time.time()
        self.origin = ClockOrigin(now, start or datetime.fromtimestamp(now, UTC), speed)

    @property
    def speed(self) -> float:
        """Market seconds per wall second."""
        return self.origin.speed

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        return time.time()

    def market(self) -> datetime:
        """Return the market's instant, UTC."""
        origin = self.origin
        return origin.market + timedelta(seconds=(time.time() - origin.wall) * origin.speed)

    def move(
        self, *, at: datetime | None = None, advance: float = 0.0, speed: float | None = None
    ) -> datetime:
        """Set market time, add `advance` seconds, change its speed, and return the new time."""
        market = (at or self.market()) + timedelta(seconds=advance)
        # One assignment of a frozen value: readers in other threads see the old clock or the new
        # one.
        self.origin = ClockOrigin(
            time.time(), market.astimezone(UTC), self.speed if speed is None else speed
        )
        return market
