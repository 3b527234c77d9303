"""A progress bar for loads that take longer than a second, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock, Timer
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
    bar = _LateBar(what, total, console)
    timer = Timer(patience, bar.show)
    timer.daemon = True
    # A thread and not a look between two items: one long day is one item.
    if bar.is_watched:
        timer.start()
    counts = 0
    try:
        for item, count in items:
            yield item
            counts += count
            bar.move(counts)
    finally:
        timer.cancel()
        bar.stop()


class _LateBar:
    """A bar that another thread shows once it has taken long. Nothing is shown to nobody."""

    def __init__(self, what: str, total: int, console: Console | None) -> None:
        self._what = what
        self._total = total
        self._console = console
        self._lock = Lock()
        self._counts = 0
        self._is_over = False
        self._progress: Progress | None = None

    @property
    def is_watched(self) -> bool:
        """Whether standard error, or the console, is a terminal."""
        return sys.stderr.isatty() if self._console is None else self._console.is_terminal

    def show(self) -> None:
        """Show the bar, unless the work is over."""
        # Rich is imported for it alone: most loads are over before.
        from rich.console import Console
        from rich.progress import Progress

        with self._lock:
            if self._is_over:
                return
            self._progress = Progress(console=self._console or Console(stderr=True), transient=True)
            self._progress.start()
            # Without a total it moves to and fro: before the first item nothing is known of it.
            self._progress.add_task(self._what, total=None)
            self._draw()

    def move(self, counts: int) -> None:
        """Draw how much is done."""
        with self._lock:
            self._counts = counts
            self._draw()

    def stop(self) -> None:
        """Take the bar away."""
        with self._lock:
            self._is_over = True
            if self._progress is not None:
                self._progress.stop()

    def _draw(self) -> None:
        if self._progress is not None and self._counts:
            self._progress.update(
                self._progress.task_ids[0], total=self._total, completed=self._counts
            )
