"""The bus: the stream of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from g6.domain.reports import Event, EventMeta, Report, SubscriberPosition

__all__ = ["Bus", "Event"]


class Bus(Protocol):
    """The stream of events. Ids are monotonic, and old events are trimmed by length."""

    @property
    def length(self) -> int:
        """About how many events it holds before it drops the oldest."""
        ...

    def publish(
        self,
        report: Report,
        *,
        key: str = "",
        meta: EventMeta | None = None,
        left: int | None = None,
    ) -> str:
        """Append an event and return its id.

        Args:
            report: The payload. NaN and infinities become null.
            key: The index, cycle or state that the event is about.
            meta: None gives the event the trace of the cycle that the report is about.
            left: About how many events are left, where that is fewer than the bus holds.

        Raises:
            RedisDown: The event is not published.
        """
        ...

    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        """Return events after an id, oldest first.

        Args:
            after: The id of the last event that the caller has. "0" gives all that are left, "$"
                only those that are published during the call.
            count: The most events of one answer.
            block_seconds: Wall seconds to wait for the first event.

        Raises:
            RedisDown: Redis does not answer.
        """
        ...

    def bounds(self) -> tuple[str, str, int]:
        """Return the oldest id, the newest id and the number of events ever published.

        Both ids are "0-0" while nothing was published.
        """
        ...

    def server_id(self) -> str:
        """Return a word of what holds the events: another one once that was started anew.

        Raises:
            RedisDown: Redis does not answer.
        """
        ...

    def id_before(self, wall: float) -> str:
        """Return an id after which the events come that were published at `wall` or later.

        Args:
            wall: Wall time in epoch seconds.

        Raises:
            RedisDown: Redis does not answer.
        """
        ...

    def positions(self) -> Mapping[str, SubscriberPosition]:
        """Return how far each subscriber has come, by its name.

        Raises:
            RedisDown: Redis does not answer.
        """
        ...

    def remember(self, subscriber: str, position: SubscriberPosition) -> None:
        """Remember how far a subscriber has come: from there it goes on after a restart.

        Raises:
            RedisDown: It is not remembered.
        """
        ...

    def forget(self, subscriber: str) -> None:
        """Forget a subscriber that does not come back.

        Raises:
            RedisDown: It is not forgotten.
        """
        ...
