"""The outbox: what was stored and is not sent to a sink yet, kept over restarts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from g6.domain.reports.bus_flow import SubscriberPosition
from g6.domain.reports.storing import MissedSpan, OutboxEntry, OutboxState


class Outbox(Protocol):
    """The units that wait for a sink, in the order in which they were stored.

    It holds names, not rows: the rows are in the store. Beyond its bound it keeps spans of cycles
    instead. Every write may raise StoreBusy.
    """

    def note(self, entries: Sequence[OutboxEntry], position: SubscriberPosition) -> None:
        """Append entries, and remember the place on the bus up to which all is noted."""
        ...

    def position(self) -> SubscriberPosition | None:
        """Return what `note` remembered last, None before the first time."""
        ...

    def newest(self) -> str:
        """Return the newest cycle that was ever noted, empty before the first."""
        ...

    def waiting(self, count: int) -> Sequence[OutboxEntry]:
        """Return the oldest entries, at most `count`, each with its number."""
        ...

    def remove(self, entries: Sequence[OutboxEntry]) -> None:
        """Forget entries that need not be sent any more."""
        ...

    def miss(self, span: MissedSpan) -> None:
        """Remember cycles of which something was not noted."""
        ...

    def missed(self) -> Sequence[MissedSpan]:
        """Return the spans that are still to be filled from the store, oldest first."""
        ...

    def fill(self, span: MissedSpan, following: str) -> None:
        """Remember that a span is filled before the cycle `following`, empty for all of it."""
        ...

    def state(self) -> OutboxState:
        """Return how much waits."""
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...
