"""Totals of the metrics in Redis: one hash that holds the id of the last event as well."""

from __future__ import annotations

from collections.abc import Mapping

import redis

from g6.adapters.redis.server import translated

LAST = b"@last"
TEXT = b"#"
_SAVE = """
-- Numbers and the event's id are written together or not at all: an exact total counts each once.
local held = redis.call('HGET', KEYS[1], '@last')
if (held or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], '@last', ARGV[2])
for first = 3, #ARGV, 1000 do
  redis.call('HSET', KEYS[1], unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
return 1
"""


class RedisTotals:
    """TotalsStore over the hash `<namespace>:totals`.

    The field `@last` is the event's id, `#name` a text, and any other field a number.
    """

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client = client
        self._key = f"{namespace}:totals"
        self._save = client.register_script(_SAVE)

    @translated
    def load(self) -> tuple[dict[str, float], dict[str, str], str]:
        """Return numbers, texts and the last event's id. Without any they are empty and "0".

        Raises:
            RedisDown: Redis does not answer.
        """
        fields: dict[bytes, bytes] = self._client.hgetall(self._key)  # type: ignore[assignment]
        last = fields.pop(LAST, b"0").decode()
        numbers: dict[str, float] = {}
        texts: dict[str, str] = {}
        for name, value in fields.items():
            if name.startswith(TEXT):
                texts[name[1:].decode()] = value.decode()
            else:
                numbers[name.decode()] = float(value)
        return numbers, texts, last

    @translated
    def save(
        self, numbers: Mapping[str, float], texts: Mapping[str, str], last_id: str, after: str
    ) -> bool:
        """Store the changes and `last_id` in one call, if the stored id is `after`.

        Returns:
            False when another id is stored. Then nothing is changed.

        Raises:
            RedisDown: Nothing is known to be stored.
        """
        arguments = [after, last_id]
        for name, value in numbers.items():
            arguments += (name, repr(float(value)))
        for name, text in texts.items():
            arguments += (f"#{name}", text)
        return bool(self._save(keys=[self._key], args=arguments))
