"""The lifeline: the times at which beats lived and Redis was there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Lifeline(Protocol):
    """The times at which beats lived and Redis answered, as the beats saw it."""

    # A cycle that nobody opened leaves nothing in the ledger. The beats alone know whether they
    # were dead, Redis was away or it was emptied.
    def record_beat(self) -> bool:
        """Record that a beat lives, and give an emptied Redis back what it held.

        Returns:
            False when Redis is away. Beat calls this at its start and before each sweep.
        """
        ...

    def last_beat(self) -> float | None:
        """Return the wall time of the newest sign of a beat, None where there is none."""
        ...

    def first_beat(self) -> float | None:
        """Return the wall time at which the oldest beat was born, None where there is none."""
        ...

    def is_settled(self, now: float) -> bool:
        """Return whether every beat that lives has signed since the last outage and the last birth.

        Args:
            now: Wall time in epoch seconds.
        """
        ...

    def before_publish(self) -> None:
        """Note that beat is about to publish a message."""
        ...

    def after_publish(self) -> None:
        """Note that the message was published."""
        ...

    def fail_publish(self) -> None:
        """Note that the message was not published: Redis was away."""
        ...

    def reasons(self, dues: Sequence[float]) -> Sequence[str]:
        """Return why nobody opened the cycles that were due at these instants.

        Args:
            dues: Wall times in epoch seconds.

        Returns:
            A `Reason` for each, "" where nothing is known.
        """
        ...
