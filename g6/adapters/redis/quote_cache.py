"""The quote cache in Redis: a hash per index and day, from symbol to one packed row.

A whole chain is one command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date

import numpy as np
import redis
from numpy.typing import NDArray

from g6.adapters.redis.server import Reply, translated
from g6.domain.quotes.tick import TICK, Feed, blank

TickRows = NDArray[np.void]

KEPT_SECONDS = 36 * 3600

BRIDGE = """
local asked = tonumber(ARGV[1])
for i = 2, #ARGV, 2 do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  local row = ARGV[i + 1]
  if held and #held == #row then
    if struct.unpack('<d', held, 9) > asked then
      row = nil
    else
      row = string.sub(held, 1, 4) .. string.sub(row, 5)
    end
  end
  if row then redis.call('HSET', KEYS[1], ARGV[i], row) end
end
redis.call('EXPIRE', KEYS[1], KEPT)
""".replace("KEPT", str(KEPT_SECONDS))
"""Stores rows that were asked for, unless one was received since.

KEYS: the index's hash. ARGV: when it was asked, then symbol and row of each. A row begins with its
feed in four bytes. When it was received stands from its ninth byte on.
"""


class RedisQuoteCache:
    """QuoteCache port over Redis.

    Keys: `<ns>:quotes:{day}:{index}` (rows), `<ns>:wanted:{day}` (symbols to stream) and
    `<ns>:feeds`. Every call raises RedisDown where Redis is away.
    """

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client = client
        self._ns = namespace
        self._bridge = client.register_script(BRIDGE)

    @translated
    def put(self, day: date, rows: Mapping[str, tuple[Sequence[str], TickRows]]) -> None:
        """Store rows by index in one round trip, in place of those before."""
        pipeline = self._client.pipeline(transaction=False)
        for index, (symbols, packed) in rows.items():
            pipeline.hset(self._rows_key(day, index), items=_interleaved(symbols, packed))
            pipeline.expire(self._rows_key(day, index), KEPT_SECONDS)
        pipeline.execute()

    @translated
    def bridge(
        self, day: date, index: str, symbols: Sequence[str], rows: TickRows, asked_at: float
    ) -> None:
        """Store rows asked for at wall time `asked_at`. A row received since then stays."""
        if symbols:
            self._bridge(
                keys=[self._rows_key(day, index)],
                args=[repr(asked_at), *_interleaved(symbols, rows)],
            )

    @translated
    def get(
        self, day: date, index: str, symbols: Sequence[str]
    ) -> tuple[TickRows, Mapping[int, Feed]]:
        """Return the rows of `symbols`, shape (m,), blank where there is none, and the feeds."""
        pipeline = self._client.pipeline(transaction=False)
        if symbols:
            pipeline.hmget(self._rows_key(day, index), symbols)
        pipeline.hgetall(f"{self._ns}:feeds")
        *rows, feeds = pipeline.execute()
        return _unpacked(rows[0] if rows else []), _feeds(feeds)

    @translated
    def subscribe(self, day: date, index: str, tokens: Mapping[str, int]) -> None:
        """Request symbols to be streamed from now to the end of the day."""
        if not tokens:
            return
        pipeline = self._client.pipeline(transaction=False)
        fields: Reply = {f"{index}|{symbol}": token for symbol, token in tokens.items()}
        pipeline.hset(f"{self._ns}:wanted:{day}", mapping=fields)
        pipeline.expire(f"{self._ns}:wanted:{day}", KEPT_SECONDS)
        pipeline.execute()

    @translated
    def subscriptions(self, day: date) -> Mapping[str, Mapping[str, int]]:
        """Return the tokens of all symbols that were requested, by index and symbol."""
        fields: Reply = self._client.hgetall(f"{self._ns}:wanted:{day}")
        subscriptions: dict[str, dict[str, int]] = {}
        for name, token in fields.items():
            index, _, symbol = name.decode().partition("|")
            subscriptions.setdefault(index, {})[symbol] = int(token)
        return subscriptions

    @translated
    def put_feeds(self, feeds: Mapping[int, Feed]) -> None:
        """Store the state of all feeds. Those that are left out are forgotten."""
        pipeline = self._client.pipeline(transaction=True)
        pipeline.delete(f"{self._ns}:feeds")
        if feeds:
            fields: Reply = {number: _feed_text(feed) for number, feed in feeds.items()}
            pipeline.hset(f"{self._ns}:feeds", mapping=fields)
        pipeline.execute()

    @translated
    def feeds(self) -> Mapping[int, Feed]:
        """Return the state of the feeds by number."""
        return _feeds(self._client.hgetall(f"{self._ns}:feeds"))

    def _rows_key(self, day: date, index: str) -> str:
        return f"{self._ns}:quotes:{day}:{index}"


def _feed_text(feed: Feed) -> str:
    # What is None is left out: a worker of a version without the field reads the rest.
    facts = {name: value for name, value in asdict(feed).items() if value is not None}
    return json.dumps(facts, separators=(",", ":"))


def _interleaved(symbols: Sequence[str], rows: TickRows) -> list[str | bytes]:
    """Return symbol, row, symbol, row, and so on, each row as bytes."""
    packed = np.ascontiguousarray(rows).tobytes()
    size = TICK.itemsize
    items: list[str | bytes] = []
    for n, symbol in enumerate(symbols):
        items += (symbol, packed[n * size : (n + 1) * size])
    return items


def _unpacked(packed: Sequence[bytes | None]) -> TickRows:
    """Return the rows. One that is missing, or of an older version's shape, is blank."""
    size = TICK.itemsize
    rows = blank(len(packed))
    places: list[int] = []
    whole: list[bytes] = []
    for n, row in enumerate(packed):
        if row is not None and len(row) == size:
            places.append(n)
            whole.append(row)
    if len(whole) == len(packed):
        return np.frombuffer(b"".join(whole), dtype=TICK)
    rows[places] = np.frombuffer(b"".join(whole), dtype=TICK)
    return rows


def _feeds(texts: Reply) -> dict[int, Feed]:
    return {int(number): _feed(json.loads(text)) for number, text in sorted(texts.items())}


def _feed(facts: Reply) -> Feed:
    """Return a feed of its facts, of which a later version's process may tell more."""
    fields = Feed.__dataclass_fields__
    return Feed(**{name: value for name, value in facts.items() if name in fields})
