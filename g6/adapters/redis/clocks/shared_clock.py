"""A clock that many processes share: the wall time at which its market started stands in Redis."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import redis

from g6.adapters.redis.server import Reply, translated


class SharedClock:
    """Clock port of a simulated market on several processes or hosts.

    Their supervisor starts it once. The wall origin (epoch seconds) is the key
    `<namespace>:clock`, read when it is first needed and then remembered. Until it is set the
    market stands at `market_origin` (UTC) and `wall_of` answers as if it started now. `speed` is
    market seconds per wall second.
    """

    def __init__(
        self, client: redis.Redis, namespace: str, market_origin: datetime, speed: float = 1.0
    ) -> None:
        self._client = client
        self._key = f"{namespace}:clock"
        self._market_origin = market_origin
        self._speed = speed
        self._origin: float | None = None

    @translated
    def set_origin(self, wall: float | None = None) -> float:
        """Start the market at `wall` (epoch seconds, default now) unless it has started.

        Returns:
            The origin in force.
        """
        proposal = time.time() if wall is None else wall
        self._client.set(self._key, repr(proposal), nx=True)
        origin = self.wall_origin()
        return proposal if origin is None else origin

    @translated
    def wall_origin(self) -> float | None:
        """Return the wall time (epoch seconds) at which the market started, None when it has not.

        Raises:
            RedisDown: Redis does not answer.
        """
        if self._origin is None:
            text: Reply = self._client.get(self._key)
            self._origin = None if text is None else float(text)
        return self._origin

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        return time.time()

    def market(self) -> datetime:
        """Return the market's instant in UTC.

        Raises:
            RedisDown: Redis does not answer, and the origin is not known yet.
        """
        now = time.time()
        origin = self.wall_origin()
        elapsed = 0.0 if origin is None else max(0.0, now - origin)
        return self._market_origin + timedelta(seconds=elapsed * self._speed)

    def wall_of(self, instant: datetime) -> float:
        """Return the wall time (epoch seconds) at which the market reaches `instant`."""
        origin = self.wall_origin()
        start = time.time() if origin is None else origin
        return start + (instant - self._market_origin).total_seconds() / self._speed

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` of wall time."""
        time.sleep(seconds)
