"""The gate: the way of every request to a provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Gate(Protocol):
    """What every request to a provider goes through: its slot, further tries, the breaker, the books."""

    def ask(self, family: str, endpoint: str, send: Callable[[], T]) -> T:
        """Send one request of a rate family when its turn has come; return the answer. Errors: ProviderBusy, Terminal."""
        ...

    def mark_sent(self) -> None:
        """Hear that the request being asked has left: when that took long, the next is to come so much later."""
        ...

    def reserve_further(self, family: str) -> bool:
        """Tell whether a further request of `family` fits before the deadline and costs no other index its turn; take its place."""
        ...

    def answer_timeout(self, most: float) -> float:
        """Return the seconds, at most `most`, that an answer to a request of now may take."""
        ...
