"""The limiter in Redis: one sequence of request slots per family, on Redis' own clock.

All workers and hosts share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import redis

from g6.adapters.redis.server import Reply, translated

LONGEST_SECONDS = 600.0
"""Nobody waits so long for a slot."""

RESERVE = """
local at = redis.call('TIME')
local now = at[1] * 1000000 + at[2]
local free = tonumber(redis.call('GET', KEYS[1]) or 0)
-- A slot further ahead than anybody would wait was reserved before the server's clock went back.
if free < now or free > now + 600000000 then free = now end
if free - now > tonumber(ARGV[3]) then return free - now end
local after = free + ARGV[1] * ARGV[2]
local ttl = math.ceil((after - now) / 1000) + 1000
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', ttl)
return free - now
"""

CONFIRM = """
local at = redis.call('TIME')
local now = at[1] * 1000000 + at[2]
local last = tonumber(redis.call('GET', KEYS[2]) or 0)
if ARGV[2] == '0' and last <= now and now < last + ARGV[1] then return last + ARGV[1] - now end
local ttl = math.ceil(ARGV[1] / 1000) + 1000
redis.call('SET', KEYS[2], string.format('%.0f', now), 'PX', ttl)
-- Who was woken late moves the sequence along: nobody is to come sooner than a spacing after him.
local free = tonumber(redis.call('GET', KEYS[1]) or 0)
if free < now + ARGV[1] then
  redis.call('SET', KEYS[1], string.format('%.0f', now + ARGV[1]), 'PX', ttl)
end
return 0
"""


class RedisLimiter:
    """Limiter port over the keys `<namespace>:slots:{family}`.

    A family without a spacing of its own is `other`. `<namespace>:slots:{family}:last` is when the
    last slot was confirmed. A request is never less than a spacing after it, however late a
    process was woken.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str = "g6",
        *,
        spacings: Mapping[str, float],
    ) -> None:
        self._client = client
        self._prefix = f"{namespace}:slots:"
        self._spacings = dict(spacings)
        self._reserve = client.register_script(RESERVE)
        self._confirm = client.register_script(CONFIRM)

    @translated
    def reserve(self, family: str, count: int = 1, within: float = inf) -> float:
        """Reserve `count` slots, one spacing apart, and return the seconds until the first.

        Above `within` seconds nothing is reserved.

        Raises:
            RedisDown: Redis does not answer.
        """
        family = self._family_of(family)
        spacing = round(self._spacings[family] * 1e6)
        longest = round(min(within, LONGEST_SECONDS) * 1e6)
        microseconds: Reply = self._reserve(
            keys=[self._prefix + family], args=[spacing, count, longest]
        )
        return float(microseconds) / 1e6

    @translated
    def confirm(self, family: str) -> float:
        """Take a reserved slot now. Return 0.0, or the seconds still to wait.

        Raises:
            RedisDown: Redis does not answer.
        """
        return self._take_slot(family, 0)

    @translated
    def confirm_late(self, family: str) -> None:
        """Move the confirmed slot to this moment, because its request leaves only now.

        Raises:
            RedisDown: Redis does not answer.
        """
        self._take_slot(family, 1)

    def _take_slot(self, family: str, again: int) -> float:
        family = self._family_of(family)
        key = self._prefix + family
        spacing = round(self._spacings[family] * 1e6)
        microseconds: Reply = self._confirm(keys=[key, f"{key}:last"], args=[spacing, again])
        return float(microseconds) / 1e6

    def spacing(self, family: str) -> float:
        """Return the seconds between two slots of `family`."""
        return self._spacings[self._family_of(family)]

    @translated
    def describe(self) -> Mapping[str, Mapping[str, float]]:
        """Return spacing_seconds, wait_seconds and left_per_minute of each family."""
        families = list(self._spacings)
        pipeline = self._client.pipeline(transaction=False)
        pipeline.time()
        pipeline.mget([self._prefix + family for family in families])
        (seconds, microseconds), free = pipeline.execute()
        now = seconds * 1_000_000 + microseconds
        budgets = {}
        for family, slot in zip(families, free, strict=True):
            wait_seconds = max(0.0, (int(slot or 0) - now) / 1e6)
            budgets[family] = _budget(self._spacings[family], wait_seconds)
        return budgets

    def _family_of(self, family: str) -> str:
        return family if family in self._spacings else "other"


def _budget(spacing: float, wait: float) -> dict[str, float]:
    return {
        "spacing_seconds": spacing,
        "wait_seconds": wait,
        "left_per_minute": max(0, int((60.0 - wait) / spacing)),
    }
