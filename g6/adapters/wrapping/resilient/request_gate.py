"""The gate lets one request to a provider through in its turn, and again while that may help."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import TypeVar

import stamina

from g6.adapters.wrapping.resilient.breaker import Breaker
from g6.adapters.wrapping.resilient.tally import Tally
from g6.errors import ProviderBusy
from g6.ports import Clock, Limiter

T = TypeVar("T")

BEST_EFFORT = frozenset(("historical",))
"""Families that a unit can do without.

They have one try each, and their failures do not keep the unit from its quotes.
"""
COUNTED_FAMILY = "quote"
"""The family in which every index waits for its turn, so that further requests are counted."""
PROMPT_SECONDS = 0.02
"""Who has confirmed a slot must send within this time, or confirm anew.

The spacing of the slots has only so much room.
"""
SHORTEST_TIMEOUT = 0.05


def _always() -> bool:
    return True


class NoSlot(ProviderBusy):
    """The budget ends before the deadline: to ask again would only take slots from others."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is made again, and how long is waited between.

    The pause before try n is random, up to `base` × 2ⁿ and at most `cap` seconds.
    """

    retries: int = 3
    base: float = 0.25
    cap: float = 4.0

    def pause(self, tries: int) -> float:
        """Return the seconds to wait after `tries` failed tries: full jitter."""
        return random.uniform(0.0, min(self.cap, self.base * 2 ** (tries - 1)))


class RequestGate:
    """Gate port over a Limiter and a Breaker.

    `until` sets the deadline (wall seconds) of its block, after which no request begins. The answer
    to the last one may take `answer_seconds` beyond it.
    """

    def __init__(
        self,
        limiter: Limiter,
        breaker: Breaker,
        patience: Patience,
        clock: Clock,
        *,
        answer_seconds: float = inf,
    ) -> None:
        self._limiter = limiter
        self._breaker = breaker
        self._patience = patience
        self._clock = clock
        # With a quarter of the interval for the last answer, six whole chains at 30 s had 10 s in
        # which to begin requests, and an index was PARTIAL in seven of eight cycles. With 1.5 s for
        # it they have 15.5 s.
        self._answer_seconds = answer_seconds
        self._deadline: float | None = None
        self._take_further: Callable[[], bool] = _always
        self._slot_family = ""
        self._slot_confirmed_at: float | None = None
        self.tally = Tally()

    @contextmanager
    def until(
        self, deadline: float, take_further: Callable[[], bool] | None = None
    ) -> Iterator[None]:
        """Let no request of the block begin after `deadline`, or after an outer block's.

        `take_further` is called before a quote request that is not a first one. It says whether the
        cycle has room.
        """
        outer_deadline = self._deadline
        outer_further = self._take_further
        self._deadline = deadline if outer_deadline is None else min(outer_deadline, deadline)
        self._take_further = take_further or outer_further
        try:
            yield
        finally:
            self._deadline = outer_deadline
            self._take_further = outer_further

    def ask(self, family: str, endpoint: str, send: Callable[[], T]) -> T:
        """Send one request when its turn has come, and again while that may help.

        Raises:
            ProviderBusy: The last try failed, or there was no slot before the deadline.
            BreakerOpen: The provider is being left alone.
            Terminal: The provider refuses.
        """
        if family in BEST_EFFORT:
            self._await_slot(family, endpoint)
            return self._send_once(endpoint, send)
        tries = 0
        failures: list[ProviderBusy] = []

        def pause_before_retry(error: Exception) -> bool | float:
            if not isinstance(error, ProviderBusy) or isinstance(error, NoSlot):
                return False
            if tries > self._patience.retries:
                return False
            pause = self._patience.pause(tries)
            if pause >= self._seconds_left() or self._breaker.refuses():
                return False
            # Taken last: it costs the cycle one of its further requests.
            if family == COUNTED_FAMILY and not self._take_further():
                return False
            self.tally.retries[error.kind] += 1
            failures.append(error)
            return pause

        for attempt in stamina.retry_context(
            on=pause_before_retry, attempts=self._patience.retries + 1, timeout=None
        ):
            with attempt:
                tries += 1
                self._breaker.check()
                # Outside the breaker: a wait for a slot is no failure of the provider's.
                self._await_slot(family, endpoint, failures)
                return self._breaker.call(lambda: self._send_once(endpoint, send))
        raise AssertionError("unreachable")

    def mark_sent(self) -> None:
        """Note that the request has left.

        When that took long after its slot was confirmed, the next slot is moved by as much.
        """
        if self._slot_confirmed_at is None:
            return
        delay = time.monotonic() - self._slot_confirmed_at
        self._slot_confirmed_at = None
        if delay > PROMPT_SECONDS:
            self._limiter.confirm_late(self._slot_family)

    def reserve_further(self, family: str) -> bool:
        """Return whether a further request gets its slot in time and costs no other index its own.

        Where the cycle's further requests are counted, this takes one of them.
        """
        if self._limiter.describe()[family]["wait_seconds"] >= self._seconds_left():
            return False
        return family != COUNTED_FAMILY or self._take_further()

    def answer_timeout(self, most: float) -> float:
        """Return the seconds, at most `most`, that an answer to a request of now may take."""
        return max(SHORTEST_TIMEOUT, min(most, self._seconds_left() + self._answer_seconds))

    def _send_once(self, endpoint: str, send: Callable[[], T]) -> T:
        began = time.monotonic()
        outcome = "refused"
        try:
            answer = send()
            outcome = "ok"
        except ProviderBusy:
            outcome = "busy"
            raise
        finally:
            self.tally.count(endpoint, outcome, time.monotonic() - began)
        return answer

    def _await_slot(
        self, family: str, endpoint: str, failures: Sequence[ProviderBusy] = ()
    ) -> None:
        """Wait for a slot and take it.

        A process that wakes late, or loses its turn on the way, waits again.

        Raises:
            NoSlot: There is none before the deadline. It says what failed last, if something did,
                since the budget is not the cause then.
        """
        began = time.monotonic()
        wait = self._limiter.reserve(family, within=max(0.0, self._seconds_left()))
        try:
            while True:
                if wait >= self._seconds_left():
                    raise _no_slot(family, failures)
                if wait > 0:
                    self._clock.sleep(wait)
                asked_at = time.monotonic()
                wait = self._limiter.confirm(family)
                if wait <= 0 and time.monotonic() - asked_at < PROMPT_SECONDS:
                    self._slot_family = family
                    self._slot_confirmed_at = asked_at
                    return
                wait = max(wait, 0.0)
        finally:
            self.tally.wait[endpoint] += time.monotonic() - began

    def _seconds_left(self) -> float:
        return inf if self._deadline is None else self._deadline - self._clock.wall()


def _no_slot(family: str, failures: Sequence[ProviderBusy]) -> NoSlot:
    if not failures:
        return NoSlot(f"the budget has no {family} request left before the deadline", "rate_limit")
    error = NoSlot(str(failures[-1]), failures[-1].kind)
    error.__cause__ = failures[-1]
    return error
