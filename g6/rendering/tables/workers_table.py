"""Workers and queues on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.rendering.parts import NoView, Part
from g6.studies.now.workers import Workers


def parts(document: Workers, _: NoView) -> Iterator[Part]:
    """Yield a table of the workers and one of the queues."""
    yield _workers_table(document)
    queues = Table("queue", "waiting", box=None, padding=(0, 2, 0, 0))
    for name, depth in document.queues.items():
        queues.add_row(name, str(depth))
    yield queues


def json_value(document: Workers) -> object:
    """Return what the system says of itself, as it is published."""
    return document.vitals


def _workers_table(document: Workers) -> Table:
    table = Table("worker", "pid", "state", "memory MB", "cores", box=None, padding=(0, 2, 0, 0))
    for worker in document.workers:
        table.add_row(
            worker.name,
            str(worker.pid),
            "up" if worker.is_up else "silent",
            f"{worker.resident_bytes / 1e6:.0f}",
            f"{worker.cpu_ratio:.2f}",
        )
    return table
