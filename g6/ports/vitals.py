"""Vitals: the state of queues, workers and hosts."""

from __future__ import annotations

from typing import Protocol

from g6.domain.reports import VitalSigns


class Vitals(Protocol):
    """The state of queues, workers and hosts, for the heartbeat."""

    # Redis' TIME is the one clock that all hosts share. Skew against it above 200 ms is an alert.
    def read(self) -> VitalSigns:
        """Return how queues, workers and hosts are now."""
        ...
