"""A circuit breaker that all workers share: five failures in a row open it, one probe at a time tries whether it may close."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import pybreaker

from g6.errors import BreakerOpen, ProviderBusy
from g6.ports import SharedCache

T = TypeVar("T")

STATES = (pybreaker.STATE_CLOSED, pybreaker.STATE_HALF_OPEN, pybreaker.STATE_OPEN)
PROBE = "probe"
COUNTED = frozenset(("timeout", "network", "server", "provider"))
"""Kinds of ProviderBusy that speak of the provider's health; a rate limit speaks of ours."""


class Breaker:
    """pybreaker over a storage that all workers share; made when first used, since the storage writes when it is made.

    After `seconds` open, one worker at a time (the one with the claim on `shelf`) asks for the rest. `tell` is given every change
    of state.
    """

    def __init__(
        self,
        name: str,
        storage: Callable[[], pybreaker.CircuitBreakerStorage | None],
        shelf: SharedCache,
        *,
        failures: int = 5,
        seconds: float = 30.0,
        tell: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self._name, self._storage, self._shelf = name, storage, shelf
        self._failures, self._seconds, self._tell = failures, seconds, tell
        self._made: pybreaker.CircuitBreaker | None = None

    def call(self, send: Callable[[], T]) -> T:
        """Return what `send` returns, unless the provider is being left alone. Errors: BreakerOpen, and those of `send`."""
        breaker = self._breaker()
        probing = breaker.current_state != pybreaker.STATE_CLOSED
        if probing and not (self._ripe() and self._shelf.claim(self._claim(), self._seconds)):
            raise BreakerOpen(self._sentence())
        try:
            return breaker.call(send)
        except pybreaker.CircuitBreakerError as error:
            raise BreakerOpen(self._sentence()) from error
        finally:
            if probing:
                self._shelf.drop(self._claim())

    def check(self) -> None:
        """Raise BreakerOpen where a request now would be refused, before anything is spent on it."""
        if self.refuses():
            raise BreakerOpen(self._sentence())

    def state(self) -> str:
        """Return closed, half-open or open."""
        return str(self._breaker().current_state)

    def refuses(self) -> bool:
        """Tell whether a request now would be refused: it is open and the time for a probe has not come."""
        return self.state() != pybreaker.STATE_CLOSED and not self._ripe()

    def _ripe(self) -> bool:
        opened = self._breaker()._state_storage.opened_at  # noqa: SLF001 - the library shows it nowhere else
        return opened is None or (datetime.now(UTC) - opened).total_seconds() >= self._seconds

    def _breaker(self) -> pybreaker.CircuitBreaker:
        if self._made is None:
            self._made = pybreaker.CircuitBreaker(
                fail_max=self._failures, reset_timeout=self._seconds, state_storage=self._storage(), name=self._name,
                exclude=[_healthy], listeners=[_Changes(self._told)], throw_new_error_on_trip=False,
            )  # fmt: skip
        return self._made

    def _told(self, before: str, after: str) -> None:
        if after != pybreaker.STATE_HALF_OPEN and (before, after) != (
            pybreaker.STATE_HALF_OPEN,
            pybreaker.STATE_OPEN,
        ):
            sentence = (
                self._sentence() if after == pybreaker.STATE_OPEN else f"{self._name} answers again"
            )
            fix = "g6 check says what is wrong" if after == pybreaker.STATE_OPEN else ""
            self._tell({"state": "breaker", "breaker": after, "sentence": sentence, "fix": fix})

    def _sentence(self) -> str:
        return f"{self._name} failed {self._failures} times in a row; it is left alone for {self._seconds:g} s"

    def _claim(self) -> str:
        return f"{PROBE}:{self._name}"


class _Changes(pybreaker.CircuitBreakerListener):
    def __init__(self, told: Callable[[str, str], None]) -> None:
        self._told = told

    def state_change(self, cb: pybreaker.CircuitBreaker, old_state: Any, new_state: Any) -> None:  # noqa: ARG002 - the library's
        self._told(old_state.name if old_state else "", new_state.name)


def _healthy(error: BaseException) -> bool:
    """Tell whether an error says nothing against the provider's health: a refusal is an answer too."""
    return not (isinstance(error, ProviderBusy) and error.kind in COUNTED)
