"""Kombu's event loop, which does nothing where all is as it is asked to be.

A worker's loop turns four times for each task. At each turn kombu (5.7) adds both sockets of its
connection to Redis anew, and Celery (5.7) takes every idle pool process off the pipes to write to.
The kernel answers each of these that nothing is to be done, and both libraries pass over its error:
a ninth of the processor time of a worker's main process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kombu.asynchronous import Hub
from kombu.utils.compat import fileno


class EventLoop(Hub):
    """A loop that takes off only what is there."""

    def remove_writer(self, fd: Any) -> None:
        """Stop waiting until a pipe can be written to, where the loop waits for that."""
        if fileno(fd) in self.writers:  # type: ignore[no-untyped-call]
            super().remove_writer(fd)  # type: ignore[no-untyped-call]


class ReaderLoop:
    """A loop as the transport of Redis sees it, which adds a socket once.

    It is for that transport alone. This one gives a new socket to the kernel by itself as well, so
    that one which has the number of an old one is waited for, whatever the loop remembers. Celery's
    pool gives its pipes to the loop alone.
    """

    def __init__(self, loop: Any) -> None:
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def add_reader(self, fd: int, callback: Callable[..., Any], *arguments: object) -> None:
        """Have a callback called once a socket can be read."""
        if self._loop.readers.get(fd) != (callback, arguments):
            self._loop.add_reader(fd, callback, *arguments)
