"""Frames in one process's memory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame, FrameName
from g6.errors import FrameMissing


class MemoryFrames:
    """Frames port. `wall` gives epoch seconds.

    There is no budget. Expired frames are dropped at the next `put`.
    """

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._frames: dict[tuple[Unit, FrameName], tuple[float, Frame]] = {}

    def put(self, unit: Unit, name: FrameName, frame: Frame, seconds: float) -> int:
        """Store `frame` for `seconds` wall seconds and return its size in bytes."""
        now = self._wall()
        self._frames = {key: entry for key, entry in self._frames.items() if entry[0] > now}
        columns = {label: np.array(column) for label, column in frame.columns.items()}
        # Frames out of Redis are views of its bytes. A stage that wrote into one would pass here.
        for column in columns.values():
            column.flags.writeable = False
        # A header that is no JSON fails here as it fails in Redis.
        header = json.loads(json.dumps(frame.header))
        self._frames[unit, name] = now + seconds, Frame(header, columns)
        return sum(column.nbytes for column in columns.values())

    def get(self, unit: Unit, name: FrameName) -> Frame:
        """Return the frame. Its columns are read-only, as those out of Redis are.

        Raises:
            FrameMissing: It has expired, or there was none.
        """
        frame = self._living(unit, name)
        if frame is None:
            raise FrameMissing(f"the {name} frame of {unit.index} at {unit.cycle} is gone")
        return frame

    def find(self, units: Sequence[Unit], name: FrameName) -> Mapping[Unit, Frame]:
        """Return the frames that exist, by unit."""
        frames = {}
        for unit in units:
            frame = self._living(unit, name)
            if frame is not None:
                frames[unit] = frame
        return frames

    def expire(self, unit: Unit, name: FrameName, seconds: float) -> None:
        """Give a stored frame a new time to live. A frame that is gone stays gone."""
        frame = self._living(unit, name)
        if frame is not None:
            self._frames[unit, name] = self._wall() + seconds, frame

    def _living(self, unit: Unit, name: FrameName) -> Frame | None:
        until, frame = self._frames.get((unit, name), (0.0, None))
        return frame if until > self._wall() else None
