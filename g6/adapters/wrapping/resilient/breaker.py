"""A circuit breaker that all workers share.

Failures in a row open it. One probe at a time tries whether it may close.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pybreaker

from g6.domain.reports import ProviderState, StateFacts
from g6.errors import BreakerOpen, ProviderBusy
from g6.ports import Clock, SharedCache

T = TypeVar("T")

STATES = (pybreaker.STATE_CLOSED, pybreaker.STATE_HALF_OPEN, pybreaker.STATE_OPEN)
PROBE = "probe"
COUNTED = frozenset(("timeout", "network", "server", "provider"))
"""Kinds of ProviderBusy that speak of the provider's health; a rate limit speaks of ours."""


class Breaker:
    """pybreaker over a storage that all workers share.

    After `seconds` open, one worker at a time asks for the rest: the one with the claim in `cache`.
    `notify` is given every change of state.
    """

    def __init__(
        self,
        name: str,
        storage: Callable[[], pybreaker.CircuitBreakerStorage | None],
        cache: SharedCache,
        clock: Clock,
        *,
        failures: int = 5,
        seconds: float = 30.0,
        notify: Callable[[ProviderState], None] = lambda _: None,
    ) -> None:
        self._name = name
        self._storage = storage
        self._cache = cache
        self._clock = clock
        self._failures = failures
        self._seconds = seconds
        self._notify = notify
        self._circuit: pybreaker.CircuitBreaker | None = None

    def call(self, send: Callable[[], T]) -> T:
        """Return what `send` returns.

        Raises:
            BreakerOpen: The provider is being left alone.
            Exception: Whatever `send` raises.
        """
        breaker = self._breaker()
        is_probe = breaker.current_state != pybreaker.STATE_CLOSED
        if is_probe and not self._may_probe():
            raise BreakerOpen(self._sentence())
        try:
            return breaker.call(send)
        except pybreaker.CircuitBreakerError as error:
            raise BreakerOpen(self._sentence()) from error
        finally:
            if is_probe:
                self._cache.drop(self._claim())

    def check(self) -> None:
        """Refuse a request before it costs anything.

        Raises:
            BreakerOpen: It would be refused now.
        """
        if self.refuses():
            raise BreakerOpen(self._sentence())

    def state(self) -> str:
        """Return closed, half-open or open."""
        return str(self._breaker().current_state)

    def refuses(self) -> bool:
        """Return whether a request now would be refused: it is open, and too early for a probe."""
        return self.state() != pybreaker.STATE_CLOSED and not self._is_due_for_a_probe()

    def _may_probe(self) -> bool:
        if not self._is_due_for_a_probe():
            return False
        return self._cache.claim(self._claim(), self._seconds)

    def _is_due_for_a_probe(self) -> bool:
        # pybreaker 1.4 shows the instant nowhere else.
        opened = self._breaker()._state_storage.opened_at  # noqa: SLF001
        if opened is None:
            return True
        return self._clock.wall() - opened.timestamp() >= self._seconds

    def _breaker(self) -> pybreaker.CircuitBreaker:
        # Made when first used, after the fork: the storage in Redis writes when it is made.
        if self._circuit is None:
            self._circuit = pybreaker.CircuitBreaker(
                fail_max=self._failures,
                reset_timeout=self._seconds,
                state_storage=self._storage(),
                name=self._name,
                exclude=[_says_nothing_of_health],
                listeners=[_StateListener(self._changed)],
                throw_new_error_on_trip=False,
            )
        return self._circuit

    def _changed(self, before: str, after: str) -> None:
        """Notify of a change, except of a probe and of a probe that failed."""
        if after == pybreaker.STATE_HALF_OPEN:
            return
        if (before, after) == (pybreaker.STATE_HALF_OPEN, pybreaker.STATE_OPEN):
            return
        sentence = f"{self._name} answers again"
        fix = ""
        if after == pybreaker.STATE_OPEN:
            sentence = self._sentence()
            fix = "g6 check says what is wrong"
        facts = StateFacts(breaker=after)
        self._notify(ProviderState("breaker", sentence, fix=fix, facts=facts))

    def _sentence(self) -> str:
        return (
            f"{self._name} failed {self._failures} times in a row; "
            f"it is left alone for {self._seconds:g} s"
        )

    def _claim(self) -> str:
        return f"{PROBE}:{self._name}"


class _StateListener(pybreaker.CircuitBreakerListener):
    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed = changed

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,  # noqa: ARG002 - the library's
        old_state: pybreaker.CircuitBreakerState | None,
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        self._changed(old_state.name if old_state else "", new_state.name)


def _says_nothing_of_health(error: BaseException) -> bool:
    """Return whether an error leaves the provider's health open: a refusal is an answer too."""
    return not (isinstance(error, ProviderBusy) and error.kind in COUNTED)
