"""The lifeline: the times at which beats lived and Redis was there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Lifeline(Protocol):
    """When beats lived and Redis was there, as the beats saw it."""

    def record_beat(self) -> bool:
        """Say that a beat lives, and give an emptied Redis back what it held; False when Redis is away. Called by beat."""
        ...

    def before_publish(self) -> None:
        """Note that beat is about to publish a message."""
        ...

    def after_publish(self) -> None:
        """Note that it was published."""
        ...

    def reasons(self, dues: Sequence[float]) -> Sequence[str]:
        """Return for each due time (epoch seconds) why nobody opened that cycle, "" where nothing is known."""
        ...
