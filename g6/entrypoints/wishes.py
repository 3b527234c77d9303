"""What to stream today, found out before the first cycle of the day asks for it; run in a process of its own, for its size."""

from __future__ import annotations

import sys

from g6.config import Settings
from g6.errors import G6Error


def make(settings: Settings, broker: str) -> None:
    """Tell the quote cache what the first cycle of each index will ask for. Exits 1, with the reason, where that is not known."""
    from g6 import bootstrap
    from g6.adapters.memory import MemorySender
    from g6.adapters.streamed import Streamed
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
