"""Any provider, guarded: deadlines for its requests, a second provider when it fails, and what a person should know of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from g6.adapters.wrapping.resilient.breaker import Breaker
from g6.adapters.wrapping.resilient.further import FurtherRequests
from g6.adapters.wrapping.resilient.gate import RequestGate
from g6.adapters.wrapping.resilient.outage import Outage
from g6.adapters.wrapping.resilient.tally import Tally
from g6.domain.cycles.cycle import FIRST_SHARE
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import Quotes, Underlying
from g6.errors import BreakerOpen, ProviderBusy, ProviderRefused, Withheld
from g6.ports import Limiter, Provider, SharedCache
from g6.ports.abilities import Abilities, abilities_of

T = TypeVar("T")

PREVIOUS_SECONDS = 1.0
"""Time a unit spends on the previous session's open interest, on a day before which nothing was stored."""
LISTING_SECONDS = 60.0
"""Time a listing may take: a dump of seven megabytes is downloaded once a day, by one worker."""


class Resilient:
    """Provider port around `first`, whose requests go through `gate`, and around `second` when that is given.

    `deadline_of` gives the wall time after which no request of an instant's unit begins; `further` counts the requests that are
    not an index's first ones (None: nobody does). While the second serves, `mode` is fallback and every row carries the second's
    own `source`.
    """

    def __init__(
        self,
        first: Provider,
        gate: RequestGate,
        breaker: Breaker,
        limiter: Limiter,
        shelf: SharedCache,
        deadline_of: Callable[[datetime], float],
        *,
        outage: Outage,
        second: Provider | None = None,
        wall: Callable[[], float] = time.time,
        fallback_seconds: float = 120.0,
        further: FurtherRequests | None = None,
        tell: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self.name, self.first, self.second = first.name, first, second
        self._gate, self._breaker, self._limiter, self._shelf = gate, breaker, limiter, shelf
        self._deadline_of, self._wall, self._fallback_seconds, self._tell = (
            deadline_of,
            wall,
            fallback_seconds,
            tell,
        )
        self._outage, self._further = outage, further
        self._unit: tuple[str, datetime] | None = None

    @property
    def abilities(self) -> Abilities:
        """What the first provider can do; its requests may be bounded in time."""
        return replace(abilities_of(self.first), within=self.within)

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed on the day of `at`; its request may outlast the unit. Errors: ProviderBusy, Terminal."""
        self._begin(index, at)
        return self._served(
            lambda source: source.listing(index, at), self._wall() + LISTING_SECONDS, telling=False
        )

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index, its nearest future and VIX. Errors: ProviderBusy, Terminal."""
        self._begin(index, at)
        return self._served(
            lambda source: source.underlying(index, at), self._deadline_of(at), at=at
        )

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes of `contracts` and of the underlying. Errors: ProviderBusy, Terminal."""
        self._begin(index, at)
        return self._served(
            lambda source: source.quotes(index, contracts, at), self._deadline_of(at), at=at
        )

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> Any:
        """Return the open interest `(2, n)` at the end of the previous session, NaN where nobody knows it."""
        self._begin(index, at)
        left = max(0.0, self._deadline_of(at) - self._wall())
        # Quotes are there already and grow old meanwhile.
        deadline = self._wall() + min(PREVIOUS_SECONDS, left / 2)
        return self._served(
            lambda source: source.previous_oi(index, contracts, at), deadline, telling=False
        )

    def describe(self) -> Mapping[str, Any]:
        """Return the first provider's facts, breaker, budget, and what the last unit of this process asked."""
        facts = dict(self.first.describe())
        budget = self._limiter.describe()
        if self._shelf.get(self._serving()) is not None and self.second is not None:
            facts |= {
                "mode": "fallback",
                "source": self.second.describe().get("source", self.second.name),
            }
        return (
            facts
            | self._gate.tally.facts()
            | {
                "breaker": self._breaker.state(),
                "budget_left": {family: each["left_per_minute"] for family, each in budget.items()},
            }
        )

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Let every request of a block begin within `seconds` from now."""
        return self._gate.until(self._wall() + seconds)

    def _begin(self, index: str, at: datetime) -> None:
        """Open the books of a unit."""
        if self._unit != (index, at):
            self._unit, self._gate.tally = (index, at), Tally()

    def _served(
        self, ask: Callable[[Provider], T], deadline: float, *, telling: bool = True, at: datetime | None = None
    ) -> T:  # fmt: skip
        """Return the first provider's answer, else the second's; `telling`: whether it says if the first is there.

        `at`: the cycle whose further requests are counted.
        """
        counted = self._further
        further = None if counted is None or at is None else (lambda: counted.take(at))
        if self.second is None:
            return self._first(ask, deadline, telling, further)
        try:
            answer = self._first(
                ask,
                self._wall() + FIRST_SHARE * max(0.0, deadline - self._wall()),
                telling,
                further,
            )
        except (ProviderBusy, ProviderRefused, Withheld) as error:
            answer = ask(self.second)
            self._fell_back(error)
        return answer

    def _first(
        self, ask: Callable[[Provider], T], deadline: float, telling: bool, further: Callable[[], bool] | None
    ) -> T:  # fmt: skip
        try:
            with self._gate.until(deadline, further):
                answer = ask(self.first)
        except (ProviderBusy, BreakerOpen) as error:
            self._outage.failed(error)
            raise
        if telling:
            self._outage.answered()
        return answer

    def _fell_back(self, error: Exception) -> None:
        """Say once that the second serves; it is forgotten when the first has not failed for a while."""
        fresh = self._shelf.get(self._serving()) is None
        self._shelf.put(self._serving(), b"1", self._fallback_seconds)
        if fresh and self.second is not None:
            why = "is left alone" if isinstance(error, BreakerOpen) else str(error)
            self._tell(
                {
                    "state": "fallback",
                    "sentence": f"{self.second.name} serves in place of {self.name}: {why}",
                    "fix": "g6 check",
                }
            )

    def _serving(self) -> str:
        return f"fallback:{self.name}"
