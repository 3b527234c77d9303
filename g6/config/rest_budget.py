"""What a cycle over REST asks of the broker's one sequence of quote requests, and the time in which its requests may begin."""

from __future__ import annotations

import math
from dataclasses import dataclass

from g6.config.settings_model import Settings
from g6.domain.cycles.cycle import FIRST_SHARE, Timing
from g6.domain.quotes.chain_memory import refresh_count

__all__ = [
    "RestBudget", "answer_seconds", "begin_seconds", "least_interval", "request_seconds", "rest_budget",
]  # fmt: skip

QUOTE_SECONDS = 1.05
"""The broker's limit is one quote request in a calendar second; slots are a little wider."""
QUOTE_KEYS = 500
"""Instruments that one quote request may name."""
CHAIN_OPTIONS = 800
"""Listed options of the configured expiries of one index, where the whole chain is collected (a busy one of 2026)."""
ALWAYS_KEYS = 3
"""Index, future and VIX, in the first request of each index."""
DRIFT = 1.5
"""How many times wider a window is when the market has walked all day: strikes once collected stay in it."""
LATE_SECONDS = 0.5
"""Seconds after its instant at which a cycle's first request leaves on a busy machine: beat, queue, ledger, listing."""
ANSWER_SECONDS = 1.5
"""Seconds that the answer to the last request may take; the earlier ones have `provider.timeout`."""
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class RestBudget:
    """The quote requests of one cycle of all indices: `requests` at least, and `further` ones that always have room beside them.

    `seconds`: from the cycle's instant until the last of both has begun; `begin_within`: until which a request may begin at all.
    Further requests are tries after a failure, keys asked for again, and the first cycle's question for the index.
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
    requests = sum(
        math.ceil((_options(settings, name) + ALWAYS_KEYS) / QUOTE_KEYS)
        for name in settings.indices
    )
    further = math.ceil(len(settings.indices) / 2)
    seconds = LATE_SECONDS + max(0, requests + further - 1) * QUOTE_SECONDS
    # Before a second provider the first has a part of the time.
    share = FIRST_SHARE if settings.provider.fallback else 1.0
    return RestBudget(requests, further, seconds, share * begin_seconds(settings))


def least_interval(settings: Settings) -> int:
    """Return the least interval at which every cycle has room for its requests; with scope auto it decides the scope as well."""
    divisors = (step for step in range(1, _DAY + 1) if _DAY % step == 0)
    return next(
        step
        for step in divisors
        if rest_budget(settings.model_copy(update={"interval": step})).fits
    )


def begin_seconds(settings: Settings) -> float:
    """Return the seconds from a cycle's instant in which its requests may begin.

    A stage that meets its soft limit is lost whole; one that stops asking before keeps what has come.
    """
    timing = Timing(settings.wall_interval)
    answered = min(0.95 * timing.grace, max(0.9 * timing.soft, timing.soft - 1.0))
    return answered - answer_seconds(settings)


def answer_seconds(settings: Settings) -> float:
    """Return the seconds that the answer to the last request may take: less than any other's, so that more may begin."""
    return min(
        request_seconds(settings), max(0.5, min(ANSWER_SECONDS, 0.1 * settings.wall_interval))
    )


def request_seconds(settings: Settings) -> float:
    """Return the timeout of one request: as configured, under a quarter of the interval."""
    return min(settings.provider.timeout, 0.24 * settings.wall_interval)


def _options(settings: Settings, name: str) -> int:
    """Return the options that a cycle asks for of one index, at most, on a usual day."""
    if settings.scope == "chain":
        return CHAIN_OPTIONS
    params = settings.index_params[name]
    window = math.ceil(DRIFT * (params.strikes_itm + params.strikes_otm + 1)) * len(params.expiries)
    left = max(0, CHAIN_OPTIONS // 2 - window)
    return 2 * (window + refresh_count(window, left, settings.interval))
