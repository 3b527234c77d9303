"""Progress of long work: a bar with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

T = TypeVar("T")


def followed(items: Sequence[T], what: str, console: Console) -> Iterator[T]:
    """Yield items one by one. Each is done when the next one is asked for."""
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            # A single long item has no share that is done: its bar moves to say that it lives.
            total = len(items) if len(items) > 1 else None
            task = progress.add_task(what, total=total)
            for item in items:
                yield item
                progress.advance(task)
        return
    printed_tenths = 0
    for count, item in enumerate(items, 1):
        yield item
        tenths = count * 10 // len(items)
        if tenths > printed_tenths or count == len(items):
            printed_tenths = tenths
            console.print(f"{what}: {count} of {len(items)}", highlight=False)
