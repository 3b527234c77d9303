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


MOST_EVENTS = 20_000
"""Events that the stream never holds many more of: publishers trim it themselves."""
FEWEST_EVENTS = 6_000
"""Held at short steps even where they last for longer: one who is 5,000 behind is told of first."""
LONG_STEP_SECONDS = 30.0
"""Wall seconds between cycles from which the stream holds the most."""
RETAINED_SECONDS = 1200.0
"""What the stream holds at shorter steps.

Cycles of six indices 5 s apart filled 20,000 events, 30 MB, in 75 minutes.
"""
EVENTS_OF_UNIT = 3
EVENTS_OF_CYCLE = 2
"""Reports of the stages of a unit, and of a cycle."""


@dataclass(frozen=True, slots=True)
class StreamBounds:
    """How many events the stream holds, and for how long.

    Attributes:
        number: Events. The heartbeat trims the stream to about so many.
        seconds: Wall seconds after which an event is trimmed while cycles are collected.
    """

    number: int
    seconds: float


def stream_bounds(
    indices: int, step: float, heartbeat_seconds: float, configured: int | None = None
) -> StreamBounds:
    """Return how many events the stream of a system holds.

    Args:
        indices: How many are collected.
        step: Wall seconds between two cycles.
        heartbeat_seconds: Wall seconds between two heartbeats.
        configured: The number that somebody chose.

    >>> stream_bounds(6, 60.0, 2.0).number, stream_bounds(6, 5.0, 2.0).number
    (20000, 6000)
    >>> round(stream_bounds(6, 5.0, 2.0).seconds / 60)
    22
    """
    per_second = (EVENTS_OF_UNIT * indices + EVENTS_OF_CYCLE) / step + 1.0 / heartbeat_seconds
    if configured is not None:
        number = configured
    elif step >= LONG_STEP_SECONDS:
        number = MOST_EVENTS
    else:
        number = max(FEWEST_EVENTS, min(round(RETAINED_SECONDS * per_second), MOST_EVENTS))
    return StreamBounds(number, number / per_second)


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
