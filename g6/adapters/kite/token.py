"""Access to a broker: the token that a person fetched, and when it ends."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from g6.domain.market.calendar import IST

FLUSHED = time(6, 0)
"""Clock time (IST) at which every access token of the day before ends (the broker's rule; some live an hour longer)."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `value` is shown nowhere. `issued` and `expires` epoch seconds of market time, 0 unknown."""

    value: str = field(repr=False)
    user: str = ""
    issued: float = 0.0
    expires: float = 0.0

    @property
    def mark(self) -> str:
        """Eight hex digits that tell two tokens apart without telling either."""
        return hashlib.sha256(self.value.encode()).hexdigest()[:8]

    def lives(self, at: float) -> bool:
        """Tell whether it has not ended at `at` (epoch seconds); one whose end is not known is believed."""
        return not self.expires or at < self.expires


def expiry_of(issued: datetime) -> datetime:
    """Return when a token issued at `issued` (aware) ends: the next 06:00 in India."""
    local = issued.astimezone(IST)
    end = datetime.combine(local.date(), FLUSHED, IST)
    return end if local < end else end + timedelta(days=1)
