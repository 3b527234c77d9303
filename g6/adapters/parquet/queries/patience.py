"""A progress bar for loads that take longer than a second, on a terminal only."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
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
    began = time.monotonic()
    progress = None
    try:
        for count, item in enumerate(items):
            if progress is None and time.monotonic() - began > patience:
                progress = _bar(what, len(items), console)
            if progress is not None:
                progress.update(progress.task_ids[0], completed=count)
            yield item
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
