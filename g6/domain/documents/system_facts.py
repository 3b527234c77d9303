"""What the running system is found to be like, from which status and health are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from g6.domain.reports import CycleReport, GapOpened, Heartbeat, VitalSigns
from g6.domain.schema.overview_row import OverviewRow

OLD_SECONDS = 30.0
"""Market seconds after which a quote is stale, where the running system does not say."""


@dataclass(frozen=True, slots=True)
class MarketPhase:
    """The session phase of one exchange.

    Attributes:
        next_change: ISO instant of the next phase, None where no calendar is asked.
        closes: ISO instant at which its options stop trading, None while none trades.
        opens: ISO instant at which its options trade next, None where the calendar does not say.
    """

    is_open: bool
    phase: str
    next_change: str | None = None
    closes: str | None = None
    opens: str | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """How long something takes, of all that was counted since the totals began.

    Attributes:
        p50_ms: Milliseconds that half of them took at most.
        p95_ms: Milliseconds that 95 of a hundred took at most.
        count: How many there were.
    """

    p50_ms: float
    p95_ms: float
    count: int


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """What the status is made of.

    Attributes:
        wall: Wall time in epoch seconds.
        market: The market's instant.
        step: Wall seconds between cycles.
        interval: Market seconds between cycles.
        provider: The provider's name.
        report: The newest cycle's report.
        beat: The newest heartbeat.
        beat_at: Wall time of the newest heartbeat in epoch seconds.
        gap: The gap that opened last.
        last_success: Wall time at which the last analysed cycle closed, 0 for never.
        requests: Requests to the provider by outcome.
        vitals: Queues and workers now, None where nobody asked. The heartbeat's are as old as it.
        last_beat: Wall time of a beat's last sign of life in epoch seconds, None where unknown.
        phases: Session phases by exchange.
        trouble: What keeps the bus from being read.
        refused: Why the status file could not be written.
        redis_trouble: Why Redis does not answer, empty where it does.
        latencies: By what is timed: `cycle` from its instant to its close, `provider` requests.
    """

    wall: float
    market: datetime
    step: float
    interval: int
    indices: Sequence[str]
    provider: str
    report: CycleReport | None = None
    beat: Heartbeat | None = None
    beat_at: float = 0.0
    gap: GapOpened | None = None
    last_success: float = 0.0
    requests: Mapping[str, float] = field(default_factory=dict)
    vitals: VitalSigns | None = None
    last_beat: float | None = None
    phases: Mapping[str, MarketPhase] = field(default_factory=dict)
    next_cycle_wall: float | None = None
    trouble: str = ""
    refused: str = ""
    redis_trouble: str = ""
    latencies: Mapping[str, Latency] = field(default_factory=dict)


def is_old(system: SystemFacts, row: OverviewRow) -> bool:
    """Tell whether an index's data was older at its cycle's instant than a quote may be.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    >>> system = SystemFacts(0.0, at, 60.0, 60, ["NIFTY"], "sim")
    >>> is_old(system, {"quote_age_seconds": 31.0})
    True
    """
    plan = None if system.beat is None else system.beat.plan
    most = OLD_SECONDS if plan is None else plan.max_quote_age
    return bool((row.get("quote_age_seconds") or 0.0) > most)
