"""The bus: one Redis Stream whose entries are the envelope `{ts, type, key, payload, meta}`, and whose ids are the events'."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import redis

from g6.adapters.redis.payload import decode, encode
from g6.adapters.redis.server import translated
from g6.domain.cycles.cycle import isoformat_z
from g6.ports import Event

NOTHING = "0-0"


def event_fields(
    type: str, payload: Mapping[str, Any], *, key: str = "", meta: Mapping[str, Any] | None = None
) -> dict[str, str | bytes]:
    """Return the fields of one stream entry, stamped with this host's wall time; also what a Lua script adds by itself."""
    return {
        "ts": isoformat_z(time.time()),
        "type": type,
        "key": key,
        "payload": encode(payload),
        "meta": encode(meta or {}),
    }


class RedisBus:
    """Bus port over the stream `<namespace>:events`, trimmed to about `length` events (whole nodes of a hundred at a time)."""

    def __init__(
        self,
        client: redis.Redis,
        namespace: str = "g6",
        *,
        length: int = 20_000,
        slice_seconds: float = 1.0,
    ) -> None:
        self._client, self._key, self._length = client, f"{namespace}:events", length
        self._slice = slice_seconds

    @translated
    def publish(
        self,
        type: str,
        payload: Mapping[str, Any],
        *,
        key: str = "",
        meta: Mapping[str, Any] | None = None,
    ) -> str:
        """Append an event, return its id. One command. Errors: RedisDown."""
        fields: dict[Any, Any] = dict(event_fields(type, payload, key=key, meta=meta))
        added: Any = self._client.xadd(self._key, fields, maxlen=self._length, approximate=True)
        return str(added, "ascii")

    @translated
    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        """Return up to `count` events after id `after` ("0": all there are, "$": only those that come during the call).

        Waits up to `block_seconds` for the first, in slices shorter than the socket's timeout. Errors: RedisDown.
        """
        if after == "$":
            after = self.bounds()[1]
        limit = time.monotonic() + block_seconds
        while True:
            left = min(limit - time.monotonic(), self._slice)
            block = max(1, int(left * 1000)) if left > 0 else None
            answer: Any = self._client.xread({self._key: after}, count=count, block=block)
            if answer or block is None:
                return [
                    _event(name.decode(), fields)
                    for _, entries in answer
                    for name, fields in entries
                ]

    @translated
    def bounds(self) -> tuple[str, str, int]:
        """Return the oldest id, the newest id ("0-0" when there is none) and the number of events ever published."""
        try:
            facts: Any = self._client.xinfo_stream(self._key)
        except redis.ResponseError as error:
            if "no such key" in str(error):
                return NOTHING, NOTHING, 0
            raise
        first = facts["first-entry"]
        return (
            first[0].decode() if first else NOTHING,
            facts["last-generated-id"].decode(),
            int(facts["entries-added"]),
        )


def _event(name: str, fields: Mapping[bytes, bytes]) -> Event:
    text = {field.decode(): value for field, value in fields.items()}
    plain = {field: text[field].decode() for field in ("ts", "type", "key")}
    return Event(name, **plain, payload=decode(text["payload"]), meta=decode(text["meta"]))
