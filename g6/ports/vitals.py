"""Vitals: the state of queues, workers and hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Vitals(Protocol):
    """The state of queues, workers and hosts, for the heartbeat."""

    # Redis' TIME is the one clock that all hosts share. Skew against it above 200 ms is an alert.
    def read(self) -> Mapping[str, Any]:
        """Return queues, workers, clock_skew_seconds, retained_events and disk_free_bytes.

        `queues` are depths by name, and `workers` the facts of each by name.
        """
        ...
