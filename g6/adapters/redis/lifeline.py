"""The lifeline in Redis: beats' signs of life, outages, and what an emptied Redis is given back."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import redis

from g6.adapters.redis.server import Reply, translated
from g6.domain.cycles.unopened import (
    STOOD_STILL_SECONDS,
    is_settled,
    known_end,
    why_unopened,
)
from g6.errors import RedisDown

SLOW_SECONDS = 1.0
"""An answer that took longer was an outage: the server stood still."""
HISTORY_LENGTH = 64
"""Beats and outages that are remembered."""
KEEP = """
local mark, beats, outages, controls, clock, open = unpack(KEYS)
local now, born, seen = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local away, reach = ARGV[4] ~= '', tonumber(ARGV[5])
local emptied, newest, name = redis.call('EXISTS', mark) == 0, '', ''
redis.call('SET', mark, ARGV[1])
if away or (seen and emptied) then
  local first = seen or tonumber(ARGV[8] ~= '' and ARGV[8] or born)
  if away then
    first = math.max(first, tonumber(ARGV[15]))
    local lives = redis.call('HGETALL', beats)
    for i = 1, #lives, 2 do
      local till = tonumber(lives[i + 1])
      local own = lives[i] == born or lives[i] == ARGV[8]
      if not own and till < tonumber(ARGV[14]) then first = math.max(first, till) end
    end
  end
  if seen and emptied then first = math.min(seen, tonumber(ARGV[11])) - reach end
  local reason = away and 'redis_down' or 'ledger_lost'
  local last = away and tonumber(ARGV[4]) or now
  redis.call('RPUSH', outages, string.format('%.6f|%.6f|%s', first, last, reason))
  redis.call('LTRIM', outages, -tonumber(ARGV[6]), -1)
end
if ARGV[8] ~= '' then redis.call('HSET', beats, ARGV[8], ARGV[9]) end
redis.call('HSET', beats, born, ARGV[10])
if redis.call('HLEN', beats) > tonumber(ARGV[6]) then
  for i, value in ipairs(redis.call('HGETALL', beats)) do
    if i % 2 == 1 then
      newest = value
    elseif tonumber(value) < now - 3600 then
      redis.call('HDEL', beats, newest)
    end
  end
end
if emptied then
  redis.call('HSETNX', beats, ARGV[12], ARGV[13])
  if ARGV[7] ~= '' then redis.call('SET', clock, ARGV[7], 'NX') end
  for i = 16, #ARGV, 2 do redis.call('HSETNX', controls, ARGV[i], ARGV[i + 1]) end
  for i, value in ipairs(redis.call('HGETALL', controls)) do
    if i % 2 == 1 then
      name = value
    elseif value == 'null' then
      redis.call('HDEL', controls, name)
    end
  end
