"""The runtime status: what a person or a script asks first, as one document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.reports import (
    CycleReport,
    GapOpened,
    Heartbeat,
    OverviewRow,
    ProviderFacts,
    VitalSigns,
)
from g6.domain.schema.words import QueueName, Reason, Status

SILENT_SECONDS = 20.0
"""Wall seconds without a heartbeat after which nobody works, or three heartbeats."""

BEATLESS_SECONDS = 10.0
"""Wall seconds without a sign of a beat, which gives one every two, after which there is none."""

OLD_SECONDS = 30.0
"""Market seconds after which a quote is stale, where the running system does not say."""

PROVIDER_REASONS = frozenset(reason for reason in Reason if reason.is_of_provider)
"""Reasons for which units go without quotes that speak of the provider."""


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
class IndexStatus:
    """One index in the newest cycle. The names of the fields are published.

    Attributes:
        index: Its name.
        ltp: The index in points.
        options: How many options of it were analysed.
        status: How its unit ended.
        age_seconds: Market seconds since the newest instant of its own data.
        pcr: Its put/call ratio of the nearest expiry.
        source: Where its quotes came from.
        stale: Whether its data was older at the cycle's instant than a quote may be.
    """

    index: str
    ltp: float | None
    options: int
    status: str | None
    age_seconds: float | None
    pcr: float | None
    source: str | None
    stale: bool | None


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


def runtime_status(system: SystemFacts) -> dict[str, object]:
    """Return the status document. What is not known is None.

    Instants are UTC, ages market seconds, the rest wall seconds.
    """
    report = system.report
    missing = readiness(system)
    units = {} if report is None else report.units
    options = 0 if report is None else sum(report.options.values())
    vitals = VitalSigns() if system.beat is None else system.beat.vitals
    workers = vitals.workers.values()
    sleep = None
    if system.next_cycle_wall is not None:
        sleep = round(max(0.0, system.next_cycle_wall - system.wall), 3)
    return {
        "timestamp": isoformat_z(system.market.replace(microsecond=0)),
        "cycle": None if report is None else report.cycle,
        "elapsed": None if report is None else report.elapsed_seconds,
        "interval": system.interval,
        "sleep_sec": sleep,
        "success_rate_pct": _percent(list(units.values()).count(Status.OK), len(units)),
        "options_last_cycle": options,
        "options_per_minute": round(options * 60.0 / system.step, 1),
        "api_success_rate": _percent(system.requests.get("ok", 0.0), sum(system.requests.values())),
        "memory_mb": _total((worker.resident_bytes for worker in workers), 1e-6),
        "cpu_pct": _total((worker.cpu_ratio for worker in workers), 100.0),
        "readiness_ok": not missing,
        "readiness_reason": "; ".join(missing),
        "indices": list(system.indices),
        "indices_info": _indices(system),
        "provider": _provider(system),
        "queues": dict(vitals.queues),
        "market": _market(system.phases),
        "lost": lost_units(report),
        "last_gap": None if system.gap is None else system.gap.to_json(),
    }


def lost_units(report: CycleReport | None) -> list[str]:
    """Return the units of the newest cycle that did not end OK, in the words of the alerts.

    >>> lost_units(None)
    []
    """
    if report is None:
        return []
    lost: list[str] = []
    for index, status in report.units.items():
        if status != Status.OK:
            lost.append(f"{index} {report.cycle} ({report.reasons.get(index, '')})")
    return lost


def readiness(system: SystemFacts) -> tuple[str, ...]:
    """Return what is missing before the system is ready, empty when nothing is."""
    missing = []
    if system.trouble:
        missing.append(f"bus: {system.trouble}")
    if system.refused:
        missing.append(f"status file: {system.refused}")
    missing += _machine_troubles(system)
    missing += _provider_troubles(system.report)
    missing += _feed_troubles(system)
    missing += _cycle_troubles(system)
    return tuple(missing)


def _machine_troubles(system: SystemFacts) -> list[str]:
    """Return what the heartbeat says against readiness.

    Capacity is asked for: a beat that lives, and a worker for each queue. A worker that was stopped
    while another serves its queues is none of it.
    """
    troubles = _capacity_troubles(system)
    if system.beat is None:
        return troubles or ["heartbeat: none yet"]
    silent = system.wall - system.beat_at
    beats = 0.0 if system.beat.plan is None else system.beat.plan.heartbeat_seconds
    if silent > max(SILENT_SECONDS, 3 * beats):
        return troubles or [f"heartbeat: none for {silent:.0f} s"]
    if system.beat.refused:
        troubles.append(f"disk: rows are not stored: {system.beat.refused[0].sentence}")
    return troubles


def _capacity_troubles(system: SystemFacts) -> list[str]:
    """Return a beat that is not there and queues that nobody serves, with what starts them."""
    troubles: list[str] = []
    if system.last_beat is not None and system.wall - system.last_beat > BEATLESS_SECONDS:
        silent = system.wall - system.last_beat
        troubles.append(f"beat: no beat for {silent:.0f} s: start one with celery -A g6 beat")
    vitals = system.vitals
    if vitals is None and system.beat is not None:
        vitals = system.beat.vitals
    workers = () if vitals is None else vitals.workers.values()
    # A worker of an earlier version does not say what it serves.
    if not workers or any(worker.up and worker.queues is None for worker in workers):
        return troubles
    served = {name for worker in workers if worker.up for name in worker.queues or ()}
    unserved = [str(name) for name in QueueName if name not in served]
    if unserved:
        start = f"start one with celery -A g6 worker -Q {','.join(unserved)}"
        troubles.append(f"worker: nobody serves {', '.join(unserved)}: {start}")
    return troubles


def _provider_troubles(report: CycleReport | None) -> list[str]:
    """Return the provider's reasons of a last cycle in which nothing was analysed."""
    if report is None or report.is_analysed:
        return []
    reasons = PROVIDER_REASONS & set(report.reasons.values())
    return [f"provider: {', '.join(sorted(reasons))} in the last cycle"] if reasons else []


