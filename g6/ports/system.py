"""What the system says of itself and is told: events, switches, request slots, vital signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the bus: `{id, ts, type, key, payload, meta}`; `ts` ISO wall time."""

    id: str
    ts: str
    type: str
    key: str
    payload: Mapping[str, Any]
    meta: Mapping[str, Any] = field(default_factory=dict)


class Bus(Protocol):
    """The stream of events; ids are monotonic, old ones are trimmed by length."""

    def publish(self, type: str, payload: Mapping[str, Any], *, key: str = "", meta: Mapping[str, Any] | None = None) -> str:
        """Append an event, return its id."""
        ...

    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        """Return up to `count` events after id `after` ("0": all there are, "$": only new ones).

        Waits up to `block_seconds` for the first.
        """
        ...

    def bounds(self) -> tuple[str, str, int]:
        """Return the oldest id, the newest id and the number of events ever published."""
        ...


class Controls(Protocol):
    """Switches that reach a running system: read once per unit by collect, stamped into its frame."""

    def read(self) -> Mapping[str, Any]:
        """Return the switches in force, for instance {"greeks": False, "paused": {"*": "token"}}."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Set one switch; None removes it."""
        ...


class Vitals(Protocol):
    """How the system is, for the heartbeat."""

    def read(self) -> Mapping[str, Any]:
        """Return queues (depth by name), workers (facts by name), clock_skew_seconds, retained_events, disk_free_bytes."""
        ...


class Limiter(Protocol):
    """One shared sequence of request slots for all workers and hosts."""

    def reserve(self, family: str, count: int = 1) -> float:
        """Reserve the next slot(s) of `family`; return the seconds to wait before the (first) request."""
        ...
