"""Progress of what takes longer: a bar with the time it will still take on a terminal, plain lines anywhere else."""

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
    """Yield `items` one by one; each counts as done when the next one is asked for."""
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            yield from progress.track(items, description=what)
        return
    told = 0
    for done, item in enumerate(items, 1):
        yield item
        if done * 10 // len(items) > told or done == len(items):
            told = done * 10 // len(items)
            console.print(f"{what}: {done} of {len(items)}", highlight=False)
