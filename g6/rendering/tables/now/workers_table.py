"""Processes and queues on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.domain.schema.json_types import JsonObject
from g6.rendering.parts import NoView, Part, plain_table
from g6.rendering.wording import number
from g6.studies.now.workers import Workers


def parts(document: Workers, _: NoView) -> Iterator[Part]:
    """Yield a table of the processes, their sum, and a table of the queues."""
    yield _workers_table(document)
    yield (
        f"{document.living} live; {number(document.resident_bytes / 1e6, 0)} MB together, "
        "without Redis; pages that several share are counted in their shares"
    )
    queues = plain_table()
    queues.add_column("queue", no_wrap=True)
    queues.add_column("waiting", justify="right", no_wrap=True)
    for name, depth in document.queues.items():
        queues.add_row(name, str(depth))
    yield queues


def json_value(document: Workers) -> JsonObject:
    """Return what the system says of itself, as it is published."""
    return document.vitals.to_json()


def _workers_table(document: Workers) -> Table:
    table = plain_table()
    for heading in ("process", "host", "pid", "state", "pool", "MB", "cores", "serves"):
        is_number = heading in ("pid", "pool", "MB", "cores")
        table.add_column(
            heading,
            justify="right" if is_number else "left",
            overflow="fold",
        )
    for worker in document.workers:
        serves = [worker.queues.replace(",", ", "), "owns the files" if worker.owns_rows else ""]
        table.add_row(
            # The host has a column of its own.
            worker.name.removesuffix(f"@{worker.host}"),
            worker.host,
            str(worker.pid),
            "up" if worker.is_up else "silent",
            str(worker.pool) if worker.pool else "–",
            number(worker.resident_bytes / 1e6, 0),
            number(worker.cpu_ratio),
            ", ".join(filter(None, serves)),
        )
    return table
