"""Totals of the metrics in Redis: one hash with the id of the last event in it, so that both are written together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import redis

from g6.adapters.redis.server import translated

LAST = b"@last"
TEXT = b"#"
_SAVE = """
local held = redis.call('HGET', KEYS[1], '@last')
if (held or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], '@last', ARGV[2])
for first = 3, #ARGV, 1000 do
  redis.call('HSET', KEYS[1], unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
return 1
"""


class RedisTotals:
    """TotalsStore over the hash `<namespace>:totals`: `@last` the event's id, `#name` a text, any other field a number."""

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client, self._key = client, f"{namespace}:totals"
        self._save = client.register_script(_SAVE)

    @translated
    def load(self) -> tuple[dict[str, float], dict[str, str], str]:
        """Return numbers, texts and the last event's id; empty and "0" when there is nothing. Errors: RedisDown."""
        fields: dict[bytes, bytes] = self._client.hgetall(self._key)  # type: ignore[assignment]
        last = fields.pop(LAST, b"0").decode()
        texts = {
            name[1:].decode(): fields.pop(name).decode()
            for name in [name for name in fields if name.startswith(TEXT)]
        }
        return {name.decode(): float(value) for name, value in fields.items()}, texts, last

    @translated
    def save(
        self, numbers: Mapping[str, float], texts: Mapping[str, str], last_id: str, after: str
    ) -> bool:
        """Store what changed and `last_id`, unless another id than `after` is held: then store nothing and return False.

        One call. Errors: RedisDown.
        """
        pairs: list[Any] = list(
            chain.from_iterable((name, repr(float(value))) for name, value in numbers.items())
        )
        pairs += chain.from_iterable((f"#{name}", text) for name, text in texts.items())
        return bool(self._save(keys=[self._key], args=[after, last_id, *pairs]))
