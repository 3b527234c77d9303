"""The bus: the stream of events."""

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

    def publish(
        self,
        type: str,
        payload: Mapping[str, Any],
        *,
        key: str = "",
        meta: Mapping[str, Any] | None = None,
    ) -> str:
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
