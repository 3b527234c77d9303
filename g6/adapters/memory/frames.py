"""Frames in one process's memory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.errors import FrameMissing


class MemoryFrames:
    """Frames port; `wall` gives epoch seconds. There is no budget: what expired goes at the next `put`."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._held: dict[tuple[Unit, str], tuple[float, Frame]] = {}

    def put(self, unit: Unit, stage: str, frame: Frame, seconds: float) -> int:
        """Store `frame` for `seconds` wall seconds; return its size in bytes."""
        now = self._wall()
        self._held = {name: held for name, held in self._held.items() if held[0] > now}
        columns = {name: np.array(column) for name, column in frame.columns.items()}
        for column in columns.values():
            column.flags.writeable = False
        self._held[unit, stage] = (
            now + seconds,
            Frame(json.loads(json.dumps(frame.header)), columns),
        )
        return sum(column.nbytes for column in columns.values())

    def get(self, unit: Unit, stage: str) -> Frame:
        """Return the frame; its columns are read-only. Errors: FrameMissing."""
        until, frame = self._held.get((unit, stage), (0.0, None))
        if frame is None or until <= self._wall():
            raise FrameMissing(f"the {stage} frame of {unit.index} at {unit.cycle} is gone")
        return frame

    def find(self, units: Sequence[Unit], stage: str) -> Mapping[Unit, Frame]:
        """Return the frames that are there, by unit."""
        now = self._wall()
        held = {unit: self._held.get((unit, stage), (0.0, None)) for unit in units}
        return {
            unit: frame
            for unit, (until, frame) in held.items()
            if frame is not None and until > now
        }

    def expire(self, unit: Unit, stage: str, seconds: float) -> None:
        """Give a stored frame a new time to live; a frame that is gone stays gone."""
        until, frame = self._held.get((unit, stage), (0.0, None))
        if frame is not None and until > self._wall():
            self._held[unit, stage] = self._wall() + seconds, frame
