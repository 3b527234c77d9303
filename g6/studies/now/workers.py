"""The workers that run now, and the messages that wait in each queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from g6.domain.reports import WorkerFacts
from g6.ports.readers import RunningReader
from g6.studies.documents import columns_of

__all__ = ["WorkerLine", "Workers", "WorkersParameters", "answer"]


@dataclass(frozen=True, slots=True)
class WorkersParameters:
    """Asks for the workers and queues. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """One worker process.

    Attributes:
        name: Its name, with its host.
        pid: Its process id there.
        is_up: Whether it gave a sign of life of late.
        resident_bytes: Memory of the process and its children.
        cpu_ratio: Cores that they keep busy.
    """

    name: str
    pid: int
    is_up: bool
    resident_bytes: float
    cpu_ratio: float


@dataclass(frozen=True, slots=True)
class Workers:
    """The state of workers and queues.

    Attributes:
        workers: The worker processes.
        queues: Messages that wait, by queue.
        vitals: What the system says of itself, as JSON has it.
    """

    workers: tuple[WorkerLine, ...]
    queues: Mapping[str, int]
    vitals: Mapping[str, object]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per worker."""
        return columns_of(WorkerLine, self.workers)


def answer(reader: RunningReader, parameters: WorkersParameters) -> Workers:  # noqa: ARG001
    """Return the workers by name, and the queues in their order."""
    vitals = reader.vitals.read()
    return Workers(tuple(_workers(vitals.workers)), vitals.queues, vitals.to_json())


def _workers(workers: Mapping[str, WorkerFacts]) -> Iterator[WorkerLine]:
    for name, worker in sorted(workers.items()):
        resident = worker.resident_bytes or 0.0
        yield WorkerLine(name, worker.pid, worker.up, resident, worker.cpu_ratio or 0.0)
