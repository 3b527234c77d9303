"""Where the time of a cycle went: queue, rate wait, provider, compute, write.

The ledger notes when each stage began and ended. The stage's report splits what lies between. So
the shares of a unit, or of the way to a closed cycle, add up to wall time by two accounts that do
not know each other, and what no report explains stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from g6.domain.schema.words import Stage

__all__ = ["AGGREGATE", "TimeShares", "shares_of", "together"]

AGGREGATE = "aggregate"
"""The stage that closes a cycle, as it is called among those of a trace."""
QUEUE = "queue"
RATE_WAIT = "rate_wait"
PROVIDER = "provider"
COMPUTE = "compute"
WRITE = "write"

SHARES: Mapping[str, Mapping[str, str]] = {
    Stage.COLLECT: {
        "claim": QUEUE,
        "wait": QUEUE,
        "listing": PROVIDER,
        "select": COMPUTE,
        "quotes": PROVIDER,
        "rate_wait": RATE_WAIT,
        "previous_oi": PROVIDER,
        "frame": WRITE,
        "end": WRITE,
    },
    Stage.ANALYSE: {
        "claim": QUEUE,
        "read": WRITE,
        "solve": COMPUTE,
        "compute": COMPUTE,
        "frame": WRITE,
        "end": WRITE,
    },
    Stage.PERSIST: {"claim": QUEUE, "read": WRITE, "write": WRITE},
    AGGREGATE: {"overview": COMPUTE, "panels": COMPUTE, "put": WRITE},
    Stage.PUBLISH: {"overview": WRITE, "panels": WRITE, "instruments": WRITE},
}
"""By stage: the share to which each part of its report belongs."""


@dataclass(frozen=True, slots=True)
class TimeShares:
    """Milliseconds of a stage, a unit or a cycle, by what they were spent on.

    Attributes:
        queue: Waiting for a worker and for the ledger's leave to begin.
        rate_wait: Waiting for a slot of the provider's request limit.
        provider: The provider's answers, from the request to the last parsed value.
        compute: Choosing, pricing, solving, summing up.
        write: Frames and rows on their way to and from Redis and files.
        unexplained: What the ledger saw and no report tells of, as after a killed worker.
    """

    queue: float = 0.0
    rate_wait: float = 0.0
    provider: float = 0.0
    compute: float = 0.0
    write: float = 0.0
    unexplained: float = 0.0

    def __add__(self, other: TimeShares) -> TimeShares:
        """Return both together."""
        sums = {}
        for share in fields(self):
            sums[share.name] = round(getattr(self, share.name) + getattr(other, share.name), 1)
        return TimeShares(**sums)

    @property
    def explained(self) -> float:
        """Everything but what no report tells of."""
        return self.queue + self.rate_wait + self.provider + self.compute + self.write

    @property
    def wall(self) -> float:
        """Everything."""
        return self.explained + self.unexplained


def shares_of(
    stage: str, waited: float | None, parts: Mapping[str, float], wall: float | None
) -> TimeShares:
    """Return the shares of one stage.

    Args:
        stage: Its name.
        waited: Milliseconds from the end of the stage before to its begin, None where unknown. A
            message that came too early has a negative wait, and the time it was held as a part.
        parts: Milliseconds by part of its report.
        wall: Milliseconds from its begin to its end, None while it runs.

    >>> shares_of("persist", 4.0, {"claim": 1.0, "read": 2.0, "write": 8.0}, 11.5)
    TimeShares(queue=5.0, rate_wait=0.0, provider=0.0, compute=0.0, write=10.0, unexplained=0.5)
    """
    known = SHARES.get(stage, {})
    sums = dict.fromkeys((QUEUE, RATE_WAIT, PROVIDER, COMPUTE, WRITE), 0.0)
    sums[QUEUE] += waited or 0.0
    for part, milliseconds in parts.items():
        # A part that an earlier version reports under another name is work of some kind.
        sums[known.get(part, COMPUTE)] += milliseconds
    rest = 0.0 if wall is None else wall - sum(parts.values())
    return TimeShares(
        **{share: round(spent, 1) for share, spent in sums.items()}, unexplained=round(rest, 1)
    )


def together(shares: Iterable[TimeShares]) -> TimeShares:
    """Return the shares of several stages, one after the other.

    >>> together([TimeShares(queue=1.0), TimeShares(queue=2.0, write=3.0)]).wall
    6.0
    """
    return sum(shares, TimeShares())