def _cycle_troubles(system: SystemFacts) -> list[str]:
    """Return that an open market goes without analysed cycles."""
    if not _is_open(system):
        return []
    if not system.last_success:
        return ["cycle: none closed yet"]
    late = system.wall - system.last_success
    if late <= max(30.0, 3 * system.step):
        return []
    return [f"cycle: the last success was {late:.0f} s ago"]


def _is_open(system: SystemFacts) -> bool:
    return any(phase.is_open for phase in system.phases.values())


def index_statuses(system: SystemFacts) -> Iterator[IndexStatus]:
    """Yield the planned indices, then others that the newest cycle reports."""
    report = system.report
    rows = {} if report is None else {row["underlying"]: row for row in report.rows}
    options = {} if report is None else report.options
    units = {} if report is None else report.units
    for name in dict.fromkeys([*system.indices, *units]):
        row = rows.get(name, {})
        age = _age(system, row)
        yield IndexStatus(
            index=name,
            ltp=row.get("spot"),
            options=options.get(name, 0),
            status=units.get(name),
            age_seconds=None if age is None else round(age, 3),
            pcr=row.get("pcr_nearest"),
            source=row.get("quote_source") or None,
            stale=None if age is None else _is_old(system, row),
        )


def _indices(system: SystemFacts) -> dict[str, dict[str, object]]:
    indices: dict[str, dict[str, object]] = {}
    for status in index_statuses(system):
        facts: dict[str, object] = asdict(status)
        del facts["index"]
        indices[status.index] = facts
    return indices


def _age(system: SystemFacts, row: OverviewRow) -> float | None:
    """Return the market seconds since the newest instant of an index's own data."""
    # The time of receipt is no age: a feed that was 80 s old had 0.3 s in status and panels.
    age: float | None = row.get("quote_age_seconds")
    if age is None:
        return None
    return age + (system.market - parse_z(row["timestamp"])).total_seconds()


def _is_old(system: SystemFacts, row: OverviewRow) -> bool:
    """Tell whether an index's data was older at its cycle's instant than a quote may be."""
    plan = None if system.beat is None else system.beat.plan
    most = OLD_SECONDS if plan is None else plan.max_quote_age
    return bool((row.get("quote_age_seconds") or 0.0) > most)


def _feed_troubles(system: SystemFacts) -> list[str]:
    """Return what keeps fresh data from coming: no token, a stream that is away, old quotes."""
    provider = ProviderFacts() if system.beat is None else system.beat.provider
    is_open = _is_open(system)
    troubles = []
    if provider.login is not None and not provider.login.is_valid:
        troubles.append(f"token: {provider.login.state}; run g6 login")
    connections = {} if provider.ticker is None else provider.ticker.connections
    for number, connection in connections.items():
        if connection.state == "refused" or (is_open and connection.state != "open"):
            troubles.append(f"stream: connection {number} is {connection.state}")
    if is_open and system.report is not None:
        old = [row["underlying"] for row in system.report.rows if _is_old(system, row)]
        if old:
            troubles.append(f"data: quotes of {', '.join(old)} have stopped")
    return troubles


def _provider(system: SystemFacts) -> dict[str, object]:
    facts = {} if system.beat is None else system.beat.provider.to_json()
    names = ("mode", "source", "breaker", "budget_left", "login", "ticker", "instruments")
    return {"name": system.provider} | {name: facts.get(name) for name in names}


def _market(phases: Mapping[str, MarketPhase]) -> dict[str, object]:
    """Return one market of several exchanges.

    It is open while one is, in the phase of the first that is open, until the first change of
    phase. Options trade until the last of them closes.
    """
    opened: list[MarketPhase] = []
    changes: list[str] = []
    closes: list[str] = []
    opens: list[str] = []
    for phase in phases.values():
        if phase.next_change:
            changes.append(phase.next_change)
        if phase.opens:
            opens.append(phase.opens)
        if phase.is_open:
            opened.append(phase)
            if phase.closes:
                closes.append(phase.closes)
    first = next(iter([*opened, *phases.values()]), None)
    return {
        "open": bool(opened),
        "phase": None if first is None else first.phase,
        "next_change": min(changes, key=parse_z) if changes else None,
        "closes": max(closes, key=parse_z) if closes else None,
        "opens": min(opens, key=parse_z) if opens else None,
    }


def _percent(part: float, whole: float) -> float | None:
    return round(100.0 * part / whole, 2) if whole else None


def _total(values: Iterable[float | None], factor: float) -> float | None:
    """Return the sum of the values that are known, None where none is."""
    known = [value for value in values if value is not None]
    return round(sum(known) * factor, 1) if known else None
