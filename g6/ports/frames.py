"""Frames: the arrays of a unit between two stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame


class Frames(Protocol):
    """Claim checks: one columnar frame per unit and stage, with a time to live."""

    def put(self, unit: Unit, stage: str, frame: Frame, seconds: float) -> int:
        """Store `frame` for `seconds` wall seconds; return its size in bytes."""
        ...

    def get(self, unit: Unit, stage: str) -> Frame:
        """Return the frame. Errors: FrameMissing."""
        ...

    def find(self, units: Sequence[Unit], stage: str) -> Mapping[Unit, Frame]:
        """Return the frames that are there, by unit, in one round trip."""
        ...

    def expire(self, unit: Unit, stage: str, seconds: float) -> None:
        """Give a stored frame a new time to live; a frame that is gone stays gone."""
        ...
