"""The quote cache in Redis: a hash per index and day, symbol -> one packed row, so that a chain is one command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import redis
from numpy.typing import NDArray

from g6.adapters.redis.server import translated
from g6.domain.quotes.tick import TICK, Feed, blank

KEPT_SECONDS = 36 * 3600

BRIDGE = """
local asked = tonumber(ARGV[1])
for i = 2, #ARGV, 2 do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  local row = ARGV[i + 1]
  if held and #held == #row then
    if struct.unpack('<d', held, 9) > asked then row = nil else row = string.sub(held, 1, 4) .. string.sub(row, 5) end
  end
  if row then redis.call('HSET', KEYS[1], ARGV[i], row) end
end
redis.call('EXPIRE', KEYS[1], KEPT)
""".replace("KEPT", str(KEPT_SECONDS))
"""KEYS: the index's hash. ARGV: when it was asked, then symbol and row of each. A row begins with its feed in four bytes; when it
was received stands from its ninth byte on."""


class RedisQuoteCache:
    """QuoteCache port over `<ns>:quotes:{day}:{index}` (rows), `<ns>:wanted:{day}` (what to stream) and `<ns>:feeds`."""

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client, self._ns = client, namespace
        self._bridge = client.register_script(BRIDGE)

    @translated
    def put(self, day: date, rows: Mapping[str, tuple[Sequence[str], NDArray[Any]]]) -> None:
        """Store rows by index: symbols and their rows `(m,)`; what was there is replaced. One round trip. Errors: RedisDown."""
        pipeline = self._client.pipeline(transaction=False)
        for index, (symbols, packed) in rows.items():
            pipeline.hset(self._rows(day, index), items=_interleaved(symbols, packed))
            pipeline.expire(self._rows(day, index), KEPT_SECONDS)
        pipeline.execute()

    @translated
    def bridge(
        self, day: date, index: str, symbols: Sequence[str], rows: NDArray[Any], asked_at: float
    ) -> None:
        """Store rows that were asked for at wall time `asked`; one received since then stays. Errors: RedisDown."""
        if symbols:
            self._bridge(
                keys=[self._rows(day, index)], args=[repr(asked_at), *_interleaved(symbols, rows)]
            )

    @translated
    def get(
        self, day: date, index: str, symbols: Sequence[str]
    ) -> tuple[NDArray[Any], Mapping[int, Feed]]:
        """Return the rows `(m,)` of `symbols` (blank where there is none) and the feeds by number. Errors: RedisDown."""
        pipeline = self._client.pipeline(transaction=False)
        if symbols:
            pipeline.hmget(self._rows(day, index), symbols)
        pipeline.hgetall(f"{self._ns}:feeds")
        *held, feeds = pipeline.execute()
        return _unpacked(held[0] if held else []), _feeds(feeds)

    @translated
    def subscribe(self, day: date, index: str, tokens: Mapping[str, int]) -> None:
        """Ask for symbols to be streamed from now to the end of the day. Errors: RedisDown."""
        if not tokens:
            return
        pipeline = self._client.pipeline(transaction=False)
        fields: dict[Any, Any] = {f"{index}|{symbol}": token for symbol, token in tokens.items()}
        pipeline.hset(f"{self._ns}:wanted:{day}", mapping=fields)
        pipeline.expire(f"{self._ns}:wanted:{day}", KEPT_SECONDS)
        pipeline.execute()

    @translated
    def subscriptions(self, day: date) -> Mapping[str, Mapping[str, int]]:
        """Return what was asked for, by index and symbol. Errors: RedisDown."""
        held: Any = self._client.hgetall(f"{self._ns}:wanted:{day}")
        found: dict[str, dict[str, int]] = {}
        for name, token in held.items():
            index, _, symbol = name.decode().partition("|")
            found.setdefault(index, {})[symbol] = int(token)
        return found

    @translated
    def put_feeds(self, feeds: Mapping[int, Feed]) -> None:
        """Say how the feeds are; those that are left out are forgotten. Errors: RedisDown."""
        pipeline = self._client.pipeline(transaction=True)
        pipeline.delete(f"{self._ns}:feeds")
        if feeds:
            # What is None is left out: a worker of a version that does not know the field reads the rest.
            facts = {
                number: {name: fact for name, fact in asdict(feed).items() if fact is not None}
                for number, feed in feeds.items()
            }
            told: dict[Any, Any] = {
                number: json.dumps(fact, separators=(",", ":")) for number, fact in facts.items()
            }
            pipeline.hset(f"{self._ns}:feeds", mapping=told)
        pipeline.execute()

    @translated
    def feeds(self) -> Mapping[int, Feed]:
        """Return the feeds by number, as last told. Errors: RedisDown."""
        return _feeds(self._client.hgetall(f"{self._ns}:feeds"))

    def _rows(self, day: date, index: str) -> str:
        return f"{self._ns}:quotes:{day}:{index}"


def _interleaved(symbols: Sequence[str], rows: NDArray[Any]) -> list[Any]:
    """Return symbol, row, symbol, row, …; the rows as bytes of one copy."""
    packed, size = np.ascontiguousarray(rows).tobytes(), TICK.itemsize
    items: list[Any] = [None] * (2 * len(symbols))
    items[::2] = symbols
    items[1::2] = [packed[start : start + size] for start in range(0, len(packed), size)]
    return items


def _unpacked(held: Sequence[bytes | None]) -> NDArray[Any]:
    """Return the rows; one that is not there, or of another shape (an older version's), is blank."""
    size = TICK.itemsize
    if all(row is not None and len(row) == size for row in held):
        return np.frombuffer(b"".join(held), dtype=TICK)  # type: ignore[arg-type] # no None is left
    rows = blank(len(held))
    there = [n for n, row in enumerate(held) if row is not None and len(row) == size]
    rows[there] = np.frombuffer(b"".join(held[n] or b"" for n in there), dtype=TICK)
    return rows


def _feeds(held: Any) -> dict[int, Feed]:
    return {int(number): _feed(json.loads(told)) for number, told in sorted(held.items())}


def _feed(told: Mapping[str, Any]) -> Feed:
    """Return a feed as its process told it; a later version's process may tell more than this one knows."""
    return Feed(
        **{name: value for name, value in told.items() if name in Feed.__dataclass_fields__}
    )
