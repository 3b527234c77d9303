"""The limits by calendar second, and the register of every request by the server's own clock."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from threading import Lock
from types import MappingProxyType

# Written down here a second time on purpose: a look-alike that read the adapter's own limits would
# enforce a wrong one, and no test would notice.
PER_SECOND: Mapping[str, int] = MappingProxyType({"quote": 1, "historical": 3, "other": 10})
"""Requests a calendar second for each API key, by family."""
MOST_KEYS: Mapping[str, int] = MappingProxyType(
    {"/quote": 500, "/quote/ohlc": 1000, "/quote/ltp": 1000}
)

_MOST_ARRIVALS = 20_000


@dataclass(slots=True)
class Arrival:
    """One request.

    Attributes:
        time: Wall time in epoch seconds.
        family: Family whose limit it counts for.
        method: HTTP's method.
        path: Path without the query.
        keys: How many instruments it asked for.
        status: Status of the answer, 0 before it.
    """

    time: float
    family: str
    method: str
    path: str
    keys: int
    status: int = 0


@dataclass
class Quota:
    """Counts the requests of each API key and family in calendar seconds of the wall."""

    per_second: dict[str, int] = field(default_factory=lambda: dict(PER_SECOND))
    arrivals: deque[Arrival] = field(default_factory=lambda: deque(maxlen=_MOST_ARRIVALS))
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _second: int = 0
    _lock: Lock = field(default_factory=Lock)

    def arrive(self, family: str, method: str, path: str, keys: int) -> Arrival:
        """Register a request."""
        arrival = Arrival(time.time(), family, method, path, keys)
        self.arrivals.append(arrival)
        return arrival

    def allows(self, arrival: Arrival, api_key: str) -> bool:
        """Count a request, and tell whether it is within its second's limit (0: none)."""
        most = self.per_second.get(arrival.family, 0)
        if not most:
            return True
        second = int(arrival.time)
        with self._lock:
            if second != self._second:
                self._second = second
                self._counts.clear()
            self._counts[api_key, arrival.family] += 1
            return self._counts[api_key, arrival.family] <= most

    def arrivals_of(self, family: str = "") -> list[dict[str, object]]:
        """Return the requests in their order, of one family or all."""
        arrivals = tuple(self.arrivals)
        return [asdict(arrival) for arrival in arrivals if family in ("", arrival.family)]
