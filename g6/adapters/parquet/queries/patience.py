"""A progress bar for loads that take longer than a second, on a terminal only."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

T = TypeVar("T")
PATIENCE = 1.0


def shown(
    items: Sequence[T], what: str, console: Console | None = None, patience: float = PATIENCE
) -> Iterator[T]:
    """Yield `items`, with a progress bar on standard error after `patience` seconds."""
    yield from counted(((item, 1) for item in items), len(items), what, console, patience)


def counted(
    items: Iterable[tuple[T, int]],
    total: int,
    what: str,
    console: Console | None = None,
    patience: float = PATIENCE,
) -> Iterator[T]:
    """Yield items of which each counts for so much of `total`, with the same bar."""
    began = time.monotonic()
    progress = None
    counts = 0
    try:
        for item, count in items:
            if progress is None and time.monotonic() - began > patience:
                progress = _bar(what, total, console)
            if progress is not None:
                progress.update(progress.task_ids[0], completed=counts)
            yield item
            counts += count
    finally:
        if progress is not None:
            progress.stop()


def _bar(what: str, total: int, console: Console | None) -> Progress:
    """Return a running bar. It shows nothing where nobody watches.

    Rich is imported for it alone: most loads are over before.
    """
    from rich.console import Console
    from rich.progress import Progress

    screen = console or Console(stderr=True)
    progress = Progress(console=screen, transient=True, disable=not screen.is_terminal)
    progress.start()
    progress.add_task(what, total=total)
    return progress
