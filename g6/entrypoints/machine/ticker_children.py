"""Two short-lived children of the tick stream, each as big as a worker.

One tells the quote cache which contracts the day needs, the other asks for yesterday's open
interest. The stream itself stays small because it imports neither the pipeline nor pyarrow.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from g6.config import Settings
from g6.errors import G6Error
from g6.ports.sources import Abilities, abilities_of

if TYPE_CHECKING:
    from datetime import datetime

    from g6.domain.market.instrument import Contracts
    from g6.pipeline import Runtime

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

    day = day_of(at)
    return [index for index in runtime.plan.indices if runtime.store.last_oi(index, day) is None]


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
