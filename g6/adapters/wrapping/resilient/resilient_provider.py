"""A guarded provider: deadlines for its requests, and a second provider when it fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from g6.adapters.wrapping.resilient.breaker import Breaker
from g6.adapters.wrapping.resilient.further import FurtherRequests
from g6.adapters.wrapping.resilient.outage import Outage
from g6.adapters.wrapping.resilient.request_gate import RequestGate
from g6.adapters.wrapping.resilient.tally import Tally
from g6.domain.cycles.cycle import FIRST_SHARE
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import Quotes
from g6.domain.reports import ProviderFacts, ProviderState
from g6.domain.schema.provider_words import ProviderMode
from g6.domain.schema.underlying import Underlying
from g6.errors import BreakerOpen, ProviderBusy, ProviderRefused, Withheld
from g6.ports import Limiter, Provider, SharedCache
from g6.ports.sources import Abilities, abilities_of

T = TypeVar("T")

PREVIOUS_SECONDS = 1.0
"""Time for the previous session's open interest, on a day before which nothing was stored."""
LISTING_SECONDS = 60.0
"""Time that a listing may take: one worker downloads seven megabytes once a day."""


class Resilient:
    """Provider port around a first provider, whose requests are guarded, and around a second one.

    While the second serves, `mode` is fallback, and every row carries the second's own `source`.
    """

    def __init__(
        self,
        first: Provider,
        gate: RequestGate,
        breaker: Breaker,
        limiter: Limiter,
        cache: SharedCache,
        deadline_of: Callable[[datetime], float],
        *,
        outage: Outage,
        second: Provider | None = None,
        wall: Callable[[], float] = time.time,
        fallback_seconds: float = 120.0,
        further: FurtherRequests | None = None,
        notify: Callable[[ProviderState], None] = lambda _: None,
    ) -> None:
        """Guard a provider.

        Args:
            first: Serves as long as it can.
            gate: Lets its requests through.
            breaker: The gate's, for what `describe` tells.
            limiter: Likewise.
            cache: Values that all workers share.
            deadline_of: Gives the wall time after which no request of an instant's unit begins.
            outage: Notes successes and failures.
            second: Serves while the first cannot.
            wall: The wall clock.
            fallback_seconds: How long the second is said to serve after its last answer.
            further: Counts the requests that are not an index's first ones, where somebody does.
            notify: Takes facts for the bus.
        """
        self.name = first.name
        self.first = first
        self.second = second
        self._gate = gate
        self._breaker = breaker
        self._limiter = limiter
        self._cache = cache
        self._deadline_of = deadline_of
        self._outage = outage
        self._wall = wall
        self._fallback_seconds = fallback_seconds
        self._further = further
        self._notify = notify
        self._unit: tuple[str, datetime] | None = None

    @property
    def abilities(self) -> Abilities:
        """What the first provider can do, with its requests bounded in time."""
        return replace(abilities_of(self.first), within=self.within)

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed on the day of `at`, by a request that may outlast the unit.

        Raises:
            ProviderBusy: No answer in time.
            Terminal: The provider refuses.
        """
        self._begin_unit(index, at)
        deadline = self._wall() + LISTING_SECONDS
        # A listing comes from a file most of the time, so it says nothing of the provider's health.
        return self._ask_either(
            lambda source: source.listing(index, at), deadline, ends_outage=False
        )

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index, its nearest future and VIX.

        Raises:
            ProviderBusy: No answer in time.
            Terminal: The provider refuses.
        """
        self._begin_unit(index, at)
        return self._ask_either(
            lambda source: source.underlying(index, at), self._deadline_of(at), counted_at=at
        )

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes of `contracts` and of the underlying.

        Raises:
            ProviderBusy: No answer in time.
            Terminal: The provider refuses.
        """
        self._begin_unit(index, at)
        return self._ask_either(
            lambda source: source.quotes(index, contracts, at),
            self._deadline_of(at),
            counted_at=at,
        )

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return the previous session's last open interest `(2, n)`, NaN where nobody knows it."""
        self._begin_unit(index, at)
        remaining = max(0.0, self._deadline_of(at) - self._wall())
        # Quotes are there already and grow old meanwhile.
        deadline = self._wall() + min(PREVIOUS_SECONDS, remaining / 2)
        return self._ask_either(
            lambda source: source.previous_oi(index, contracts, at), deadline, ends_outage=False
        )

    def describe(self) -> ProviderFacts:
        """Return the first provider's facts, breaker, budget, and the requests of the last unit."""
        facts = self.first.describe()
        if self.second is not None and self._cache.get(self._serving()) is not None:
            source = self.second.describe().source or self.second.name
            facts = replace(facts, mode=ProviderMode.FALLBACK, source=source)
        budget = self._limiter.describe()
        remaining = {family: int(slots["left_per_minute"]) for family, slots in budget.items()}
        return replace(
            facts,
            tally=self._gate.tally.facts(),
            breaker=self._breaker.state(),
            budget_left=remaining,
        )

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Let every request of a block begin within `seconds` from now."""
        return self._gate.until(self._wall() + seconds)

    def _begin_unit(self, index: str, at: datetime) -> None:
        """Open the account of a unit."""
        if self._unit != (index, at):
            self._unit = (index, at)
            self._gate.tally = Tally()

    def _ask_either(
        self,
        ask: Callable[[Provider], T],
        deadline: float,
        *,
        ends_outage: bool = True,
        counted_at: datetime | None = None,
    ) -> T:
        """Return the first provider's answer, else the second's.

        Args:
            ask: Asks one of them.
            deadline: Wall time after which no request begins.
            ends_outage: Whether an answer says that the provider is back.
            counted_at: The cycle whose further requests are counted.
        """
        if self.second is None:
            return self._ask_first(ask, deadline, ends_outage, counted_at)
        # Before a second provider the first has a part of the time.
        first_deadline = self._wall() + FIRST_SHARE * max(0.0, deadline - self._wall())
        try:
            return self._ask_first(ask, first_deadline, ends_outage, counted_at)
        except (ProviderBusy, ProviderRefused, Withheld) as error:
            answer = ask(self.second)
            self._note_fallback(error)
            return answer

    def _ask_first(
        self,
        ask: Callable[[Provider], T],
        deadline: float,
        ends_outage: bool,
        counted_at: datetime | None,
    ) -> T:
        further = self._further
        take_further = None
        if further is not None and counted_at is not None:
            take_further = partial(further.take, counted_at)
        try:
            with self._gate.until(deadline, take_further):
                answer = ask(self.first)
        except (ProviderBusy, BreakerOpen) as error:
            self._outage.failed(error)
            raise
        if ends_outage:
            self._outage.answered()
        return answer

    def _note_fallback(self, error: Exception) -> None:
        """Notify once that the second serves, until the first has not failed for a while."""
        is_new = self._cache.get(self._serving()) is None
        self._cache.put(self._serving(), b"1", self._fallback_seconds)
        if not is_new or self.second is None:
            return
        reason = "is left alone" if isinstance(error, BreakerOpen) else str(error)
        sentence = f"{self.second.name} serves in place of {self.name}: {reason}"
        self._notify(ProviderState("fallback", sentence, fix="g6 check"))

    def _serving(self) -> str:
        return f"fallback:{self.name}"
