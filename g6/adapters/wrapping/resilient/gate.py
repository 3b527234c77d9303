"""One request to a provider: its turn in the shared sequence of slots, further tries until the deadline, breaker and books."""

from __future__ import annotations

import random
import threading
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
from g6.ports import Limiter

T = TypeVar("T")

BEST_EFFORT = frozenset(("historical",))
"""Families that a unit can do without: one try each, and their failures do not keep it from its quotes."""
COUNTED_FAMILY = "quote"
"""The family in which every index of a cycle waits for its turn, so that further requests are counted."""
PROMPT_SECONDS = 0.02
"""Who has confirmed a slot must send within this time, or confirm anew: the spacing has only so much room."""


def _always() -> bool:
    return True


class NoSlot(ProviderBusy):
    """Our own budget ends before the deadline: to ask again would only take slots from others."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is made again and how long is waited between: at random up to `base` × 2ⁿ, at most `cap` seconds."""

    retries: int = 3
    base: float = 0.25
    cap: float = 4.0

    def pause(self, tries: int) -> float:
        """Return the seconds to wait after `tries` failed tries: full jitter."""
        return random.uniform(0.0, min(self.cap, self.base * 2 ** (tries - 1)))


class RequestGate:
    """Gate port over a Limiter and a Breaker. `until` sets the deadline (wall seconds) of its block: no request begins later.

    The answer to the last one may take `answer_seconds` beyond it.
    """

    def __init__(
        self,
        limiter: Limiter,
        breaker: Breaker,
        patience: Patience,
        wall: Callable[[], float] = time.time,
        *,
        answer_seconds: float = inf,
    ) -> None:
        self._limiter, self._breaker, self._patience, self._wall = limiter, breaker, patience, wall
        self._answer_seconds = answer_seconds
        self._deadline: float | None = None
        self._further: Callable[[], bool] = _always
        self._confirmed: tuple[str, float] | None = None
        self.tally = Tally()

    @contextmanager
    def until(self, deadline: float, further: Callable[[], bool] | None = None) -> Iterator[None]:
        """Let no request of the block begin after `deadline`, or an outer block's if that comes first.

        `further` is asked before a quote request that is not a first one, and says whether the cycle has room for it.
        """
        before, counted = self._deadline, self._further
        self._deadline = deadline if before is None else min(before, deadline)
        self._further = further or counted
        try:
            yield
        finally:
            self._deadline, self._further = before, counted

    def ask(self, family: str, endpoint: str, send: Callable[[], T]) -> T:
        """Send one request when its turn has come, and again while it may help. Errors: ProviderBusy, BreakerOpen, Terminal."""
        if family in BEST_EFFORT:
            self._await_slot(family, endpoint)
            return self._once(endpoint, send)
        tries = 0
        failed: list[ProviderBusy] = []

        def again(error: Exception) -> bool | float:
            if not isinstance(error, ProviderBusy) or isinstance(error, NoSlot):
                return False
            pause = self._patience.pause(tries)
            if tries > self._patience.retries or pause >= self._left() or self._breaker.refuses():
                return False
            if family == COUNTED_FAMILY and not self._further():
                return False
            self.tally.retries[error.kind] += 1
            failed.append(error)
            return pause

        for attempt in stamina.retry_context(
            on=again, attempts=self._patience.retries + 1, timeout=None
        ):
            with attempt:
                tries += 1
                self._breaker.check()
                self._await_slot(family, endpoint, failed)
                return self._breaker.call(lambda: self._once(endpoint, send))
        raise AssertionError("unreachable")

    def mark_sent(self) -> None:
        """Hear that the request has left; when that took long after its slot was confirmed, the next is moved by as much."""
        if self._confirmed is not None:
            (family, at), self._confirmed = self._confirmed, None
            if time.monotonic() - at > PROMPT_SECONDS:
                self._limiter.confirm_late(family)

    def reserve_further(self, family: str) -> bool:
        """Tell whether a further request of `family` gets its slot before the deadline and costs no other index its own.

        Where the cycle's further requests are counted, this takes one of them.
        """
        if self._limiter.describe()[family]["wait_seconds"] >= self._left():
            return False
        return family != COUNTED_FAMILY or self._further()

    def answer_timeout(self, most: float) -> float:
        """Return the seconds, at most `most`, that an answer to a request of now may take."""
        return max(0.05, min(most, self._left() + self._answer_seconds))

    def _once(self, endpoint: str, send: Callable[[], T]) -> T:
        began = time.monotonic()
        outcome = "refused"
        try:
            answer = send()
            outcome = "ok"
        except ProviderBusy:
            outcome = "busy"
            raise
        finally:
            self.tally.sent(endpoint, outcome, time.monotonic() - began)
        return answer

    def _await_slot(self, family: str, endpoint: str, failed: Sequence[ProviderBusy] = ()) -> None:
        """Wait for a slot and take it. A process that is woken late, or loses its turn on the way, waits again.

        Without one before the deadline the error says what `failed` last, if something did: the budget is not the cause then.
        """
        began = time.monotonic()
        wait = self._limiter.reserve(family, within=max(0.0, self._left()))
        try:
            while True:
                if wait >= self._left():
                    if failed:
                        raise NoSlot(str(failed[-1]), failed[-1].kind) from failed[-1]
                    raise NoSlot(
                        f"the budget has no {family} request left before the deadline", "rate_limit"
                    )
                if wait > 0:
                    threading.Event().wait(wait)
                asked = time.monotonic()
                wait = self._limiter.confirm(family)
                if wait <= 0 and time.monotonic() - asked < PROMPT_SECONDS:
                    self._confirmed = (family, asked)
                    return
                wait = max(wait, 0.0)
        finally:
            self.tally.wait[endpoint] += time.monotonic() - began

    def _left(self) -> float:
        return float("inf") if self._deadline is None else self._deadline - self._wall()
