"""What a namespace in Redis is: whose it is, of which kind of market, who drives it, and under which settings."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import redis

from g6.adapters.redis.server.connection import translated

DRIVEN_SECONDS = 15.0
"""Who drives a namespace says so again within this time, or is taken for dead."""
_AT_ONCE = 500


class RedisNamespace:
    """The facts of one namespace. Every call raises RedisDown where Redis is away.

    Keys: `<ns>:system` (a random mark, the same by whatever address Redis is reached), `<ns>:kind` (live, sim or replay),
    `<ns>:drivers` (who sends cycles), `<ns>:beginning` (held while one begins), `<ns>:settings` (what runs, secrets masked).
    """

    def __init__(self, client: redis.Redis, namespace: str = "g6") -> None:
        self._client, self._ns = client, namespace

    @translated
    def mark(self) -> str:
        """Return the mark of the namespace; whoever asks first makes it."""
        fresh = uuid.uuid4().hex
        held: Any = self._client.set(f"{self._ns}:system", fresh, nx=True, get=True)
        return _text(held) if held else fresh

    @translated
    def kind(self) -> str:
        """Return of which kind of market the keys are: live, sim or replay; "" where there are none.

        A simulated market and a replay have a clock in Redis. Keys of a ledger without a kind and without a clock are a live one's.
        """
        held: Any = self._client.get(f"{self._ns}:kind")
        if held:
            return _text(held)
        if self._client.exists(f"{self._ns}:clock", f"{self._ns}:clock:newest"):
            return "sim"
        return "live" if self._client.exists(f"{self._ns}:walked", f"{self._ns}:newest") else ""

    @translated
    def set_kind(self, kind: str) -> None:
        """Say of which kind of market what follows is."""
        self._client.set(f"{self._ns}:kind", kind)

    @contextmanager
    def exclusively(self, seconds: float = 10.0) -> Iterator[None]:
        """Begin or leave while nobody else does; who dies in it blocks the next for `seconds` at most. Errors: RedisDown."""
        limit = time.monotonic() + seconds
        while not self._take(seconds) and time.monotonic() < limit:
            time.sleep(0.02)
        try:
            yield
        finally:
            self._drop()

    @translated
    def drivers(self) -> list[Mapping[str, Any]]:
        """Return who says that it drives the namespace (pid, host, who, at …); some may be dead by now."""
        held: Any = self._client.hvals(f"{self._ns}:drivers")
        return [json.loads(driver) for driver in held]

    @translated
    def add_driver(self, who: Mapping[str, Any]) -> None:
        """Say that `who` (pid, host …) drives the namespace."""
        self._client.hset(f"{self._ns}:drivers", _name(who), json.dumps({**who, "at": time.time()}))

    @translated
    def remove_driver(self, who: Mapping[str, Any]) -> None:
        """Say that `who` drives no more."""
        self._client.hdel(f"{self._ns}:drivers", _name(who))

    @translated
    def delete_keys(self, *, everything: bool = False) -> None:
        """Delete the keys of the namespace; its mark, its drivers and Celery's bindings stay unless `everything`.

        A worker that lives on declares its bindings once only: without them its messages find no queue.
        """
        names: Any = list(self._client.scan_iter(match=f"{self._ns}:*", count=1000))
        kept = (
            f"{self._ns}:system",
            f"{self._ns}:drivers",
            f"{self._ns}:beginning",
            f"{self._ns}:celery:_kombu.binding.",
        )
        leaving = [name for name in names if everything or not _text(name).startswith(kept)]
        for first in range(0, len(leaving), _AT_ONCE):
            self._client.unlink(*leaving[first : first + _AT_ONCE])

    @translated
    def retire(self, seconds: int, *, bindings: bool) -> None:
        """Delete what binds a later start; what a rerun and a trace read (cycles, frames, events) ends within `seconds`.

        `bindings`: Celery's stay, for workers that live on.
        """
        read = tuple(
            f"{self._ns}:{name}"
            for name in ("cycle:", "frame:", "frames", "events", "kind", "system")
        )
        names: list[bytes] = list(self._client.scan_iter(match=f"{self._ns}:*", count=1000))
        for first in range(0, len(names), _AT_ONCE):
            some = names[first : first + _AT_ONCE]
            asking = self._client.pipeline(transaction=False)
            for name in some:
                asking.ttl(name)
            telling = self._client.pipeline(transaction=False)
            for name, left in zip(some, asking.execute(), strict=True):
                if not _text(name).startswith(read):
                    if not (
                        bindings and _text(name).startswith(f"{self._ns}:celery:_kombu.binding.")
                    ):
                        telling.unlink(name)
                elif not 0 <= left <= seconds:
                    telling.expire(name, seconds)
            telling.execute()

    @translated
    def put_settings(self, settings: Mapping[str, Any]) -> None:
        """Write down under which settings the system runs."""
        self._client.set(f"{self._ns}:settings", json.dumps(dict(settings)))

    @translated
    def settings(self) -> Mapping[str, Any] | None:
        """Return the settings under which the system was started, None where nobody wrote them down."""
        held: Any = self._client.get(f"{self._ns}:settings")
        return json.loads(held) if held else None

    @translated
    def _take(self, seconds: float) -> bool:
        return bool(
            self._client.set(f"{self._ns}:beginning", b"1", nx=True, px=round(seconds * 1000))
        )

    @translated
    def _drop(self) -> None:
        self._client.delete(f"{self._ns}:beginning")


def _name(who: Mapping[str, Any]) -> str:
    return f"{who['host']}:{who['pid']}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
