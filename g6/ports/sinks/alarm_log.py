"""The alarm log: what fired, what is to be sent on which channel, what is muted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from g6.domain.alarms import Alarm, AlarmMemory, LoggedAlarm, WaitingMessage
from g6.domain.reports.bus_flow import SubscriberPosition


class AlarmLog(Protocol):
    """What fired, kept over restarts. Every write may raise StoreBusy."""

    def note(
        self,
        alarms: Iterable[Alarm],
        channels: Iterable[str],
        now: float,
        memory: AlarmMemory,
        place: tuple[SubscriberPosition, str],
    ) -> None:
        """Append alarms with a message for each channel, and remember the place in one step.

        Args:
            alarms: What fired.
            channels: The names of channels that are told of those that are to be sent.
            now: Wall time.
            memory: What is remembered of the rules.
            place: The place on the bus, and the newest cycle that was evaluated.
        """
        ...

    def memory(self) -> AlarmMemory:
        """Return the memory that was noted last."""
        ...

    def position(self) -> tuple[SubscriberPosition | None, str]:
        """Return the place that was noted last, and the newest cycle that was evaluated."""
        ...

    def waiting(self, channel: str, count: int) -> Sequence[WaitingMessage]:
        """Return the oldest messages that a channel has not sent."""
        ...

    def settle(self, numbers: Iterable[int], now: float, failure: str = "") -> None:
        """Record that messages were sent, or with a failure that they never will be."""
        ...

    def log(self, count: int) -> Sequence[LoggedAlarm]:
        """Return the newest alarms, the newest last."""
        ...

    def mute(self, rule: str, until: float | None) -> None:
        """Mute a rule until a wall time, or with None no more."""
        ...

    def mutes(self, now: float) -> Mapping[str, float]:
        """Return until when rules are muted, by name."""
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...
