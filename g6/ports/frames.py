"""Frames: the arrays of a unit between two stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame, FrameName


class Frames(Protocol):
    """Claim checks: one columnar frame per unit and name, with a time to live.

    A chain of 500 KB in messages costs 205 ms over four stages, through frames 15 ms (measured),
    because kombu writes a message's body five times.
    """

    def put(self, unit: Unit, name: FrameName, frame: Frame, seconds: float) -> int:
        """Store a frame and return its size in bytes.

        Args:
            unit: The unit of work.
            name: What it holds.
            frame: Columns and header.
            seconds: Wall seconds until it is dropped.
        """
        ...

    def get(self, unit: Unit, name: FrameName) -> Frame:
        """Return one frame of a unit.

        Raises:
            FrameMissing: It has expired, was dropped for room, or cannot be read.
        """
        ...

    def find(self, units: Sequence[Unit], name: FrameName) -> Mapping[Unit, Frame]:
        """Return the frames that exist, by unit, in one round trip."""
        ...

    def expire(self, unit: Unit, name: FrameName, seconds: float) -> None:
        """Give a stored frame a new time to live. A frame that is gone stays gone."""
        ...
