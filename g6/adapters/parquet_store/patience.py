"""A progress bar for what turns out to take longer than a second; on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

T = TypeVar("T")
PATIENCE = 1.0


def shown(items: Sequence[T], what: str, console: Console | None = None, patience: float = PATIENCE) -> Iterator[T]:
    """Yield `items`; once `patience` seconds have passed with some left, a bar on standard error says how far it is."""
    screen = console or Console(file=sys.stderr)
    began, progress, bar = time.monotonic(), None, None
    try:
        for done, item in enumerate(items):
            if progress is None and screen.is_terminal and time.monotonic() - began > patience:
                progress = Progress(console=screen, transient=True)
                progress.start()
                bar = progress.add_task(what, total=len(items))
            if progress is not None and bar is not None:
                progress.update(bar, completed=done)
            yield item
    finally:
        if progress is not None:
            progress.stop()
