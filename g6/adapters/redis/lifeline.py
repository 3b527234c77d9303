"""What beat remembers for Redis: that a beat lives, when Redis was away, and what is lost when Redis is emptied."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import redis

from g6.adapters.redis.server import translated
from g6.domain.cycles.unopened import why_unopened
from g6.errors import RedisDown

SLOW_SECONDS = 1.0
"""An answer that took longer was an outage: the server stood still."""
KEPT = 64
"""Beats and outages that are remembered."""
KEEP = """
local mark, beats, outages, controls, clock = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, born, seen, away, reach = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', tonumber(ARGV[5])
local emptied, newest = redis.call('EXISTS', mark) == 0, ''
redis.call('SET', mark, ARGV[1])
if seen and (away or emptied) then
  local first = emptied and seen - reach or seen
  redis.call('RPUSH', outages, string.format('%.6f|%.6f|%s', first, now, away and 'redis_down' or 'ledger_lost'))
  redis.call('LTRIM', outages, -tonumber(ARGV[6]), -1)
end
redis.call('HSET', beats, born, ARGV[1])
if redis.call('HLEN', beats) > tonumber(ARGV[6]) then
  for i, value in ipairs(redis.call('HGETALL', beats)) do
    if i % 2 == 1 then newest = value elseif tonumber(value) < now - 3600 then redis.call('HDEL', beats, newest) end
  end
end
if emptied then
  if ARGV[7] ~= '' then redis.call('SET', clock, ARGV[7], 'NX') end
  for i = 8, #ARGV, 2 do redis.call('HSETNX', controls, ARGV[i], ARGV[i + 1]) end
end
return redis.call('HGETALL', controls)
"""


class RedisLifeline:
    """Lifeline port.

    Keys: hash `<ns>:beats` (born -> last sign), list `<ns>:outages`, and the mark `<ns>:beat`, gone when Redis was emptied.
    `origin` gives the wall time at which a simulated market started, None where there is none; `reach`: seconds before Redis was
    emptied in which an open cycle may have begun.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str,
        *,
        reach: float = 60.0,
        origin: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._client, self._reach, self._origin = client, reach, origin
        self._keys = [
            f"{namespace}:{name}" for name in ("beat", "beats", "outages", "controls", "clock")
        ]
        self._keep = client.register_script(KEEP)
        self._born = time.time()
        self._seen: float | None = None
        self._away = False
        self._sending = 0.0
        self._controls: Mapping[bytes, bytes] = {}

    def record_beat(self) -> bool:
        """Say that a beat lives; False when Redis is away. Where it was, note from when to when; where emptied, give back."""
        began = time.time()
        try:
            controls = self._said()
            if time.time() - began > SLOW_SECONDS:
                self._away = True
                controls = self._said()
        except RedisDown:
            self._away = True
            return False
        self._seen, self._away, self._controls = time.time(), False, controls
        return True

    def before_publish(self) -> None:
        """Note that beat is about to publish; a publish before that never came to its end met a Redis that was away."""
        self._away = self._away or self._sending > 0.0
        self._sending = time.time()

    def after_publish(self) -> None:
        """Note that it was published; a publish that took long stood before a Redis that stood still."""
        self._away = self._away or time.time() - self._sending > SLOW_SECONDS
        self._sending = 0.0

    @translated
    def reasons(self, dues: Sequence[float]) -> Sequence[str]:
        """Return for each due time (epoch seconds) why nobody opened that cycle, "" where nothing is known. Errors: RedisDown."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hgetall(self._keys[1])
        pipeline.lrange(self._keys[2], 0, -1)
        beats, outages = pipeline.execute()
        lived = [(float(born), float(last)) for born, last in beats.items()]
        away = [
            (float(first), float(last), reason)
            for first, last, reason in (each.decode().split("|") for each in outages)
        ]
        return [why_unopened(due, lived, away) for due in dues]

    @translated
    def _said(self) -> Mapping[bytes, bytes]:
        origin = self._origin()
        held: Any = self._keep(
            keys=self._keys,
            args=[
                f"{time.time():.6f}", f"{self._born:.6f}", "" if self._seen is None else f"{self._seen:.6f}", int(self._away),
                self._reach, KEPT, "" if origin is None else repr(origin),
                *(part for pair in self._controls.items() for part in pair),
            ],
        )  # fmt: skip
        return dict(zip(held[::2], held[1::2], strict=True))
