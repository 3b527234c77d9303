"""How events flow from publishers to subscribers: who reads what, how far, and what went by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from g6.domain.reports.events import Event


@dataclass(frozen=True, slots=True)
class SubscriberPosition:
    """How far one subscriber has come.

    Attributes:
        id: The last event that is behind it.
        accounted: Events ever published that it has read or knows to be trimmed unread. None
            until it has once read the newest one.
    """

    id: str = "0-0"
    accounted: int | None = 0

    def lag(self, published: int) -> int | None:
        """Return how many events it has before it, None where it does not know.

        >>> SubscriberPosition("5-0", 5).lag(8)
        3
        """
        # A bus that has published less than was counted is another one: all of it is new.
        if self.accounted is None:
            return None
        return published if published < self.accounted else published - self.accounted


@dataclass(frozen=True, slots=True)
class EventSelection:
    """The events that a subscriber takes. What is empty takes all.

    Attributes:
        types: Types of events.
        keys: What an event is of: an index, a cycle, a state.
    """

    types: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    @classmethod
    def of(cls, types: Iterable[str] = (), keys: Iterable[str] = ()) -> EventSelection:
        """Return the selection of some types and keys."""
        return cls(frozenset(map(str, types)), frozenset(keys))

    def takes(self, event: Event) -> bool:
        """Tell whether an event is one of them."""
        if self.types and event.type not in self.types:
            return False
        return not self.keys or event.key in self.keys


@dataclass(frozen=True, slots=True)
class PublishingCredit:
    """How many events a publisher may append before it looks at the subscribers again.

    Attributes:
        events: How many.
        furthest: The position of the subscriber that is furthest on, None where there is none.
    """

    events: int
    furthest: int | None = None


PUBLISHERS = 8
"""Processes that publish at the same time: each takes its part of the room that is left."""
UNREAD_SHARE = 0.5
"""Part of the stream that may be unread by every subscriber before publishers wait."""


def publishing_credit(
    published: int, length: int, accounted: Iterable[int | None]
) -> PublishingCredit:
    """Return a publisher's credit, by the subscriber that is furthest on.

    Args:
        published: Events ever published.
        length: Events that the stream holds.
        accounted: How many of them each subscriber has behind it, None unknown.

    Returns:
        A credit of 0 when even that subscriber has half a stream before it.

    >>> publishing_credit(1000, 20_000, [1000, 0]).events
    1250
    >>> publishing_credit(30_000, 20_000, [15_000, 0]).events
    0
    """
    positions = [number for number in accounted if number is not None and number <= published]
    limit = int(length * UNREAD_SHARE)
    if not positions:
        return PublishingCredit(max(1, limit // PUBLISHERS))
    furthest = max(positions)
    room = limit - (published - furthest)
    return PublishingCredit(max(0, -(-room // PUBLISHERS)), furthest)
