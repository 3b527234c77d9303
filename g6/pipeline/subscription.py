"""A subscription to the bus: some events, by type and key, from where its reader stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from g6.domain.reports import Event, EventSelection, SubscriberCounts, SubscriberPosition
from g6.domain.schema.words import EventType
from g6.ports import Bus, Clock

TELL_SECONDS = 10.0
"""Wall seconds between two events that say what went by a subscriber."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """The next events of a subscription.

    Attributes:
        events: Those that it takes, oldest first.
        position: Where its reader stands when these are dealt with.
        counts: What went by with them.
        is_last: Whether it ends with the newest event there was.
    """

    events: Sequence[Event]
    position: SubscriberPosition
    counts: SubscriberCounts
    is_last: bool = True


class Subscription:
    """Reads some events of a bus under a name, each at least once.

    A page counts as read when it is acknowledged. A reader that dies before gets it again: what it
    does with an event must bear that.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        name: str,
        selection: EventSelection | None = None,
        *,
        since: float | None = None,
        position: SubscriberPosition | None = None,
    ) -> None:
        """Take up a subscription.

        Args:
            bus: The bus.
            clock: Says when counts are told.
            name: What the subscriber is called, and remembered by. Empty is not remembered.
            selection: The events that it takes, None for all.
            since: Wall time from which a subscriber that nobody knows begins. None is from now on.
            position: Where a subscriber stands that remembers its place by itself.
        """
        self._bus = bus
        self._clock = clock
        self.name = name
        self._selection = selection or EventSelection()
        self._counts = SubscriberCounts(name)
        self._told_at = clock.wall()
        self._position = position or self._beginning(since)

    def _beginning(self, since: float | None) -> SubscriberPosition:
        before = self._bus.positions().get(self.name) if self.name else None
        if before is not None:
            return before
        if since is None:
            _, newest, published = self._bus.bounds()
            return SubscriberPosition(newest, published)
        # How many events lie before that instant is known once the newest one is read.
        return SubscriberPosition(self._bus.id_before(since), None)

    @property
    def position(self) -> SubscriberPosition:
        """Where its reader stands."""
        return self._position

    def read(self, *, count: int = 500, block_seconds: float = 0.0) -> EventPage:
        """Return the next page. Without an acknowledgement the same one comes again.

        Raises:
            RedisDown: Redis does not answer.
        """
        events = self._bus.read(self._position.id, count=count, block_seconds=block_seconds)
        last = events[-1].id if events else self._position.id
        position, trimmed, is_last = self._advance(len(events), last)
        chosen = [event for event in events if self._selection.takes(event)]
        # What subscribers tell of themselves would be told of again for ever.
        filtered = sum(event.type != EventType.BUS_SUBSCRIBER for event in events) - sum(
            event.type != EventType.BUS_SUBSCRIBER for event in chosen
        )
        counts = SubscriberCounts(self.name, filtered, trimmed)
        return EventPage(chosen, position, counts, is_last)

    def _advance(self, count: int, last: str) -> tuple[SubscriberPosition, int, bool]:
        """Return the position behind a page, the events trimmed before it, and if it is the last.

        Once the newest event is read, whatever was published and neither read nor counted before
        was trimmed unread.
        """
        _, newest, published = self._bus.bounds()
        before = self._position.accounted
        if before is not None and published < before:
            before = 0
        accounted = None if before is None else before + count
        if count and last != newest:
            return SubscriberPosition(last, accounted), 0, False
        trimmed = 0 if accounted is None else max(0, published - accounted)
        return SubscriberPosition(last, published), trimmed, True

    def acknowledge(self, page: EventPage) -> None:
        """Record that a page is dealt with, and tell what went by now and then.

        Raises:
            RedisDown: It is not recorded.
        """
        if self.name:
            self._bus.remember(self.name, page.position)
        self._position = page.position
        self._counts += page.counts
        if self._clock.wall() - self._told_at >= TELL_SECONDS:
            self.tell()

    def tell(self) -> None:
        """Publish what went by since the last time, if anything did.

        Raises:
            RedisDown: It is not published.
        """
        self._told_at = self._clock.wall()
        if self._counts.is_empty or not self.name:
            return
        self._bus.publish(self._counts, key=self.name)
        self._counts = SubscriberCounts(self.name)
