"""How often may be asked, and who did: limits by calendar second, and every arrival by the server's own clock."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from threading import Lock
from types import MappingProxyType

PER_SECOND: Mapping[str, int] = MappingProxyType({"quote": 1, "historical": 3, "other": 10})
"""Requests a calendar second for each API key, by family."""
MOST_KEYS: Mapping[str, int] = MappingProxyType(
    {"/quote": 500, "/quote/ohlc": 1000, "/quote/ltp": 1000}
)

_KEPT = 20_000


@dataclass(slots=True)
class Arrival:
    """One request: wall time in epoch seconds, what it asked for, how many keys, and the status it was answered with."""

    time: float
    family: str
    method: str
    path: str
    keys: int
    status: int = 0


@dataclass
class Quota:
    """Counts requests of each API key and family in calendar seconds of the wall."""

    per_second: dict[str, int] = field(default_factory=lambda: dict(PER_SECOND))
    arrivals: deque[Arrival] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _second: int = 0
    _lock: Lock = field(default_factory=Lock)

    def arrive(self, family: str, method: str, path: str, keys: int) -> Arrival:
        """Write down that a request came."""
        arrival = Arrival(time.time(), family, method, path, keys)
        self.arrivals.append(arrival)
        return arrival

    def allows(self, arrival: Arrival, api_key: str) -> bool:
        """Count a request; tell whether it is within its second's limit (0: there is none)."""
        if not (most := self.per_second.get(arrival.family, 0)):
            return True
        with self._lock:
            if (second := int(arrival.time)) != self._second:
                self._second = second
                self._counts.clear()
            self._counts[api_key, arrival.family] += 1
            return self._counts[api_key, arrival.family] <= most

    def told(self, family: str = "") -> list[dict[str, object]]:
        """Return the arrivals in their order, of one family or all."""
        return [asdict(each) for each in tuple(self.arrivals) if family in ("", each.family)]
