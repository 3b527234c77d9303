"""Two short-lived children of the tick stream, each as big as a worker.

One tells the quote cache which contracts the day needs, the other asks for yesterday's open
interest. The stream itself stays small because it imports neither the pipeline nor pyarrow.

Where a fork server made the stream's process, a helper that was forked before its threads began
forks the children, which share what is imported already: executed, each held 98 MB for itself.
"""

from __future__ import annotations

import multiprocessing
import os
import select
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from types import TracebackType
from typing import TYPE_CHECKING, Self

from g6.config import Settings
from g6.entrypoints.machine.children import die_with_parent
from g6.errors import G6Error
from g6.ports.sources import Abilities, abilities_of

if TYPE_CHECKING:
    from datetime import datetime

    from g6.domain.market.instrument import Contracts
    from g6.pipeline import Runtime

ANSWER_SECONDS = 10.0
Target = Callable[[Settings, str], None]
"""What a child runs, with the settings and the address of Redis."""
STORED = 3
"""Exit code: the store knows the previous session, nothing is to be asked today."""
LEARN_SECONDS = 1800.0
BATCH = 30
"""Contracts of one index that are asked for before the next index has its turn."""
BATCH_SECONDS = 15.0
"""Seconds that a batch may take."""


def announce_contracts(settings: Settings, broker: str) -> None:
    """Tell the quote cache which contracts the first cycle of each index will ask for.

    Exits 1, with the reason, where these are not known.
    """
    from g6.bootstrap.processes.process_runtime import build_runtime
    from g6.bootstrap.wiring import wire
    from g6.pipeline.choice import choose

    runtime = build_runtime(wire(settings, broker))
    at = runtime.clock.market()
    stream = abilities_of(runtime.provider).stream
    if stream is None:
        return
    try:
        for index in runtime.plan.indices:
            stream.follow(index, choose(runtime, index, at).contracts, at)
    except G6Error as error:
        _fail(error)


def learn_previous_interest(settings: Settings, broker: str) -> None:
    """Ask for the previous session's open interest of today's contracts that the store lacks.

    Collectors read what there is, so the questions need not be over before the open. Exits STORED
    where the store has it all, 1, with the reason, where the provider refuses.
    """
    from g6.bootstrap.processes.process_runtime import build_runtime
    from g6.bootstrap.wiring import wire
    from g6.pipeline.choice import choose

    runtime = build_runtime(wire(settings, broker))
    at = runtime.clock.market()
    abilities = abilities_of(runtime.provider)
    unknown = _indices_without_previous_interest(runtime, at)
    if not unknown or abilities.previous_interest is None:
        sys.exit(STORED)
    try:
        contracts = {index: choose(runtime, index, at).contracts for index in unknown}
        _learn_in_turns(runtime, abilities, contracts, at)
    except G6Error as error:
        _fail(error)


def _indices_without_previous_interest(runtime: Runtime, at: datetime) -> Sequence[str]:
    from g6.domain.market.calendar import day_of
    from g6.pipeline.gathering import stored_close

    day = day_of(at)
    return [index for index in runtime.plan.indices if stored_close(runtime, index, day) is None]


def _learn_in_turns(
    runtime: Runtime,
    abilities: Abilities,
    contracts: Mapping[str, Contracts],
    at: datetime,
) -> None:
    """Ask index after index for a batch, until no answer brings anything or the time is over."""
    learner = abilities.previous_interest
    if learner is None:
        return
    parent = multiprocessing.parent_process()
    clock = runtime.clock
    deadline = clock.wall() + LEARN_SECONDS
    answers = 1
    while answers and clock.wall() < deadline and (parent is None or parent.is_alive()):
        answers = 0
        for index, of_index in contracts.items():
            with abilities.within(BATCH_SECONDS):
                answers += learner.learn_previous(index, of_index, at, BATCH)


def _fail(error: G6Error) -> None:
    sys.stderr.write(f"g6: {error}\n")
    sys.exit(1)


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
