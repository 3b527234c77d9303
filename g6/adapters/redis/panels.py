"""The newest panels in Redis, for every screen and stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import redis

from g6.adapters.redis.payload import decode, encode
from g6.adapters.redis.server import Reply, translated
from g6.domain.cycles.cycle import parse_z
from g6.domain.schema.json_types import Document

PUT = """
local names, fields, documents, taken = {}, {}, {}, {}
local function epoch(text) return tonumber(string.match(text, '^[^|]*')) end
for i = 1, #ARGV, 3 do names[#names + 1] = ARGV[i] end
for i, held in ipairs(redis.call('HMGET', KEYS[1], unpack(names))) do
  local cycle, document = ARGV[3 * i - 1], ARGV[3 * i]
  if not held or epoch(held) <= epoch(cycle) then
    taken[#taken + 1] = names[i]
    fields[#fields + 1], fields[#fields + 2] = names[i], cycle
    documents[#documents + 1], documents[#documents + 2] = KEYS[i + 1], document
  end
end
if #taken > 0 then
  redis.call('MSET', unpack(documents))
  redis.call('HSET', KEYS[1], unpack(fields))
end
return taken
"""
"""Stores panels in one call.

KEYS: the hash name -> "epoch|cycle", then a key per panel. ARGV: name, "epoch|cycle" and document
of each panel. Instants are compared as numbers, because as text 04:05:00.5Z would stand
before 04:05:00Z.
"""


class RedisPanels:
    """PanelStore port over `<namespace>:panel:{name}` and the hash `<namespace>:panels`.

    The hash holds the cycle that each panel is of.
    """

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client = client
        self._prefix = f"{namespace}:panel:"
        self._cycles = f"{namespace}:panels"
        self._put = client.register_script(PUT)

    @translated
    def put(self, panels: Mapping[str, Document]) -> tuple[str, ...]:
        """Store panel documents in one step and return the names of those that were replaced.

        Each is of the cycle that it names itself.

        Raises:
            RedisDown: Nothing is stored.
        """
        if not panels:
            return ()
        keys = [self._cycles]
        arguments: list[str | bytes] = []
        for name, document in panels.items():
            keys.append(self._prefix + name)
            cycle = str(document["updated_at"])
            mark = f"{parse_z(cycle).timestamp():.6f}|{cycle}"
            arguments += (name, mark, encode(document))
        replaced: Reply = self._put(keys=keys, args=arguments)
        return tuple(name.decode() for name in replaced)

    @translated
    def get(self, name: str) -> Document | None:
        """Return one panel's document, None when there is none.

        Raises:
            RedisDown: Redis does not answer.
        """
        raw: Reply = self._client.get(self._prefix + name)
        return None if raw is None else dict(decode(raw))

    @translated
    def all(self) -> Mapping[str, Document]:
        """Return every panel's document by name. Two round trips.

        Raises:
            RedisDown: Redis does not answer.
        """
        names = self.names()
        if not names:
            return {}
        raws: Reply = self._client.mget([self._prefix + name for name in names])
        pairs = zip(names, raws, strict=True)
        # A cache that evicts may have dropped a panel between the two round trips.
        return {name: decode(raw) for name, raw in pairs if raw is not None}

    @translated
    def names(self) -> Sequence[str]:
        """Return the names of all panels, sorted."""
        return sorted(self.cycles())

    @translated
    def cycles(self) -> Mapping[str, str]:
        """Return the cycle that each panel is of, by name."""
        cycles: Reply = self._client.hgetall(self._cycles)
        return {name.decode(): at.decode().partition("|")[2] for name, at in cycles.items()}
