"""The provider's rate limit: one sequence of request slots per family, shared by all workers and hosts, on Redis' own clock."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import redis

from g6.adapters.redis.server import translated

LONGEST = 600.0
"""Seconds further ahead than anybody would wait."""

RESERVE = """
local at = redis.call('TIME')
local now = at[1] * 1000000 + at[2]
local free = tonumber(redis.call('GET', KEYS[1]) or 0)
-- A slot further ahead than anybody would wait was reserved before the server's clock went back.
if free < now or free > now + 600000000 then free = now end
if free - now > tonumber(ARGV[3]) then return free - now end
local after = free + ARGV[1] * ARGV[2]
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1000)
return free - now
"""

CONFIRM = """
local at = redis.call('TIME')
local now = at[1] * 1000000 + at[2]
local last = tonumber(redis.call('GET', KEYS[2]) or 0)
if ARGV[2] == '0' and last <= now and now < last + ARGV[1] then return last + ARGV[1] - now end
redis.call('SET', KEYS[2], string.format('%.0f', now), 'PX', math.ceil(ARGV[1] / 1000) + 1000)
-- Who was woken late moves the sequence along: nobody is to come sooner than a spacing after him.
local free = tonumber(redis.call('GET', KEYS[1]) or 0)
if free < now + ARGV[1] then
  redis.call('SET', KEYS[1], string.format('%.0f', now + ARGV[1]), 'PX', math.ceil(ARGV[1] / 1000) + 1000)
end
return 0
"""


class RedisLimiter:
    """Limiter port over the keys `<namespace>:slots:{family}`; a family without a spacing of its own is `other`.

    `<namespace>:slots:{family}:last` is when the last slot was confirmed: a request is never less than a spacing after it,
    however late a process was woken.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str = "g6",
        *,
        spacings: Mapping[str, float],
    ) -> None:
        self._client, self._prefix, self._spacings = client, f"{namespace}:slots:", dict(spacings)
        self._reserve, self._confirm = (
            client.register_script(RESERVE),
            client.register_script(CONFIRM),
        )

    @translated
    def reserve(self, family: str, count: int = 1, within: float = inf) -> float:
        """Reserve the next `count` slots of `family`, one spacing apart; return the seconds until the first.

        Above `within` seconds nothing is reserved. Errors: RedisDown.
        """
        family = self._known(family)
        spacing = round(self._spacings[family] * 1e6)
        return (
            float(
                self._reserve(
                    keys=[self._prefix + family],
                    args=[spacing, count, round(min(within, LONGEST) * 1e6)],
                )
            )
            / 1e6
        )

    @translated
    def confirm(self, family: str) -> float:
        """Take a reserved slot now; return 0, or the seconds that are still to wait. Errors: RedisDown."""
        return self._take(family, 0)

    @translated
    def confirm_late(self, family: str) -> None:
        """Take the slot anew, now: the request of the one confirmed before left only now. Errors: RedisDown."""
        self._take(family, 1)

    def _take(self, family: str, again: int) -> float:
        family = self._known(family)
        key, spacing = self._prefix + family, round(self._spacings[family] * 1e6)
        return float(self._confirm(keys=[key, f"{key}:last"], args=[spacing, again])) / 1e6

    def spacing(self, family: str) -> float:
        """Return the seconds between two slots of `family`."""
        return self._spacings[self._known(family)]

    @translated
    def describe(self) -> Mapping[str, Mapping[str, float]]:
        """Return per family its spacing, the seconds until its next free slot and the requests left in the next minute."""
        families = list(self._spacings)
        pipeline = self._client.pipeline(transaction=False)
        pipeline.time()
        pipeline.mget([self._prefix + family for family in families])
        (seconds, microseconds), free = pipeline.execute()
        now = seconds * 1_000_000 + microseconds
        waits = [max(0.0, (int(slot or 0) - now) / 1e6) for slot in free]
        return {
            family: _budget(self._spacings[family], wait)
            for family, wait in zip(families, waits, strict=True)
        }

    def _known(self, family: str) -> str:
        return family if family in self._spacings else "other"


def _budget(spacing: float, wait: float) -> dict[str, Any]:
    return {
        "spacing_seconds": spacing,
        "wait_seconds": wait,
        "left_per_minute": max(0, int((60.0 - wait) / spacing)),
    }
