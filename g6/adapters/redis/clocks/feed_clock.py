"""The clock of a replay: the market stands at the instant that the feeder sent last."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import redis

from g6.adapters.redis.server import Reply, translated
from g6.domain.cycles.cycle import isoformat_z, parse_z

KEPT_SECONDS = 2 * 86_400
"""The time of a sending is known for so long, which is longer than a cycle can be open."""


class FeedClock:
    """Clock port of a recording that a feeder sends.

    Until the first instant is sent the market stands at `origin` (UTC). Keys:
    `<namespace>:clock:<cycle>` (wall seconds) and `<namespace>:clock:newest` (cycle).
    """

    def __init__(self, client: redis.Redis, namespace: str, origin: datetime) -> None:
        self._client = client
        self._prefix = f"{namespace}:clock"
        self._origin = origin

    def wall(self) -> float:
        """Return epoch seconds of the wall clock."""
        return time.time()

    @translated
    def market(self) -> datetime:
        """Return the instant that was sent last, in UTC.

        Raises:
            RedisDown: Redis does not answer.
        """
        newest: Reply = self._client.get(f"{self._prefix}:newest")
        return self._origin if newest is None else parse_z(_text(newest)).astimezone(UTC)

    @translated
    def wall_of(self, instant: datetime) -> float:
        """Return the wall time (epoch seconds) at which `instant` was sent, now if it was not.

        Raises:
            RedisDown: Redis does not answer.
        """
        sent_at: Reply = self._client.get(f"{self._prefix}:{isoformat_z(instant)}")
        return time.time() if sent_at is None else float(sent_at)

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` of wall time."""
        time.sleep(seconds)

    @translated
    def send(self, instant: datetime) -> float:
        """Record that `instant` is sent now, unless it was sent before.

        Returns:
            The wall time of its first sending.

        Raises:
            RedisDown: Redis does not answer.
        """
        cycle = isoformat_z(instant)
        self._client.set(f"{self._prefix}:{cycle}", repr(time.time()), nx=True, ex=KEPT_SECONDS)
        self._client.set(f"{self._prefix}:newest", cycle)
        return self.wall_of(instant)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
