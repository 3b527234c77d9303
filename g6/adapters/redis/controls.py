"""Switches that reach a running system, in one Redis hash."""

from __future__ import annotations

import redis

from g6.adapters.redis.payload import decode, encode
from g6.adapters.redis.server import Reply, translated
from g6.domain.reports import Switches

TAKE_BACK = """
local controls, mark = KEYS[1], KEYS[2]
if redis.call('EXISTS', mark) == 1 then return redis.call('HDEL', controls, ARGV[1]) end
return redis.call('HSET', controls, ARGV[1], 'null')
"""
"""Takes a switch back.

The next sign of a beat gives an emptied Redis the switches that the beat read before, but for those
that are set. A pause that a person had ended in between came back and stayed. So a switch that is
taken back while the mark of the beats is gone stays as null until then.
"""


class RedisControls:
    """Controls port over the hash `<namespace>:controls`. Values are JSON.

    It reads `<namespace>:beat`, the mark of the beats, which is gone where Redis was emptied.
    """

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client = client
        self._key = f"{namespace}:controls"
        self._mark = f"{namespace}:beat"
        self._take_back = client.register_script(TAKE_BACK)

    @translated
    def read(self) -> Switches:
        """Return the switches in force.

        Raises:
            RedisDown: Redis does not answer.
        """
        fields: Reply = self._client.hgetall(self._key)
        return Switches.from_json({name.decode(): decode(value) for name, value in fields.items()})

    @translated
    def set(self, name: str, value: object) -> None:
        """Set one switch. None removes it.

        Raises:
            RedisDown: The switch is not set.
        """
        if value is None:
            self._take_back(keys=[self._key, self._mark], args=[name])
        else:
            self._client.hset(self._key, name, encode(value))
