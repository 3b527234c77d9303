"""What the ticker has done beside it, in processes of their own for their size: the day's wishes; yesterday's open interest."""

from __future__ import annotations

import multiprocessing
import sys

from g6.config import Settings
from g6.errors import G6Error

STORED = 3
"""Exit code: the store knows the previous session, nothing is to be asked today."""
LEARN_SECONDS = 1800.0
BATCH, BATCH_SECONDS = 30, 15.0
"""Contracts asked for of one index before the next has its turn, and the seconds that may take."""


def make(settings: Settings, broker: str) -> None:
    """Tell the quote cache what the first cycle of each index will ask for. Exits 1, with the reason, where that is not known."""
    from g6 import bootstrap
    from g6.adapters.memory.sender import MemorySender
    from g6.adapters.wrapping.streamed import Streamed
    from g6.pipeline.choice import chosen

    runtime = bootstrap.build(settings, MemorySender(), broker)
    at, provider = runtime.clock.market(), runtime.provider
    if not isinstance(provider, Streamed):
        return
    try:
        for index in runtime.plan.indices:
            provider.follow(index, chosen(runtime, index, at).contracts, at)
    except G6Error as error:
        sys.stderr.write(f"g6: {error}\n")
        sys.exit(1)


def learn(settings: Settings, broker: str) -> None:
    """Ask for the previous session's open interest of today's contracts where the store has none; collectors read what there is.

    Exits STORED where the store has it all, 1, with the reason, where the broker refuses.
    """
    from g6 import bootstrap
    from g6.adapters.kite.kite_provider import Kite
    from g6.adapters.memory.sender import MemorySender
    from g6.adapters.wrapping.resilient import Resilient
    from g6.adapters.wrapping.streamed import Streamed
    from g6.domain.market.calendar import day_of
    from g6.pipeline.choice import chosen

    runtime = bootstrap.build(settings, MemorySender(), broker)
    clock, provider = runtime.clock, runtime.provider
    at, parent, until = (
        clock.market(),
        multiprocessing.parent_process(),
        clock.wall() + LEARN_SECONDS,
    )
    inner = provider.inner if isinstance(provider, Streamed) else provider
    unknown = [
        index for index in runtime.plan.indices if runtime.store.last_oi(index, day_of(at)) is None
    ]
    if not unknown or not isinstance(inner, Resilient) or not isinstance(inner.first, Kite):
        sys.exit(STORED)
    try:
        left = {index: chosen(runtime, index, at).contracts for index in unknown}
        came = 1
        while came and clock.wall() < until and (parent is None or parent.is_alive()):
            came = 0
            for index, contracts in left.items():
                with inner.within(BATCH_SECONDS):
                    came += inner.first.learn_previous(index, contracts, at, BATCH)
    except G6Error as error:
        sys.stderr.write(f"g6: {error}\n")
        sys.exit(1)
