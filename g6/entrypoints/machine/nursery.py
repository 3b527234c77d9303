"""Children of a process with threads, forked by a helper that was forked before the threads began.

A child shares the pages of what is imported already: executed, each held 98 MB for itself.
"""

from __future__ import annotations

import multiprocessing
import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from types import TracebackType
from typing import Self

from g6.config import Settings
from g6.entrypoints.machine.children import die_with_parent

__all__ = ["Nursery", "NurseryChild"]

ANSWER_SECONDS = 10.0
Target = Callable[[Settings, str], None]
"""What a child runs, with the settings and the address of Redis."""


@dataclass(frozen=True, slots=True)
class _Birth:
    """Asks for a child."""

    target: Target
    settings: Settings
    url: str


@dataclass(frozen=True, slots=True)
class _Question:
    """Asks for the exit code of a child, which ends first where `kills`."""

    pid: int
    kills: bool = False


class Nursery:
    """The helper, as the process with threads sees it. It is entered while there is one thread."""

    def __enter__(self) -> Self:
        """Fork the helper."""
        context = multiprocessing.get_context("fork")
        self._line, there = context.Pipe()
        self._lock = threading.Lock()
        self._helper = context.Process(target=_tend, args=(there, self._line, os.getpid()))
        self._helper.start()
        there.close()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the helper, and its children with it."""
        self._line.close()
        self._helper.join(ANSWER_SECONDS)
        if self._helper.exitcode is None:
            self._helper.kill()

    def new_child(self, target: Target, settings: Settings, url: str) -> NurseryChild:
        """Return a child that will run `target`."""
        return NurseryChild(self, _Birth(target, settings, url))

    def ask(self, question: _Birth | _Question) -> int | None:
        """Return the helper's answer: a process id, or an exit code, None while a child runs.

        Of a helper that is gone the answer is 1: it has no child that lives.
        """
        with self._lock, suppress(OSError, EOFError):
            self._line.send(question)
            if self._line.poll(ANSWER_SECONDS):
                answer: int | None = self._line.recv()
                return answer
        return 1


@dataclass(slots=True)
class NurseryChild:
    """A child of the helper, with the few methods of a process that are called."""

    nursery: Nursery
    birth: _Birth
    pid: int = 0
    _exit_code: int | None = field(default=None, init=False)

    def start(self) -> None:
        """Have it forked."""
        self.pid = self.nursery.ask(self.birth) or 0

    @property
    def exitcode(self) -> int | None:
        """Its exit code, None while it runs."""
        if self._exit_code is None:
            self._exit_code = self.nursery.ask(_Question(self.pid))
        return self._exit_code

    def join(self, seconds: float) -> None:
        """Wait for its end."""
        if self.exitcode is not None:
            return
        # Where processes are forked by a server there are such descriptors.
        with suppress(ProcessLookupError):
            descriptor = os.pidfd_open(self.pid)
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(1000.0 * seconds)
            os.close(descriptor)

    def kill(self) -> None:
        """End it at once."""
        self._exit_code = self.nursery.ask(_Question(self.pid, kills=True))


def _tend(line: Connection, other_end: Connection, parent: int) -> None:
    """Fork what is asked for until the other end of the line closes."""
    other_end.close()
    die_with_parent(parent)
    children: dict[int, ForkProcess] = {}
    with suppress(EOFError, OSError):
        while True:
            question = line.recv()
            if isinstance(question, _Birth):
                child = multiprocessing.get_context("fork").Process(
                    target=_run, args=(question, os.getpid()), daemon=True
                )
                child.start()
                children[child.pid or 0] = child
                line.send(child.pid)
            else:
                line.send(_exit_code(children, question))


def _exit_code(children: dict[int, ForkProcess], question: _Question) -> int | None:
    child = children.get(question.pid)
    if child is None:
        return 1
    if question.kills:
        child.kill()
        child.join(ANSWER_SECONDS)
    if child.exitcode is not None:
        del children[question.pid]
    return child.exitcode


def _run(birth: _Birth, parent: int) -> None:
    die_with_parent(parent)
    birth.target(birth.settings, birth.url)
