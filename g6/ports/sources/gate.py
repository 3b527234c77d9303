"""The gate: the way of every request to a provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Gate(Protocol):
    """Sends every request to a provider: in its slot, with retries, behind the breaker, counted."""

    def ask(self, family: str, endpoint: str, send: Callable[[], T]) -> T:
        """Send one request when its turn has come and return the answer.

        Args:
            family: The rate family, `quote`, `historical` or `other`.
            endpoint: The name under which the request is counted.
            send: Sends the request once.

        Raises:
            ProviderBusy: The provider failed until the deadline.
            Terminal: The provider refuses, or nothing may be asked of it now.
        """
        ...

    def mark_sent(self) -> None:
        """Note that the current request leaves now.

        A request that left late moves the next slot by as much, since the provider counts
        arrivals.
        """
        ...

    def reserve_further(self, family: str) -> bool:
        """Tell whether a further request of `family` fits before the deadline, and reserve it.

        It does not fit when it would cost another index its turn.
        """
        ...

    def answer_timeout(self, most: float) -> float:
        """Return how many of at most `most` seconds an answer to a request of now may take."""
        ...
