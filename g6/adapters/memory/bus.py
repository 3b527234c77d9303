"""Frames, bus, panels, controls, request slots and sender in one process's memory: a cycle from Python, without a broker.

They give the answers of their Redis counterparts, copies and read-only numbers included, but share nothing with other processes.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from operator import methodcaller
from types import MappingProxyType
from typing import Any

import numpy as np

from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.schema.frame import Frame
from g6.errors import FrameMissing
from g6.ports import Event

SPACINGS: Mapping[str, float] = MappingProxyType({"quote": 1.05, "historical": 0.35, "other": 0.1})
"""Seconds between two requests of a family."""


def _plain(document: Any) -> Any:
    """Return a document as it comes back from JSON: lists for tuples, null for NaN."""
    return json.loads(
        json.dumps(document, default=methodcaller("item")), parse_constant=lambda _: None
    )


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


class MemoryBus:
    """Bus port; keeps the newest `length` events. Threads may share it."""

    def __init__(self, *, length: int = 20_000) -> None:
        self._events: deque[Event] = deque(maxlen=length)
        self._published = 0
        self._changed = threading.Condition()

    def publish(
        self,
        type: str,
        payload: Mapping[str, Any],
        *,
        key: str = "",
        meta: Mapping[str, Any] | None = None,
    ) -> str:
        """Append an event, return its id."""
        stamp, payload, meta = isoformat_z(time.time()), _plain(payload), _plain(meta or {})
        with self._changed:
            self._published += 1
            event = Event(f"{self._published}-0", stamp, type, key, payload, meta)
            self._events.append(event)
            self._changed.notify_all()
        return event.id

    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        """Return up to `count` events after id `after` ("0": all there are, "$": only those that come during the call).

        Waits up to `block_seconds` for the first.
        """
        with self._changed:
            last = self._published if after == "$" else int(after.partition("-")[0])
            self._changed.wait_for(lambda: self._published > last, block_seconds)
            return list(
                itertools.islice((event for event in self._events if _number(event) > last), count)
            )

    def bounds(self) -> tuple[str, str, int]:
        """Return the oldest id, the newest id ("0-0" when there is none) and the number of events ever published."""
        with self._changed:
            return (
                self._events[0].id if self._events else "0-0",
                f"{self._published}-0",
                self._published,
            )


def _number(event: Event) -> int:
    return int(event.id.partition("-")[0])


class MemoryControls:
    """Controls port."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}

    def read(self) -> Mapping[str, Any]:
        """Return the switches in force."""
        return dict(self._held)

    def set(self, name: str, value: Any) -> None:
        """Set one switch; None removes it."""
        self._held.pop(name, None)
        if value is not None:
            self._held[name] = _plain(value)


class MemoryLimiter:
    """Limiter port; a family without a spacing of its own is `other`. Threads may share it."""

    def __init__(
        self, wall: Callable[[], float] = time.time, *, spacings: Mapping[str, float] = SPACINGS
    ) -> None:
        self._wall, self._spacings = wall, dict(spacings)
        self._free: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()

    def reserve(self, family: str, count: int = 1, within: float = inf) -> float:
        """Reserve the next `count` slots of `family`, one spacing apart; return the seconds until the first."""
        family = family if family in self._spacings else "other"
        with self._lock:
            now = self._wall()
            slot = max(now, self._free.get(family, now))
            if slot - now > within:
                return slot - now
            self._free[family] = slot + count * self._spacings[family]
        return slot - now

    def confirm(self, family: str) -> float:
        """Take a reserved slot now; return 0, or the seconds that are still to wait."""
        family = family if family in self._spacings else "other"
        with self._lock:
            now, spacing = self._wall(), self._spacings[family]
            last = self._last.get(family, now - spacing)
            if last <= now < last + spacing:
                return last + spacing - now
            self._last[family] = now
            self._free[family] = max(self._free.get(family, 0.0), now + spacing)
        return 0.0

    def late(self, family: str) -> None:
        """Take the slot anew, now: the request of the one confirmed before left only now."""
        family = family if family in self._spacings else "other"
        with self._lock:
            self._last[family] = now = self._wall()
            self._free[family] = max(self._free.get(family, 0.0), now + self._spacings[family])

    def describe(self) -> Mapping[str, Mapping[str, float]]:
        """Return per family its spacing, the seconds until its next free slot and the requests left in the next minute."""
        now, found = self._wall(), {}
        for family, spacing in self._spacings.items():
            wait = max(0.0, self._free.get(family, now) - now)
            left = max(0, int((60.0 - wait) / spacing))
            found[family] = {
                "spacing_seconds": spacing,
                "wait_seconds": wait,
                "left_per_minute": left,
            }
        return found


class MemorySharedCache:
    """Shelf port of one process."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._held: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """Return what lies under `name`, None when nothing does (any more)."""
        content, until = self._held.get(name, (None, 0.0))
        return content if until > self._wall() else None

    def put(self, name: str, content: bytes, seconds: float) -> None:
        """Lay `content` under `name` for `seconds`."""
        self._held[name] = (content, self._wall() + seconds)

    def claim(self, name: str, seconds: float) -> bool:
        """Become the only one to do what `name` says, for `seconds`; False when somebody else is."""
        with self._lock:
            if self.get(name) is not None:
                return False
            self.put(name, b"1", seconds)
        return True

    def drop(self, name: str) -> None:
        """Forget what lies under `name`, a claim too."""
        self._held.pop(name, None)


class MemoryPanels:
    """PanelStore port."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, dict[str, Any]]] = {}

    def put(self, cycle: str, panels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """Store panel documents by name, as of `cycle`; return the names that were taken."""
        at = parse_z(cycle)
        taken = tuple(
            name for name in panels if name not in self._held or parse_z(self._held[name][0]) <= at
        )
        self._held |= {name: (cycle, _plain(panels[name])) for name in taken}
        return taken

    def get(self, name: str) -> Mapping[str, Any] | None:
        """Return one panel's document, None when there is none."""
        return self._held[name][1] if name in self._held else None

    def all(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every panel's document by name."""
        return {name: document for name, (_, document) in self._held.items()}

    def names(self) -> Sequence[str]:
        """Return the names there are, sorted."""
        return sorted(self._held)

    def verify(self) -> Mapping[str, str]:
        """Return nothing: memory keeps what it was given."""
        return {}

    def cycles(self) -> Mapping[str, str]:
        """Return the cycle each panel is of, by name."""
        return {name: cycle for name, (cycle, _) in self._held.items()}


class MemorySender:
    """Sender port that runs nothing: it writes down what it was asked to send, in order, for its owner to run."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        """`("stages", task id, unit, stages, manual)`, `("aggregate", cycle)`, `("publish", cycle)` or `(job, *arguments)`."""

    def stages(self, unit: Unit, stages: Iterable[str], *, manual: bool = False) -> str:
        """Write down a chain of stages under a fresh task id; return the id."""
        task = f"task-{len(self.sent) + 1}"
        self.sent.append(("stages", task, unit, tuple(stages), manual))
        return task

    def aggregate(self, cycle: str) -> None:
        """Write down the aggregate of a cycle."""
        self.sent.append(("aggregate", cycle))

    def publish(self, cycle: str) -> None:
        """Write down the persistence of a cycle's overview and panels."""
        self.sent.append(("publish", cycle))

    def job(self, name: str, *arguments: str) -> None:
        """Write down a job."""
        self.sent.append((name, *arguments))
