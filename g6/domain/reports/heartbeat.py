"""What the system says of itself every few seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from g6.domain.cycles.memory_pressure import MemoryPressure
from g6.domain.reports.provider_facts import ProviderFacts
from g6.domain.reports.storing import SinkRefusal
from g6.domain.schema.json_reading import read_record
from g6.domain.schema.json_types import Document, JsonObject, present
from g6.domain.schema.words import EventType, QueueName

BEAT = "beat"
"""The role of a process that sends cycles."""


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """One worker process and its children, as it last told.

    Attributes:
        at: Wall time of its last sign of life, epoch seconds.
        queues: The queues that it serves, None where an earlier version does not say.
        resident_bytes: Resident memory, None unknown.
        cpu_ratio: Processor time in cores, None unknown.
        pool: Its pool processes, None where an earlier version does not say.
        host_bytes: Memory of its host, or of the container that it runs in, None unknown.
        up: Whether it told of itself lately.
        version: Its version of G6, empty where an earlier one does not say.
        code: The digest of the source files that it was started from, likewise.
    """

    pid: int = 0
    host: str = ""
    at: float = 0.0
    # Without them g6 rerun sent units into a queue that nobody served, and waited for their end.
    queues: Sequence[str] | None = None
    resident_bytes: float | None = None
    cpu_ratio: float | None = None
    pool: int | None = None
    up: bool = True
    version: str = ""
    code: str = ""
    host_bytes: float | None = None

    def to_json(self) -> JsonObject:
        """Return the facts as JSON has them."""
        queues = {} if self.queues is None else {"queues": list(self.queues)}
        return {
            "pid": self.pid,
            "host": self.host,
            "at": self.at,
            **queues,
            "resident_bytes": self.resident_bytes,
            "cpu_ratio": self.cpu_ratio,
            **present(pool=self.pool),
            "up": self.up,
            **present(version=self.version, code=self.code),
            "host_bytes": self.host_bytes,
        }

    @classmethod
    def from_json(cls, document: Document) -> WorkerFacts:
        """Read what `to_json` gave, or what a worker wrote of itself."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """A process of the system that is no worker, as it last told.

    Attributes:
        role: What it is: beat, serve, or the command of who sends cycles.
        at: Wall time of its last sign of life, epoch seconds.
        up: Whether it told of itself lately.
        resident_bytes: Resident memory, None unknown.
        instance: What tells it from others of its role on its host, empty for nothing.
    """

    role: str
    pid: int
    host: str
    at: float
    up: bool = True
    resident_bytes: float | None = None
    instance: str = ""

    @property
    def name(self) -> str:
        """Its name with its host, as workers have theirs.

        >>> ProcessFacts("beat", 7, "a", 0.0, instance="2").name
        'beat-2@a'
        """
        return f"{process_name(self.role, self.instance)}@{self.host}"

    def to_json(self) -> JsonObject:
        """Return the facts as JSON has them."""
        return {
            "role": self.role,
            "pid": self.pid,
            "host": self.host,
            "at": self.at,
            "up": self.up,
            **present(resident_bytes=self.resident_bytes, instance=self.instance),
        }

    @classmethod
    def from_json(cls, document: Document) -> ProcessFacts:
        """Read what `to_json` gave."""
        return read_record(cls, document)


def process_name(role: str, instance: str) -> str:
    """Return how a process that is no worker is called on its host.

    >>> process_name("beat", "2"), process_name("serve", "")
    ('beat-2', 'serve')
    """
    return f"{role}-{instance}" if instance else role


def workers_in_words(workers: int, processes: int) -> str:
    """Return workers and their pool processes, as every screen counts them.

    >>> workers_in_words(3, 8), workers_in_words(1, 1), workers_in_words(2, 0)
    ('3 workers with 8 processes', '1 worker with 1 process', '2 workers')
    """
    words = f"{workers} {'worker' if workers == 1 else 'workers'}"
    if processes:
        words += f" with {processes} {'process' if processes == 1 else 'processes'}"
    return words


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """How queues, workers and hosts are.

    Attributes:
        queues: Messages that wait, by queue.
        workers: By name.
        clock_skew_seconds: Host's clock less Redis', by host.
        oldest_sent: Wall time at which the oldest waiting message was sent, by queue that has one.
        retained_events: Events that the stream holds, None unknown.
        disk_free_bytes: Room where the data directory is, None unknown.
        processes: Processes that are no workers.
        lacking_directory: The host whose worker sweeps and has no data directory, empty for none.
    """

    queues: Mapping[str, int] = field(default_factory=dict)
    workers: Mapping[str, WorkerFacts] = field(default_factory=dict)
    clock_skew_seconds: Mapping[str, float] = field(default_factory=dict)
    retained_events: int | None = None
    disk_free_bytes: float | None = None
    processes: Sequence[ProcessFacts] = ()
    oldest_sent: Mapping[str, float] = field(default_factory=dict)
    lacking_directory: str = ""

    @property
    def beats(self) -> Mapping[str, bool]:
        """Whether each beat lives, by its name with its host.

        A beat that was started again has two signs under one name: it lives if one of them is new.

        >>> signs = [ProcessFacts("beat", 7, "a", 0.0, up=False), ProcessFacts("beat", 9, "a", 5.0)]
        >>> VitalSigns(processes=signs).beats
        {'beat@a': True}
        """
        beats: dict[str, bool] = {}
        for process in sorted(self.processes, key=lambda process: process.name):
            if process.role == BEAT:
                beats[process.name] = beats.get(process.name, False) or process.up
        return beats

    @property
    def storing_hosts(self) -> list[str]:
        """The hosts of the living workers that store rows."""
        storing: set[str] = set()
        for worker in self.workers.values():
            if worker.up and QueueName.PERSIST in (worker.queues or ()):
                storing.add(worker.host)
        return sorted(storing)

    @property
    def living_workers(self) -> str:
        """The workers that live and serve a queue, in words."""
        # The tick stream signs as a worker does, and takes no messages.
        living = [
            worker
            for worker in self.workers.values()
            if worker.up and (worker.queues is None or worker.queues)
        ]
        return workers_in_words(len(living), sum(worker.pool or 0 for worker in living))

    def queues_of_workers(self, *, up: bool) -> set[str]:
        """Return the queues of the workers that live, or of those that are silent."""
        workers = [worker for worker in self.workers.values() if worker.up is up]
        return {name for worker in workers for name in worker.queues or ()}

    @property
    def resident_bytes(self) -> float | None:
        """The memory of all processes that live, pages that several share in their shares."""
        everybody: list[WorkerFacts | ProcessFacts] = [*self.workers.values(), *self.processes]
        living = [process.resident_bytes for process in everybody if process.up]
        sizes = [size for size in living if size is not None]
        return sum(sizes) if sizes else None

    @property
    def cpu_ratio(self) -> float | None:
        """The cores that all workers keep busy."""
        workers = self.workers.values()
        ratios = [worker.cpu_ratio for worker in workers if worker.cpu_ratio is not None]
        return sum(ratios) if ratios else None

    def to_json(self) -> JsonObject:
        """Return the signs as JSON has them."""
        return {
            "queues": dict(self.queues),
            "workers": {name: worker.to_json() for name, worker in self.workers.items()},
            "clock_skew_seconds": dict(self.clock_skew_seconds),
            "retained_events": self.retained_events,
            "disk_free_bytes": self.disk_free_bytes,
            "processes": [process.to_json() for process in self.processes],
            "oldest_sent": dict(self.oldest_sent),
            **present(lacking_directory=self.lacking_directory),
        }

    @classmethod
    def from_json(cls, document: Document) -> VitalSigns:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class RunningPlan:
    """What the running system collects, which may differ from the settings of who asks.

    Attributes:
        interval: Market seconds between cycles.
        step: Wall seconds between cycles.
        heartbeat_seconds: Wall seconds between heartbeats.
        max_quote_age: Market seconds after which a quote is stale.
        iv_max_iterations: Iterations after which the solver gives up, 0 where an earlier version
            does not say.
        most_events: What the bus holds for subscribers, 0 where an earlier version does not say.
    """

    indices: Sequence[str]
    interval: int
    step: float
    config_id: str
    heartbeat_seconds: float
    max_quote_age: float
    iv_max_iterations: int = 0
    most_events: int = 0

    def to_json(self) -> JsonObject:
        """Return the plan as JSON has it."""
        return {
            "indices": list(self.indices),
            "interval": self.interval,
            "step": self.step,
            "config_id": self.config_id,
            "heartbeat_seconds": self.heartbeat_seconds,
            "max_quote_age": self.max_quote_age,
            "iv_max_iterations": self.iv_max_iterations,
            "most_events": self.most_events,
        }

    @classmethod
    def from_json(cls, document: Document) -> RunningPlan:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Queues, workers, clocks, open markets, the provider and what sinks refuse, at one moment.

    Attributes:
        refused: What sinks refuse, the longest lasting first.
        market_open: Whether each exchange is in session.
        plan: None in a heartbeat that does not say it.
        open_since: Wall time at which the oldest unit that is still open fell due, None for none.
        lags: Events that each subscriber of the bus has before it, the recorder apart.
        backlog: Options that are analysed and not yet stored, by sink.
        pressure: How full the memory of the workers is, None where nobody looked.
    """

    type: ClassVar[EventType] = EventType.HEARTBEAT
    vitals: VitalSigns = field(default_factory=VitalSigns)
    refused: Sequence[SinkRefusal] = ()
    market_open: Mapping[str, bool] = field(default_factory=dict)
    provider: ProviderFacts = field(default_factory=ProviderFacts)
    plan: RunningPlan | None = None
    open_since: float | None = None
    lags: Mapping[str, int] = field(default_factory=dict)
    backlog: Mapping[str, int] = field(default_factory=dict)
    pressure: MemoryPressure | None = None

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {
            **self.vitals.to_json(),
            "refused": [refusal.to_json() for refusal in self.refused],
            "market_open": dict(self.market_open),
            "provider": self.provider.to_json(),
            **present(
                plan=None if self.plan is None else self.plan.to_json(),
                open_since=self.open_since,
                lags=dict(self.lags),
                backlog=dict(self.backlog),
                pressure=None if self.pressure is None else self.pressure.to_json(),
            ),
        }

    @classmethod
    def from_json(cls, document: Document) -> Heartbeat:
        """Read what `to_json` gave."""
        return read_record(cls, document, vitals=VitalSigns.from_json(document))