end
return { redis.call('HGETALL', controls), redis.call('ZRANGE', open, 0, 0, 'WITHSCORES') }
"""


class RedisLifeline:
    """Lifeline port.

    Keys: hash `<ns>:beats` (born -> until when it sent what was due, as of its last sign), list
    `<ns>:outages`, and the mark `<ns>:beat`, the newest sign, which is gone when Redis was emptied.
    `<ns>:open` of the ledger tells how far back that reaches.

    `origin` gives the wall time at which a simulated market started, None where there is none.
    `reach` is how many seconds before its deadline, or before Redis was emptied, an open cycle may
    have begun.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str,
        *,
        reach: float = 60.0,
        origin: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._client = client
        self._reach = reach
        self._origin = origin
        names = ("beat", "beats", "outages", "controls", "clock", "open")
        self._keys = [f"{namespace}:{name}" for name in names]
        self._keep = client.register_script(KEEP)
        self._born = time.time()
        self._signed_born = self._born
        self._sent_until = self._born
        self._first_life = (self._born, self._born)
        self._last_seen: float | None = None
        self._oldest_open = math.inf
        self._was_away = False
        self._met_first = 0.0
        self._met_away = 0.0
        self._active_at = self._born
        self._stood_still = False
        self._woke_at = self._born
        self._sent_since_woke = False
        self._publishing_since = 0.0
        self._controls: Mapping[bytes, bytes] = {}

    def record_beat(self) -> bool:
        """Record that a beat lives. False when Redis is away.

        Where it was away, the outage is recorded. Where it was emptied, switches and the market's
        start are given back.
        """
        began = time.time()
        try:
            controls = self._sign_in()
            if time.time() - began > SLOW_SECONDS:
                self._meet_outage()
                controls = self._sign_in()
        except RedisDown:
            self._meet_outage()
            return False
        self._last_seen = time.time()
        self._signed_born = self._born
        self._stood_still = False
        self._was_away = False
        self._controls = controls
        return True

    def before_publish(self) -> None:
        """Note that beat is about to publish.

        A publish before it that never came to its end met a Redis that was away.
        """
        self._be_active()
        if self._publishing_since:
            self._meet_outage()
        self._publishing_since = time.time()

    def after_publish(self) -> None:
        """Note that the message was published.

        A publish that took long met a Redis that stood still.
        """
        # Celery's own retries hide a Redis that stood still; the time that a publish took shows it.
        self._be_active()
        if time.time() - self._publishing_since > SLOW_SECONDS:
            self._meet_outage()
        else:
            self._sent_since_woke = True
        self._publishing_since = 0.0

    def fail_publish(self) -> None:
        """Note that the message was not published."""
        self._meet_outage()
        self._publishing_since = 0.0

    def _be_active(self) -> None:
        """Note that the process goes on, and whether it stood still until now."""
        now = time.time()
        if now - self._active_at > STOOD_STILL_SECONDS:
            self._stood_still = True
            self._woke_at = now
            self._sent_since_woke = False
        self._active_at = now

    def _meet_outage(self) -> None:
        self._be_active()
        self._met_away = time.time()
        if not self._was_away:
            self._met_first = self._met_away
        self._was_away = True

    def _not_away_until(self) -> float:
        """Return when this beat woke, if it sent something before it met the outage, else 0."""
        has_sent = self._sent_since_woke and self._woke_at < self._met_first
        return self._woke_at if has_sent else 0.0

    def _away_until(self, now: float) -> str:
        """Return until when Redis was away as far as this beat knows, empty where it was not."""
        if not self._was_away:
            return ""
        # A publish that never came to its end waited for Redis until now.
        end = now if self._publishing_since else known_end(self._met_away, now)
        return f"{end:.6f}"

    @translated
    def last_beat(self) -> float | None:
        """Return the wall time of the newest sign of a beat, None where there is none.

        Raises:
            RedisDown: Redis does not answer.
        """
        sign: Reply = self._client.get(self._keys[0])
        return None if sign is None else float(sign)

    @translated
    def first_beat(self) -> float | None:
        """Return the wall time at which the oldest beat was born, None where there is none.

        Raises:
            RedisDown: Redis does not answer.
        """
        born: Reply = self._client.hkeys(self._keys[1])
        return min((float(at) for at in born), default=None)

    @translated
    def reasons(self, dues: Sequence[float]) -> Sequence[str]:
        """Return why nobody opened the cycles due at these wall times, "" where nothing is known.

        Raises:
            RedisDown: Redis does not answer.
        """
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hgetall(self._keys[1])
        pipeline.lrange(self._keys[2], 0, -1)
        beats, outages = pipeline.execute()
        lived = [(float(born), float(last)) for born, last in beats.items()]
        away = [_outage(text.decode()) for text in outages]
        return [why_unopened(due, lived, away) for due in dues]

    @translated
    def is_settled(self, now: float) -> bool:
        """Return whether every beat that lives has signed since the last outage and the last birth.

        Raises:
            RedisDown: Redis does not answer.
        """
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hkeys(self._keys[1])
        pipeline.lrange(self._keys[2], -1, -1)
        born, outages = pipeline.execute()
        ends = [_outage(text.decode())[1] for text in outages]
        return is_settled(now, *map(float, born), *ends)

    @translated
    def _sign_in(self) -> Mapping[bytes, bytes]:
        """Record this beat in one call and return the switches in force, name by value."""
        origin = self._origin()
        now = time.time()
        # On an overloaded host one signed 0.6 s after an instant, and stood still before it sent
        # the cycle. What it did before that sign was before the instant.
        sent_until = now if self._last_seen is None else min(now, self._active_at)
        self._be_active()
        has_stood_still = self._stood_still
        if has_stood_still:
            # Also one that stood still before its first sign: its life from its birth on said of
            # cycles that it slept through that no worker had taken them.
            # It may have sent a cycle between its waking and its sign.
            self._born = self._woke_at
            sent_until = max(sent_until, self._born)
        arguments: list[Reply] = [
            f"{now:.6f}",
            f"{self._born:.6f}",
            "" if self._last_seen is None else f"{self._last_seen:.6f}",
            self._away_until(now),
            self._reach,
            HISTORY_LENGTH,
            "" if origin is None else repr(origin),
            # A Redis that was emptied meanwhile knows no other beginning of a live run.
            f"{self._signed_born:.6f}" if has_stood_still else "",
            f"{self._sent_until:.6f}",
            f"{sent_until:.6f}",
            # A full disk keeps cycles open long after their deadlines.
            f"{min(self._oldest_open, now):.6f}",
            # Only its first life began where a live run did.
            *(f"{at:.6f}" for at in self._first_life),
            # One that stood still for 22 s as it published told all of it as an outage, of which
            # another beat had signed in the first half.
            f"{self._met_first:.6f}",
            # Nor is the time that it slept before it sent something.
            f"{self._not_away_until():.6f}",
        ]
        arguments += chain.from_iterable(self._controls.items())
        answer: Reply = self._keep(keys=self._keys, args=arguments)
        controls, oldest = answer
        self._oldest_open = float(oldest[1]) if oldest else math.inf
        self._sent_until = sent_until
        if self._born == self._first_life[0]:
            self._first_life = (self._born, sent_until)
        return dict(zip(controls[::2], controls[1::2], strict=True))


def _outage(text: str) -> tuple[float, float, str]:
    first, last, reason = text.split("|")
    return float(first), float(last), reason
