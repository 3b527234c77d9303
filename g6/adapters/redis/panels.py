"""The newest panels in Redis, for every screen and stream; a panel yields only to one of the same or a newer cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis

from g6.adapters.redis.payload import decode, encode
from g6.adapters.redis.server import translated
from g6.domain.cycles.cycle import parse_z

PUT = """
local cycle, names, fields, documents, taken = ARGV[1], {}, {}, {}, {}
for i = 2, #ARGV, 2 do names[#names + 1] = ARGV[i] end
for i, held in ipairs(redis.call('HMGET', KEYS[1], unpack(names))) do
  if not held or tonumber(string.match(held, '^[^|]*')) <= tonumber(string.match(cycle, '^[^|]*')) then
    taken[#taken + 1] = names[i]
    fields[#fields + 1], fields[#fields + 2] = names[i], cycle
    documents[#documents + 1], documents[#documents + 2] = KEYS[i + 1], ARGV[2 * i + 1]
  end
end
if #taken > 0 then
  redis.call('MSET', unpack(documents))
  redis.call('HSET', KEYS[1], unpack(fields))
end
return taken
"""
"""One call for all panels of a cycle. KEYS: the hash name -> "epoch|cycle", then a key per panel; ARGV: "epoch|cycle", then
name and document of each panel. Instants are compared as numbers: as text 04:05:00.5Z would stand before 04:05:00Z."""


class RedisPanels:
    """PanelStore port over the keys `<namespace>:panel:{name}` and, for the cycle each is of, the hash `<namespace>:panels`."""

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client, self._prefix, self._cycles = (
            client,
            f"{namespace}:panel:",
            f"{namespace}:panels",
        )
        self._put = client.register_script(PUT)

    @translated
    def put(self, cycle: str, panels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """Store panel documents by name, as of `cycle`, in one step; return the names that were taken. Errors: RedisDown."""
        if not panels:
            return ()
        keys = [self._cycles, *(self._prefix + name for name in panels)]
        documents = [part for name, document in panels.items() for part in (name, encode(document))]
        taken: Any = self._put(
            keys=keys, args=[f"{parse_z(cycle).timestamp():.6f}|{cycle}", *documents]
        )
        return tuple(name.decode() for name in taken)

    @translated
    def get(self, name: str) -> Mapping[str, Any] | None:
        """Return one panel's document, None when there is none. Errors: RedisDown."""
        raw: Any = self._client.get(self._prefix + name)
        return None if raw is None else dict(decode(raw))

    @translated
    def all(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every panel's document by name. Two round trips. Errors: RedisDown."""
        names = self.names()
        raws: Any = self._client.mget([self._prefix + name for name in names]) if names else ()
        return {name: decode(raw) for name, raw in zip(names, raws, strict=True) if raw is not None}

    @translated
    def names(self) -> Sequence[str]:
        """Return the names there are, sorted. Errors: RedisDown."""
        return sorted(self.cycles())

    @translated
    def cycles(self) -> Mapping[str, str]:
        """Return the cycle each panel is of, by name. Errors: RedisDown."""
        held: Any = self._client.hgetall(self._cycles)
        return {name.decode(): at.decode().partition("|")[2] for name, at in held.items()}
