"""The clock of a replay: the market stands at the instant that was sent last, and each instant came when it was sent."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import redis

from g6.adapters.redis.server import translated
from g6.domain.cycles.cycle import isoformat_z, parse_z

KEPT_SECONDS = 2 * 86_400
"""How long the time of a sending is known: longer than a cycle can be open."""


class FeedClock:
    """Clock port of a recording that a feeder sends; until the first instant was sent the market stands at `origin` (UTC).

    Keys: `<namespace>:clock:<cycle>` (wall seconds) and `<namespace>:clock:newest` (cycle).
    """

    def __init__(self, client: redis.Redis, namespace: str, origin: datetime) -> None:
        self._client, self._prefix, self._origin = client, f"{namespace}:clock", origin

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        return time.time()

    @translated
    def market(self) -> datetime:
        """Return the instant that was sent last, UTC. Errors: RedisDown."""
        held: Any = self._client.get(f"{self._prefix}:newest")
        return self._origin if held is None else parse_z(_text(held)).astimezone(UTC)

    @translated
    def wall_of(self, instant: datetime) -> float:
        """Return the wall time (epoch seconds) at which `instant` was sent, now for one that was not. Errors: RedisDown."""
        held: Any = self._client.get(f"{self._prefix}:{isoformat_z(instant)}")
        return time.time() if held is None else float(held)

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` of wall time."""
        time.sleep(seconds)

    @translated
    def send(self, instant: datetime) -> float:
        """Note that `instant` is sent now, unless it was before; return the wall time of its first sending. Errors: RedisDown."""
        cycle = isoformat_z(instant)
        self._client.set(f"{self._prefix}:{cycle}", repr(time.time()), nx=True, ex=KEPT_SECONDS)
        self._client.set(f"{self._prefix}:newest", cycle)
        return self.wall_of(instant)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
