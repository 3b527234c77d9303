"""Vitals: the state of queues, workers and hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Vitals(Protocol):
    """How the system is, for the heartbeat."""

    def read(self) -> Mapping[str, Any]:
        """Return queues (depth by name), workers (facts by name), clock_skew_seconds, retained_events, disk_free_bytes."""
        ...
