"""What a Redis server holds for the simulated system, and how it is lost or goes back in time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.controls import MemoryControls
from g6.adapters.memory.frames import MemoryFrames
from g6.adapters.memory.ledger import MemoryLedger
from g6.adapters.memory.panels import MemoryPanels


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
    bus: MemoryBus = field(init=False)
    controls: MemoryControls = field(init=False)
    frames: MemoryFrames = field(init=False)
    ledger: MemoryLedger = field(init=False)
    panels: MemoryPanels = field(init=False)
    queues: dict[str, list[Message]] = field(default_factory=dict)
    unacknowledged: dict[int, Message] = field(default_factory=dict)
    delivery: count[int] = field(default_factory=count)
    beats: dict[str, tuple[float, float]] = field(default_factory=dict)
    outages: list[tuple[float, float, str]] = field(default_factory=list)
    has_mark: bool = False

    def __post_init__(self) -> None:
        self.empty()

    def empty(self) -> None:
        """Forget everything, as FLUSHALL does."""
        self.bus = MemoryBus(length=64)
        self.controls = MemoryControls()
        self.frames = MemoryFrames(self.wall)
        self.panels = MemoryPanels()
        self.ledger = MemoryLedger(self.bus, self.controls)
        self.queues = {}
        self.unacknowledged = {}
        self.beats = {}
        self.outages = []
        self.has_mark = False

    def copy(self) -> dict[str, object]:
        """Return everything as it is now."""
        names = (
            "bus",
            "controls",
            "frames",
            "panels",
            "ledger",
            "queues",
            "unacknowledged",
            "beats",
            "outages",
            "has_mark",
        )
        parts = {name: getattr(self, name) for name in names}
        # One copy of all parts, so that the ledger's switches stay the ones that are copied beside it.
        return copy.deepcopy(parts, {id(self.bus): self.bus, id(self.wall): self.wall})

    def restore(self, parts: dict[str, object]) -> None:
        """Become what `copy` returned."""
        for name, part in parts.items():
            setattr(self, name, part)
