"""The books of one unit: what it asked of the provider, how long that took and what it waited for."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Tally:
    """Requests by endpoint and outcome (ok, busy, refused), seconds of each, seconds waited for slots, further tries by reason."""

    requests: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wait: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    retries: Counter[str] = field(default_factory=Counter)

    def sent(self, endpoint: str, outcome: str, seconds: float) -> None:
        """Book one request."""
        self.requests[endpoint][outcome] += 1
        self.seconds[endpoint].append(round(seconds, 4))

    def facts(self) -> dict[str, Any]:
        """Return the books as plain values, as the recorder reads them."""
        return {
            "requests": {endpoint: dict(outcomes) for endpoint, outcomes in self.requests.items()},
            "seconds": {endpoint: list(each) for endpoint, each in self.seconds.items()},
            "wait": {endpoint: round(seconds, 4) for endpoint, seconds in self.wait.items()},
            "retries": dict(self.retries),
        }
