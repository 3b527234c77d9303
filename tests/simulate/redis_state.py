"""What a Redis server holds for the simulated system, and how it is lost or goes back in time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, cast

from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.lifeline import LifeSigns
from g6.domain.cycles.cycle import Unit
from tests.simulate.witness import WatchedBus, WatchedPanels


@dataclass(slots=True)
class Message:
    """A task on its way.

    Attributes:
        task: The name of a job.
        arguments: What its use case is given.
        task_id: The id that the ledger knows it by. A redelivery keeps it.
        queue: The queue that it waits in.
        links: The jobs that follow in the same chain.
        expires: The wall time after which no worker begins it, None for never.
        retries: How often it has been tried again.
        visible: The wall time from which a worker may take it.
    """

    task: str
    arguments: tuple[str, ...]
    task_id: str
    queue: str
    links: tuple[str, ...] = ()
    expires: float | None = None
    retries: int = 0
    visible: float = 0.0


@dataclass(slots=True)
class RedisState:
    """Adapters over one server's memory, and the queues of its broker."""

    wall: Callable[[], float]
    on_report: Callable[[object], None]
    on_panel: Callable[[str, str], None]
    bus: WatchedBus = field(init=False)
    controls: MemoryControls = field(default_factory=MemoryControls)
    signs: LifeSigns = field(default_factory=LifeSigns)
    frames: MemoryFrames = field(init=False)
    ledger: MemoryLedger = field(init=False)
    panels: WatchedPanels = field(init=False)
    queues: dict[str, list[Message]] = field(default_factory=dict)
    unacknowledged: dict[int, Message] = field(default_factory=dict)
    delivery: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.empty()

    def empty(self) -> None:
        """Forget everything, as FLUSHALL does."""
        self.bus = WatchedBus(self.on_report, length=64)
        self.controls.empty()
        self.signs.empty()
        self.frames = MemoryFrames(self.wall)
        self.panels = WatchedPanels(self.on_panel)
        self.ledger = MemoryLedger(self.bus, self.controls)
        self.queues = {}
        self.unacknowledged = {}

    def evict_frames(self) -> None:
        """Forget every frame, as a cache that was short of memory does."""
        self.frames = MemoryFrames(self.wall)

    def expire(self, unit: Unit) -> bool:
        """Forget a unit's cycle and frames, as after an hour. Return whether the cycle was settled, else nothing is forgotten."""
        if unit.cycle in self.ledger._open:
            return False
        self.ledger._cycles.pop(unit.cycle, None)
        for stage in ("quotes", "chain"):
            self.frames.expire(unit, stage, 0.0)
        return True

    def copy(self) -> dict[str, object]:
        """Return everything as it is now.

        A deep copy each second took half of the time of a run. What these adapters hold is frozen but for the dicts,
        lists and accounts that are copied here.
        """
        frames = copy.copy(self.frames)
        frames._frames = dict(self.frames._frames)
        panels = copy.copy(self.panels)
        panels._panels = dict(self.panels._panels)
        return {
            "bus": self.bus,
            "frames": frames,
            "panels": panels,
            "ledger": _copied(self.ledger),
            "queues": {name: list(queue) for name, queue in self.queues.items()},
            "unacknowledged": dict(self.unacknowledged),
            "switches": (dict(self.controls._switches), set(self.controls._ordered)),
            "signs": (self.signs.is_marked, dict(self.signs.beats), list(self.signs.outages)),
        }

    def restore(self, parts: dict[str, object]) -> None:
        """Become what `copy` returned, which may be asked for again."""
        for name in ("bus", "frames", "panels", "ledger", "queues", "unacknowledged"):
            setattr(self, name, parts[name])
        for name, part in self.copy().items():
            if name not in {"switches", "signs"}:
                setattr(self, name, part)
        # Beats and ledger hold these two, so that they stay the same objects.
        switches, signs = cast("Any", parts["switches"]), cast("Any", parts["signs"])
        self.controls._switches = dict(switches[0])
        self.controls._ordered = set(switches[1])
        self.signs.is_marked = signs[0]
        self.signs.beats = dict(signs[1])
        self.signs.outages = list(signs[2])


def _copied(ledger: MemoryLedger) -> MemoryLedger:
    """Return a copy of a ledger, over the same switches."""
    twin = copy.copy(ledger)
    twin._cycles = {
        cycle: replace(account, units=dict(account.units))
        for cycle, account in ledger._cycles.items()
    }
    twin._open = set(ledger._open)
    twin._collecting = dict(ledger._collecting)
    twin._levels = dict(ledger._levels)
    return twin
