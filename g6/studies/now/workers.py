"""The processes that run now, on which hosts, and the messages that wait in each queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan

from g6.domain.reports import ProcessFacts, VitalSigns, WorkerFacts
from g6.ports.readers import RunningReader
from g6.studies.documents import columns_of

__all__ = ["WorkerLine", "Workers", "WorkersParameters", "answer"]


@dataclass(frozen=True, slots=True)
class WorkersParameters:
    """Asks for the workers and queues. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """One process of the system.

    Attributes:
        name: Its name, with its host.
        host: Where it runs.
        pid: Its process id there.
        is_up: Whether it gave a sign of life of late.
        queues: The queues that it serves, separated by commas, empty for one that is no worker.
        owns_rows: Whether it is an owner of this host's data directory.
        pool: Its pool processes, 0 for one that has none or does not say.
        resident_bytes: Memory of the process and its children.
        cpu_ratio: Cores that they keep busy.
    """

    name: str
    host: str
    pid: int
    is_up: bool
    queues: str
    owns_rows: bool
    pool: int
    resident_bytes: float
    cpu_ratio: float


@dataclass(frozen=True, slots=True)
class Workers:
    """The state of processes and queues.

    Attributes:
        workers: The workers, then beats, g6 serve and who else sends cycles.
        living: The workers that live, with their processes, in words.
        resident_bytes: Memory of all that live, as `/status` has it, NaN unknown.
        queues: Messages that wait, by queue.
        vitals: What the system says of itself, which is its JSON.
    """

    workers: tuple[WorkerLine, ...]
    living: str
    resident_bytes: float
    queues: Mapping[str, int]
    vitals: VitalSigns

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per worker."""
        return columns_of(WorkerLine, self.workers)


def answer(reader: RunningReader, parameters: WorkersParameters) -> Workers:  # noqa: ARG001
    """Return the workers by name, then the other processes, and the queues in their order."""
    vitals = reader.vitals.read()
    owners = reader.owners
    lines = [*_workers(vitals.workers, owners), *_others(vitals.processes, owners)]
    memory = nan if vitals.resident_bytes is None else vitals.resident_bytes
    return Workers(tuple(lines), vitals.living_workers, memory, vitals.queues, vitals)


def _workers(workers: Mapping[str, WorkerFacts], owners: Mapping[int, str]) -> Iterator[WorkerLine]:
    for name, worker in sorted(workers.items()):
        yield WorkerLine(
            name=name,
            host=worker.host,
            pid=worker.pid,
            is_up=worker.up,
            queues=",".join(worker.queues or ()),
            owns_rows=worker.pid in owners,
            pool=worker.pool or 0,
            resident_bytes=worker.resident_bytes or 0.0,
            cpu_ratio=worker.cpu_ratio or 0.0,
        )


def _others(processes: Sequence[ProcessFacts], owners: Mapping[int, str]) -> Iterator[WorkerLine]:
    for process in sorted(processes, key=lambda process: (process.role, process.pid)):
        yield WorkerLine(
            name=process.name,
            host=process.host,
            pid=process.pid,
            is_up=process.up,
            queues="",
            owns_rows=process.pid in owners,
            pool=0,
            resident_bytes=nan if process.resident_bytes is None else process.resident_bytes,
            cpu_ratio=nan,
        )
