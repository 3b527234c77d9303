"""The bus: one Redis Stream whose entries are the envelope `{ts, type, key, payload, meta}`.

The ids of its entries are the events' ids.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import redis

from g6.adapters.redis.payload import decode, encode
from g6.adapters.redis.server import Reply, translated
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.reports import Event, EventMeta, Report, parse_report

NOTHING = "0-0"


def event_fields(
    report: Report, *, key: str = "", meta: EventMeta | None = None
) -> dict[str, str | bytes]:
    """Return the fields of one stream entry, stamped with this host's wall time.

    The ledger's script adds an entry of the same fields by itself.
    """
    return {
        "ts": isoformat_z(time.time()),
        "type": str(report.type),
        "key": key,
        "payload": encode(report.to_json()),
        "meta": encode({} if meta is None else meta.to_json()),
    }


class RedisBus:
    """Bus port over the stream `<namespace>:events`.

    The stream is trimmed to about `length` events, whole nodes of a hundred at a time.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str = "g6",
        *,
        length: int = 20_000,
        slice_seconds: float = 1.0,
    ) -> None:
        self._client = client
        self._key = f"{namespace}:events"
        self._length = length
        self._slice_seconds = slice_seconds

    @translated
    def publish(self, report: Report, *, key: str = "", meta: EventMeta | None = None) -> str:
        """Append an event and return its id. One command.

        Raises:
            RedisDown: The event is not published.
        """
        fields: Reply = event_fields(report, key=key, meta=meta)
        # An exact MAXLEN would cut a node of the stream at every event; Redis drops whole nodes.
        event_id: Reply = self._client.xadd(
            self._key, fields, maxlen=self._length, approximate=True
        )
        return str(event_id, "ascii")

    @translated
    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        """Return up to `count` events after id `after` ("0": all, "$": only those to come).

        It waits up to `block_seconds` for the first, in slices shorter than the socket's timeout.

        Raises:
            RedisDown: Redis does not answer.
        """
        if after == "$":
            after = self.bounds()[1]
        limit = time.monotonic() + block_seconds
        while True:
            # A block longer than the socket's timeout of 2 s would end as a dead connection.
            remaining = min(limit - time.monotonic(), self._slice_seconds)
            block = max(1, int(remaining * 1000)) if remaining > 0 else None
            answer: Reply = self._client.xread({self._key: after}, count=count, block=block)
            if answer or block is None:
                entries = answer[0][1] if answer else ()
                return [_event(name.decode(), fields) for name, fields in entries]

    @translated
    def bounds(self) -> tuple[str, str, int]:
        """Return the oldest id, the newest id and the number of events ever published."""
        try:
            facts: Reply = self._client.xinfo_stream(self._key)
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
    payload = parse_report(text["type"].decode(), decode(text["payload"]))
    meta = EventMeta.from_json(decode(text["meta"]))
    return Event(name, text["ts"].decode(), payload, text["key"].decode(), meta)
