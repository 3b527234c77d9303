"""A namespace in Redis: its owner, kind of market, drivers and settings."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import redis

from g6.adapters.redis.process_memory import memory_bytes
from g6.adapters.redis.server.connection import Reply, translated
from g6.domain.schema.json_types import Document
from g6.domain.schema.words import MarketKind
from g6.ports import Clock

DRIVEN_SECONDS = 15.0
"""A driver of a namespace signs in again within this time, or is taken for dead."""
KEYS_PER_CALL = 500
"""Keys of one UNLINK: Redis runs it without a pause for anybody else."""


class RedisNamespace:
    """The facts of one namespace. Every call raises RedisDown where Redis is away.

    Keys: `<ns>:system` (a random mark, the same by whatever address Redis is reached), `<ns>:kind`
    (live, sim or replay), `<ns>:drivers` (who sends cycles), `<ns>:beginning` (a lock on starts),
    `<ns>:settings` (what runs, secrets masked).
    """

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client = client
        self._ns = namespace

    @translated
    def mark(self) -> str:
        """Return the mark of the namespace. Whoever asks first makes it."""
        fresh = uuid.uuid4().hex
        stored: Reply = self._client.set(f"{self._ns}:system", fresh, nx=True, get=True)
        return _text(stored) if stored else fresh

    @translated
    def kind(self) -> str:
        """Return the kind of market that the keys are of: live, sim or replay, "" without keys.

        A simulated market and a replay have a clock in Redis. Keys of a ledger without a kind and
        without a clock are a live one's.
        """
        kind: Reply = self._client.get(f"{self._ns}:kind")
        if kind:
            return _text(kind)
        if self._client.exists(f"{self._ns}:clock", f"{self._ns}:clock:newest"):
            return MarketKind.SIM
        return (
            MarketKind.LIVE
            if self._client.exists(f"{self._ns}:walked", f"{self._ns}:newest")
            else ""
        )

    @translated
    def set_kind(self, kind: str) -> None:
        """Record the kind of market that the keys are of from now on."""
        self._client.set(f"{self._ns}:kind", kind)

    @contextmanager
    def exclusively(self, clock: Clock, seconds: float = 10.0) -> Iterator[None]:
        """Hold the lock on starts and ends of a system.

        A process that dies in it blocks the next for `seconds` at most.
        """
        limit = clock.wall() + seconds
        while not self._take(seconds) and clock.wall() < limit:
            clock.sleep(0.02)
        try:
            yield
        finally:
            self._drop()

    @translated
    def drivers(self) -> list[Document]:
        """Return who signed in as a driver (pid, host, who, at …). Some may be dead by now."""
        drivers: Reply = self._client.hvals(f"{self._ns}:drivers")
        return [json.loads(driver) for driver in drivers]

    @translated
    def add_driver(self, who: Document) -> None:
        """Sign `who` (pid, host …) in as a driver of the namespace."""
        facts = {**who, "at": time.time()}
        if who.get("pid") == os.getpid():
            facts["resident_bytes"] = memory_bytes(psutil.Process())
        self._client.hset(f"{self._ns}:drivers", _name(who), json.dumps(facts))

    @translated
    def remove_driver(self, who: Document) -> None:
        """Sign `who` out as a driver."""
        self._client.hdel(f"{self._ns}:drivers", _name(who))

    @translated
    def delete_keys(self, *, everything: bool = False) -> None:
        """Delete the keys of the namespace, but for mark, drivers and Celery's bindings.

        A worker that lives on declares its bindings once only. Without them its messages find no
        queue. `everything` deletes these as well.
        """
        names: Reply = list(self._client.scan_iter(match=f"{self._ns}:*", count=1000))
        lasting = (
            f"{self._ns}:system",
            f"{self._ns}:drivers",
            f"{self._ns}:beginning",
            f"{self._ns}:celery:_kombu.binding.",
        )
        stale = [name for name in names if everything or not _text(name).startswith(lasting)]
        for first in range(0, len(stale), KEYS_PER_CALL):
            self._client.unlink(*stale[first : first + KEYS_PER_CALL])

    @translated
    def retire(self, seconds: int, *, bindings: bool) -> None:
        """Delete the keys that bind a later start, and let the others expire within `seconds`.

        The others are what a rerun and a trace read: cycles, frames, events. With `bindings`
        Celery's stay, for workers that live on.
        """
        words = ("cycle:", "frame:", "frames", "events", "kind", "system")
        readable = tuple(f"{self._ns}:{word}" for word in words)
        binding = f"{self._ns}:celery:_kombu.binding."
        names: list[bytes] = list(self._client.scan_iter(match=f"{self._ns}:*", count=1000))
        for first in range(0, len(names), KEYS_PER_CALL):
            chunk = names[first : first + KEYS_PER_CALL]
            questions = self._client.pipeline(transaction=False)
            for name in chunk:
                questions.ttl(name)
            orders = self._client.pipeline(transaction=False)
            for name, ttl in zip(chunk, questions.execute(), strict=True):
                if _text(name).startswith(readable):
                    if not 0 <= ttl <= seconds:
                        orders.expire(name, seconds)
                elif not (bindings and _text(name).startswith(binding)):
                    orders.unlink(name)
            orders.execute()

    @translated
    def put_settings(self, settings: Document) -> None:
        """Store the settings under which the system runs."""
        self._client.set(f"{self._ns}:settings", json.dumps(dict(settings)))

    @translated
    def settings(self) -> Document | None:
        """Return the settings under which the system was started, None where there are none."""
        text: Reply = self._client.get(f"{self._ns}:settings")
        return json.loads(text) if text else None

    @translated
    def _take(self, seconds: float) -> bool:
        return bool(
            self._client.set(f"{self._ns}:beginning", b"1", nx=True, px=round(seconds * 1000))
        )

    @translated
    def _drop(self) -> None:
        self._client.delete(f"{self._ns}:beginning")


def _name(who: Document) -> str:
    return f"{who['host']}:{who['pid']}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
