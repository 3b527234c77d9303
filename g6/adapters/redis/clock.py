"""A clock that many processes share: the wall time at which its market started stands in Redis."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import redis

from g6.adapters.redis.server import translated


class SharedClock:
    """Clock port of a simulated market on several processes or hosts, started once by their supervisor.

    The wall origin (epoch seconds) is the key `<namespace>:clock`, read when first needed and then kept. Until it is set the
    market stands at `market_origin` (UTC) and `wall_of` answers as if it started now. `speed` is market seconds per wall second.
    """

    def __init__(
        self, client: redis.Redis, namespace: str, market_origin: datetime, speed: float = 1.0
    ) -> None:
        self._client, self._key = client, f"{namespace}:clock"
        self._market_origin, self._speed = market_origin, speed
        self._origin: float | None = None

    @translated
    def set_origin(self, wall: float | None = None) -> float:
        """Start the market at `wall` (epoch seconds, default now) unless it was started; return the origin in force."""
        wanted = time.time() if wall is None else wall
        self._client.set(self._key, repr(wanted), nx=True)
        origin = self.wall_origin()
        return wanted if origin is None else origin

    @translated
    def wall_origin(self) -> float | None:
        """Return the wall time (epoch seconds) at which the market started, None when it has not. Errors: RedisDown."""
        if self._origin is None:
            held: Any = self._client.get(self._key)
            self._origin = None if held is None else float(held)
        return self._origin

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        return time.time()

    def market(self) -> datetime:
        """Return the market's instant, UTC. Errors: RedisDown, only while the origin is not known."""
        now = time.time()
        origin = self.wall_origin()
        passed = 0.0 if origin is None else max(0.0, now - origin)
        return self._market_origin + timedelta(seconds=passed * self._speed)

    def wall_of(self, instant: datetime) -> float:
        """Return the wall time (epoch seconds) at which the market reaches `instant`."""
        origin = self.wall_origin()
        start = time.time() if origin is None else origin
        return start + (instant - self._market_origin).total_seconds() / self._speed

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` of wall time."""
        time.sleep(seconds)
