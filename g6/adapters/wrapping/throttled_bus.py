"""A bus whose publisher waits while it outruns every subscriber."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from g6.domain.reports import Event, EventMeta, Report, SubscriberPosition
from g6.domain.reports.bus_flow import PublishingCredit, publishing_credit
from g6.ports import Bus, Clock

PAUSE_SECONDS = 0.01
LONGEST_SECONDS = 0.1
"""The most that one event waits: a stage publishes one event, and has seconds to its deadline."""
UNHEARD_EVENTS = 256
"""Events between two looks at subscribers of which none moves: nobody is outrun who is away."""


class ThrottledBus:
    """Bus port around another.

    It looks at the subscribers when its credit is used up: two commands in a thousand events.
    Events that the ledger's script appends do not pass here. `length` is what the stream is
    trimmed to, by default what the bus itself holds.
    """

    def __init__(self, bus: Bus, clock: Clock, length: int | None = None) -> None:
        self._bus = bus
        self._length = bus.length if length is None else length
        self._clock = clock
        self._credit = 0
        self._stopped_at: int | None = None

    @property
    def length(self) -> int:
        """About how many events it holds before it drops the oldest."""
        return self._length

    def publish(
        self,
        report: Report,
        *,
        key: str = "",
        meta: EventMeta | None = None,
        left: int | None = None,
    ) -> str:
        """Append an event and return its id, after a moment where every subscriber is far behind.

        Raises:
            RedisDown: The event is not published.
        """
        if self._credit <= 0:
            waited = self._renew_credit()
            if waited:
                meta = replace(meta or EventMeta(), throttled_seconds=waited)
        self._credit -= 1
        return self._bus.publish(report, key=key, meta=meta, left=left)

    def _renew_credit(self) -> float:
        """Take a new credit, and return how long it was waited for."""
        first = credit = self._look()
        waited = 0.0
        if credit.furthest != self._stopped_at:
            self._stopped_at = None
            while not credit.events and waited < LONGEST_SECONDS:
                self._clock.sleep(PAUSE_SECONDS)
                waited = round(waited + PAUSE_SECONDS, 6)
                credit = self._look()
        self._credit = credit.events
        if not credit.events and credit.furthest == first.furthest:
            self._stopped_at = credit.furthest
            self._credit = UNHEARD_EVENTS
        return waited

    def _look(self) -> PublishingCredit:
        _, _, published = self._bus.bounds()
        positions = self._bus.positions().values()
        return publishing_credit(
            published, self._length, [position.accounted for position in positions]
        )

    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        """Return events after an id, oldest first.

        Raises:
            RedisDown: Redis does not answer.
        """
        return self._bus.read(after, count=count, block_seconds=block_seconds)

    def bounds(self) -> tuple[str, str, int]:
        """Return the oldest id, the newest id and the number of events ever published."""
        return self._bus.bounds()

    def server_id(self) -> str:
        """Return a word of what holds the events: another one once that was started anew.

        Raises:
            RedisDown: Redis does not answer.
        """
        return self._bus.server_id()

    def id_before(self, wall: float) -> str:
        """Return an id after which the events come that were published at `wall` or later."""
        return self._bus.id_before(wall)

    def positions(self) -> Mapping[str, SubscriberPosition]:
        """Return how far each subscriber has come.

        Raises:
            RedisDown: Redis does not answer.
        """
        return self._bus.positions()

    def remember(self, subscriber: str, position: SubscriberPosition) -> None:
        """Remember how far a subscriber has come.

        Raises:
            RedisDown: Redis does not answer.
        """
        self._bus.remember(subscriber, position)

    def forget(self, subscriber: str) -> None:
        """Forget a subscriber that does not come back.

        Raises:
            RedisDown: Redis does not answer.
        """
        self._bus.forget(subscriber)
