"""The bus: one Redis Stream whose entries are the envelope `{ts, type, key, payload, meta}`.

The ids of its entries are the events' ids. Positions of subscribers are the stream's consumer
groups, so that `redis-cli XINFO GROUPS` shows the same lag as the metrics.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import redis

from g6.adapters.redis.payload import decode, encode
from g6.adapters.redis.server import Reply, translated
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.reports import Event, EventMeta, Report, SubscriberPosition, parse_report
from g6.domain.reports.bus_flow import MOST_EVENTS

NOTHING = "0-0"
LAST_OF_A_MILLISECOND = 2**64 - 1


def event_fields(
    report: Report, namespace: str, *, key: str = "", meta: EventMeta | None = None
) -> dict[str, str | bytes]:
    """Return the fields of one stream entry, stamped with this host's wall time.

    The ledger's script adds an entry of the same fields by itself.
    """
    meta = (meta or EventMeta()).about(report, namespace)
    return {
        "ts": isoformat_z(time.time()),
        "type": str(report.type),
        "key": key,
        "payload": encode(report.to_json()),
        "meta": encode(meta.to_json()),
    }


class RedisBus:
    """Bus port over the stream `<namespace>:events`.

    The stream is trimmed to about `length` events, whole nodes of a hundred at a time. Where fewer
    are to be left, the heartbeat says so: a command with other settings than the running system's
    would take events that a subscriber has yet to read.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str = "g6",
        *,
        length: int = MOST_EVENTS,
        slice_seconds: float = 1.0,
    ) -> None:
        self.length = length
        self._client = client
        self._namespace = namespace
        self._key = f"{namespace}:events"
        self._slice_seconds = slice_seconds

    @translated
    def publish(
        self,
        report: Report,
        *,
        key: str = "",
        meta: EventMeta | None = None,
        left: int | None = None,
    ) -> str:
        """Append an event and return its id. One command.

        Raises:
            RedisDown: The event is not published.
        """
        fields: Reply = event_fields(report, self._namespace, key=key, meta=meta)
        # An exact MAXLEN would cut a node of the stream at every event; Redis drops whole nodes.
        most = self.length if left is None else min(left, self.length)
        event_id: Reply = self._client.xadd(self._key, fields, maxlen=most, approximate=True)
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

    @translated
    def server_id(self) -> str:
        """Return the id of the server's run, which changes with every start."""
        facts: Reply = self._client.info("server")
        return str(facts["run_id"])

    @translated
    def id_before(self, wall: float) -> str:
        """Return an id after which the events come that were published at `wall` or later.

        By the server's clock, which gives the ids. It asks nothing.
        """
        milliseconds = max(0, int(wall * 1000) - 1)
        return f"{milliseconds}-{LAST_OF_A_MILLISECOND}"

    @translated
    def positions(self) -> Mapping[str, SubscriberPosition]:
        """Return how far each subscriber has come, by its name. One command.

        Raises:
            RedisDown: Redis does not answer.
        """
        try:
            groups: Reply = self._client.xinfo_groups(self._key)
        except redis.ResponseError as error:
            if "no such key" in str(error):
                return {}
            raise
        positions = {}
        for group in groups:
            last = group["last-delivered-id"].decode()
            positions[group["name"].decode()] = SubscriberPosition(last, group["entries-read"])
        return positions

    @translated
    def remember(self, subscriber: str, position: SubscriberPosition) -> None:
        """Remember how far a subscriber has come. One command, two for a new subscriber.

        Raises:
            RedisDown: It is not remembered.
        """
        # -1 is Redis' word for a group that does not know how much it has read.
        number = -1 if position.accounted is None else position.accounted
        try:
            self._client.xgroup_setid(self._key, subscriber, position.id, entries_read=number)
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error) and "requires the key" not in str(error):
                raise
            self._client.xgroup_create(
                self._key, subscriber, position.id, mkstream=True, entries_read=number
            )

    @translated
    def forget(self, subscriber: str) -> None:
        """Forget a subscriber that does not come back.

        Raises:
            RedisDown: It is not forgotten.
        """
        try:
            self._client.xgroup_destroy(self._key, subscriber)
        except redis.ResponseError as error:
            if "requires the key" not in str(error):
                raise


def _event(name: str, fields: Mapping[bytes, bytes]) -> Event:
    text = {field.decode(): value for field, value in fields.items()}
    payload = parse_report(text["type"].decode(), decode(text["payload"]))
    meta = EventMeta.from_json(decode(text["meta"]))
    return Event(name, text["ts"].decode(), payload, text["key"].decode(), meta)
