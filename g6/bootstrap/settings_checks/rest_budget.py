"""The requests of a cycle over REST, and the time in which they may begin.

The provider takes one sequence of quote requests from all workers. Every index of a cycle needs its
turn in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from g6.adapters.kite.limits import MOST_QUOTE_KEYS, REQUEST_SPACINGS
from g6.config import Settings
from g6.domain.cycles.cycle import FIRST_SHARE, Timing
from g6.domain.quotes.chain_memory import refresh_count

QUOTE_SECONDS = REQUEST_SPACINGS["quote"]
CHAIN_OPTIONS = 800
"""Listed options of the configured expiries of one index, whole chain (a busy one of 2026)."""
ALWAYS_KEYS = 3
"""Index, future and VIX, in the first request of each index."""
DRIFT = 1.5
"""How many times wider a window is when the market has walked all day: its strikes stay in it."""
LATE_SECONDS = 0.5
"""Seconds after its instant at which a cycle's first request leaves on a busy machine.

They go to beat, queue, ledger and listing.
"""
ANSWER_SECONDS = 1.5
"""Seconds that the answer to the last request may take.

The earlier ones have `provider.timeout`.
"""
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class RestBudget:
    """The quote requests of one cycle of all indices.

    Attributes:
        requests: Requests that every cycle makes at least.
        further: Further requests that always have room beside them: tries after a failure, keys
            asked for again, the first cycle's question for the index.
        seconds: From the cycle's instant until the last of both has begun.
        begin_within: Seconds from the cycle's instant in which a request may begin.
    """

    requests: int
    further: int
    seconds: float
    begin_within: float

    @property
    def fits(self) -> bool:
        """Whether every index has its turn in every cycle."""
        return self.seconds <= self.begin_within

    @property
    def spare(self) -> int:
        """The further requests that a cycle may make without costing an index its turn."""
        slots = max(0, math.floor((self.begin_within - LATE_SECONDS) / QUOTE_SECONDS) + 1)
        return max(self.further, slots - self.requests)


def rest_budget(settings: Settings) -> RestBudget:
    """Return the budget of a cycle with these settings."""
    requests = 0
    for index in settings.indices:
        keys = _most_options(settings, index) + ALWAYS_KEYS
        requests += math.ceil(keys / MOST_QUOTE_KEYS)
    further = math.ceil(len(settings.indices) / 2)
    seconds = LATE_SECONDS + max(0, requests + further - 1) * QUOTE_SECONDS
    # Before a second provider the first has a part of the time.
    share = FIRST_SHARE if settings.provider.fallback else 1.0
    return RestBudget(requests, further, seconds, share * begin_seconds(settings))


def least_interval(settings: Settings) -> int:
    """Return the smallest interval at which every cycle has room for its requests.

    With scope auto the interval decides the scope as well.
    """
    for seconds in range(1, _DAY + 1):
        if _DAY % seconds:
            continue
        if rest_budget(settings.model_copy(update={"interval": seconds})).fits:
            return seconds
    raise AssertionError("a day has room for any cycle")


def begin_seconds(settings: Settings) -> float:
    """Return the seconds from a cycle's instant in which its requests may begin."""
    timing = Timing(settings.wall_interval)
    # A stage that meets its soft limit is lost whole; one that stops asking before keeps what came.
    answered = min(0.95 * timing.grace, max(0.9 * timing.soft, timing.soft - 1.0))
    return answered - answer_seconds(settings)


def answer_seconds(settings: Settings) -> float:
    """Return the seconds that the answer to the last request may take.

    They are fewer than any other's, so that more requests may begin.
    """
    share = max(0.5, min(ANSWER_SECONDS, 0.1 * settings.wall_interval))
    return min(request_seconds(settings), share)


def request_seconds(settings: Settings) -> float:
    """Return the timeout of one request: as configured, under a quarter of the interval."""
    return min(settings.provider.timeout, 0.24 * settings.wall_interval)


def _most_options(settings: Settings, index: str) -> int:
    """Return the options of one index that a cycle asks for at most, on a usual day."""
    if settings.scope == "chain":
        return CHAIN_OPTIONS
    params = settings.index_params[index]
    strikes = params.strikes_itm + params.strikes_otm + 1
    window = math.ceil(DRIFT * strikes) * len(params.expiries)
    beyond = max(0, CHAIN_OPTIONS // 2 - window)
    return 2 * (window + refresh_count(window, beyond, settings.interval))
