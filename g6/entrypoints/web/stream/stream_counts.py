"""What the stream of one serving process did, for its metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from g6.domain.reports import FanoutReport

__all__ = ["StreamCounts", "TallyBook"]

MEASURED = 2_000
"""Times of one stage that are kept until they are reported."""


@dataclass(slots=True)
class StreamCounts:
    """What was sent since the process started.

    Attributes:
        snapshots: Snapshots by why: connected, resync, replay, lost (the id was too old), slow.
        events: Events by type as they were written, one for each listener that got it.
        deliveries: Batches of events times the listeners they were written to.
        encoded: Events that were encoded, once each.
        reused: Events that were written to a further listener without being encoded again.
        resumed: How often a listener came back and lost nothing.
        transitions: Listeners that became slow (enter), read again (exit), or began to (abort).
        backpressure: How often a listener was slow (warn), was cut off (degrade), and how many
            batches it was not sent (drop).
        reconnects: Listeners that came back, by why: the connection ended (connection), so did the
            epoch, or their panels did not fit (not_whole).
        stages: Stages that traced events came through: publish, serialize, flush, applied.
        refused: Requests that were refused by why; the guard counts them.
        seconds: What was measured by stage: emit, queue, flush, applied, backoff.
    """

    snapshots: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    deliveries: int = 0
    encoded: int = 0
    reused: int = 0
    resumed: int = 0
    transitions: Counter[str] = field(default_factory=Counter)
    backpressure: Counter[str] = field(default_factory=Counter)
    reconnects: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def snapshot_sent(self, why: str) -> None:
        """Count a snapshot."""
        self.snapshots[why] += 1
        self.events["snapshot"] += 1

    def observed(self, stage: str, seconds: float) -> None:
        """Note how long a stage took. What nobody collects is bounded."""
        measured = self.seconds.setdefault(stage, [])
        if len(measured) < MEASURED:
            measured.append(seconds)

    def came_back(self, last_id: str, waited: float, epoch: str) -> None:
        """Note that a listener came back.

        Args:
            last_id: The id of its last event, empty where its panels did not fit.
            waited: Seconds that it waited before.
            epoch: The epoch of the sequence.
        """
        reason = "not_whole"
        if last_id:
            reason = "connection" if last_id.startswith((f"{epoch}-", "past-")) else "epoch"
        self.reconnects[reason] += 1
        self.observed("backoff", waited)

    def moved(self, transition: str) -> None:
        """Count a change of a listener's state."""
        self.transitions[transition] += 1

    def backpressured(self, what: str) -> None:
        """Count a listener that did not read."""
        self.backpressure[what] += 1

    @property
    def is_used(self) -> bool:
        """Whether anybody has listened or was refused since the process started."""
        return bool(self.snapshots or self.resumed or self.refused)


_COUNTERS = (
    "events",
    "snapshots",
    "transitions",
    "backpressure",
    "reconnects",
    "refused",
    "stages",
)


@dataclass(slots=True)
class TallyBook:
    """What of the counts was reported, so that each is reported once.

    Counts are written by the thread of the loop and read by that of the hub: they only grow.
    """

    counts: StreamCounts
    _reported: dict[str, Counter[str]] = field(default_factory=dict)
    _state: tuple[float, ...] = ()

    def report(
        self, tallies: Mapping[str, int], listeners: int, degraded: int, ratio: float, held: int
    ) -> FanoutReport | None:
        """Return what was counted since the last report was noted, None where nothing changed.

        Args:
            tallies: Further numbers that only grow, by name.
            listeners: Connections that are open.
            degraded: Those that are sent nothing.
            ratio: What waits for the slowest one, as a share of what may.
            held: Events that who comes back can still be sent.
        """
        counts = self.counts
        if not counts.is_used:
            return None
        totals = {name: Counter(getattr(counts, name)) for name in _COUNTERS}
        totals["tallies"] = Counter(
            {
                "encoded": counts.encoded,
                "reused": counts.reused,
                "resumed": counts.resumed,
                **tallies,
            }
        )
        grown = {
            name: total - self._reported.get(name, Counter()) for name, total in totals.items()
        }
        state = (listeners, degraded, round(ratio, 3))
        if state == self._state and not any(grown.values()):
            return None
        self._reported = totals
        self._state = state
        measured = {name: _taken(values) for name, values in [*counts.seconds.items()]}
        return FanoutReport(
            listeners,
            degraded,
            round(ratio, 3),
            held,
            seconds={name: values for name, values in measured.items() if values},
            **grown,
        )


def _taken(values: list[float]) -> list[float]:
    """Return what a list holds and empty it of that; another thread may append meanwhile."""
    taken = [round(value, 6) for value in values[:MEASURED]]
    del values[: len(taken)]
    return taken
