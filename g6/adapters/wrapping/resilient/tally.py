"""The account of one unit's requests: outcomes, durations, waits for slots, further tries."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from g6.domain.reports import RequestTally


@dataclass(slots=True)
class Tally:
    """Counts the requests of a unit.

    Attributes:
        requests: By endpoint and outcome (ok, busy, refused).
        seconds: How long each took, by endpoint.
        wait: Seconds waited for slots, by endpoint.
        retries: Further tries by the reason of the failure before.
    """

    requests: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wait: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    retries: Counter[str] = field(default_factory=Counter)

    def count(self, endpoint: str, outcome: str, seconds: float) -> None:
        """Count one request."""
        self.requests[endpoint][outcome] += 1
        self.seconds[endpoint].append(round(seconds, 4))

    def facts(self) -> RequestTally:
        """Return the counts as plain values, as the recorder reads them."""
        return RequestTally(
            requests={endpoint: dict(outcomes) for endpoint, outcomes in self.requests.items()},
            seconds={endpoint: list(seconds) for endpoint, seconds in self.seconds.items()},
            wait={endpoint: round(seconds, 4) for endpoint, seconds in self.wait.items()},
            retries=dict(self.retries),
        )
