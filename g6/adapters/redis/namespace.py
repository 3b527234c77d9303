"""What a namespace in Redis is: whose it is, of which kind of market, who drives it, and under which settings."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

import redis

from g6.adapters.redis.connection import translated

DRIVEN_SECONDS = 15.0
"""Who drives a namespace says so again within this time, or is taken for dead."""
_AT_ONCE = 500


class RedisNamespace:
    """The facts of one namespace. Every call raises BrokerDown where Redis is away.

    Keys: `<ns>:system` (a random mark, the same by whatever address Redis is reached), `<ns>:kind` (live, sim or replay),
    `<ns>:driver` (who sends cycles; ends with its time to live), `<ns>:settings` (what runs, secrets masked).
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
    def is_of(self, kind: str) -> None:
        """Say of which kind of market what follows is."""
        self._client.set(f"{self._ns}:kind", kind)

    @translated
    def driver(self) -> Mapping[str, Any] | None:
        """Return who drives the namespace now (pid, host, who), None when nobody says so."""
        held: Any = self._client.get(f"{self._ns}:driver")
        return json.loads(held) if held else None

    @translated
    def drives(self, who: Mapping[str, Any]) -> None:
        """Say that `who` drives the namespace."""
        self._client.set(f"{self._ns}:driver", json.dumps(dict(who)), px=round(DRIVEN_SECONDS * 1000))

    @translated
    def leave(self, who: Mapping[str, Any]) -> None:
        """Say that `who` drives no more, unless somebody else does by now."""
        if self.driver() == dict(who):
            self._client.delete(f"{self._ns}:driver")

    @translated
    def forget(self, *, everything: bool = False) -> None:
        """Delete the keys of the namespace; its mark, its driver and Celery's bindings stay unless `everything`.

        A worker that lives on declares its bindings once only: without them its messages find no queue.
        """
        names: Any = list(self._client.scan_iter(match=f"{self._ns}:*", count=1000))
        kept = (f"{self._ns}:system", f"{self._ns}:driver", f"{self._ns}:celery:_kombu.binding.")
        leaving = [name for name in names if everything or not _text(name).startswith(kept)]
        for first in range(0, len(leaving), _AT_ONCE):
            self._client.unlink(*leaving[first : first + _AT_ONCE])

    @translated
    def runs(self, settings: Mapping[str, Any]) -> None:
        """Write down under which settings the system runs."""
        self._client.set(f"{self._ns}:settings", json.dumps(dict(settings)))

    @translated
    def running(self) -> Mapping[str, Any] | None:
        """Return the settings under which the system was started, None where nobody wrote them down."""
        held: Any = self._client.get(f"{self._ns}:settings")
        return json.loads(held) if held else None


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
