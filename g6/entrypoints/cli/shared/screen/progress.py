"""Progress of long work: a bar with the time left on a terminal, plain lines elsewhere.

Standard output carries the answer alone where it is no terminal: progress goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from g6.entrypoints.cli.shared.screen.breaking_console import BreakingConsole

T = TypeVar("T")


def progress_console(console: Console) -> Console:
    """Return where progress is shown beside the answer of a console.

    That is the console itself on a terminal, and standard error where its answer goes into a pipe
    or a file.
    """
    # `g6 data check 2>/dev/null | head` printed "checking: 1 of 8" before the answer, and with
    # `console.colour=always` a bar's control codes.
    if console.file is not sys.stdout or sys.stdout.isatty():
        return console
    return BreakingConsole(stderr=True, no_color=console.no_color, highlight=False)


def bar(console: Console, *columns: str | ProgressColumn) -> Progress:
    """Return a bar beside the answer of a console, which goes when its work is done."""
    console = progress_console(console)
    # rich sends what is printed under a bar to the bar's console: into standard error here. Of a
    # bar that no terminal shows it leaves an empty line.
    return Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=not console.stderr,
        disable=not console.is_terminal,
    )


def followed(items: Sequence[T], what: str, console: Console) -> Iterator[T]:
    """Yield items one by one. Each is done when the next one is asked for."""
    console = progress_console(console)
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with bar(console, *columns) as progress:
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
