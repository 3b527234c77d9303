"""The runtime status: what a person or a script asks first, as one document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.cycles.memory_pressure import MemoryPressure
from g6.domain.documents.readiness import readiness
from g6.domain.documents.system_facts import MarketPhase, SystemFacts, is_old
from g6.domain.reports import CycleReport, GapOpened, ProviderFacts, VitalSigns
from g6.domain.schema.json_types import JsonObject
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import Status


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
class MarketStatus:
    """The market of several exchanges, taken as one.

    Attributes:
        is_open: Whether one of them is open.
        phase: That of the first that is open, else of the first.
        next_change: ISO instant of the first change of phase.
        closes: ISO instant at which the last of them stops trading options, None while none trades.
        opens: ISO instant at which the first trades options next.
    """

    is_open: bool
    phase: str | None = None
    next_change: str | None = None
    closes: str | None = None
    opens: str | None = None

    def to_json(self) -> JsonObject:
        """Return the state under its published names."""
        return {
            "open": self.is_open,
            "phase": self.phase,
            "next_change": self.next_change,
            "closes": self.closes,
            "opens": self.opens,
        }


@dataclass(frozen=True, slots=True)
class RuntimeStatus:
    """How the running system fares. What is not known is None.

    Attributes:
        timestamp: The market's instant, ISO in UTC.
        cycle: The newest cycle, None before the first.
        elapsed: Wall seconds that it took.
        interval: Market seconds between cycles.
        sleep_seconds: Wall seconds until the next cycle.
        success_pct: Units of the newest cycle that ended OK, in percent.
        options: Options of the newest cycle.
        options_per_minute: The same in a wall minute.
        api_success_pct: Requests to the provider that were answered, in percent.
        api_latency_ms: Milliseconds that 95 of 100 requests took at most.
        memory_mb: Memory of all workers.
        cpu_pct: Processor time of all workers, 100 for one core.
        missing: What keeps the system from being ready.
        planned: The indices of the plan.
        indices: Each index in the newest cycle.
        provider: The provider's name.
        provider_facts: What it says of itself.
        queues: Messages that wait, by queue.
        beats: Whether each beat lives, by its name with its host.
        market: Open or closed, and until when.
        lost: Units of the newest cycle that did not end OK.
        pressure: How full the memory is, None where nobody looked.
        last_gap: The gap that opened last.
        restart_needed: Changes of the settings that a restart would bring.
    """

    timestamp: str
    cycle: str | None
    elapsed: float | None
    interval: int
    sleep_seconds: float | None
    success_pct: float | None
    options: int
    options_per_minute: float
    api_success_pct: float | None
    api_latency_ms: float | None
    memory_mb: float | None
    cpu_pct: float | None
    missing: tuple[str, ...]
    planned: tuple[str, ...]
    indices: tuple[IndexStatus, ...]
    provider: str
    provider_facts: ProviderFacts
    queues: Mapping[str, int]
    market: MarketStatus
    lost: tuple[str, ...]
    pressure: MemoryPressure | None
    last_gap: GapOpened | None
    restart_needed: tuple[str, ...] = ()
    beats: Mapping[str, bool] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    @property
    def readiness_reason(self) -> str:
        """What is missing, in a line."""
        return "; ".join(self.missing)

    def to_json(self) -> JsonObject:
        """Return the document of `/status`, under its published names."""
        return {
            "timestamp": self.timestamp,
            "cycle": self.cycle,
            "elapsed": self.elapsed,
            "interval": self.interval,
            "sleep_sec": self.sleep_seconds,
            "success_rate_pct": self.success_pct,
            "options_last_cycle": self.options,
            "options_per_minute": self.options_per_minute,
            "api_success_rate": self.api_success_pct,
            "api_latency_ms": self.api_latency_ms,
            "memory_mb": self.memory_mb,
            "cpu_pct": self.cpu_pct,
            "readiness_ok": self.is_ready,
            "readiness_reason": self.readiness_reason,
            "indices": list(self.planned),
            "indices_info": {status.index: _index_facts(status) for status in self.indices},
            "provider": _provider_facts(self.provider, self.provider_facts),
            "queues": dict(self.queues),
            "beats": dict(self.beats),
            "market": self.market.to_json(),
            "lost": list(self.lost),
            "memory_pressure": None if self.pressure is None else _pressure_facts(self.pressure),
            "last_gap": None if self.last_gap is None else self.last_gap.to_json(),
            "restart_needed": list(self.restart_needed),
        }


def runtime_status(system: SystemFacts, restart_needed: Iterable[str] = ()) -> RuntimeStatus:
    """Return how the running system fares. What is not known is None.

    Instants are UTC, ages market seconds, the rest wall seconds.

    Args:
        system: What it was found to be like.
        restart_needed: Changes of the settings that a restart would bring.

    >>> from datetime import datetime, UTC
    >>> at = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    >>> runtime_status(SystemFacts(0.0, at, 60.0, 60, ["NIFTY"], "sim")).is_ready
    False
    """
    report = system.report
    beat = system.beat
    units = {} if report is None else report.units
    options = 0 if report is None else sum(report.options.values())
    vitals = VitalSigns() if beat is None else beat.vitals
    latency = system.latencies.get("provider")
    sleep = None
    if system.next_cycle_wall is not None:
        sleep = round(max(0.0, system.next_cycle_wall - system.wall), 3)
    return RuntimeStatus(
        timestamp=isoformat_z(system.market.replace(microsecond=0)),
        cycle=None if report is None else report.cycle,
        elapsed=None if report is None else report.elapsed_seconds,
        interval=system.interval,
        sleep_seconds=sleep,
        success_pct=_percent(list(units.values()).count(Status.OK), len(units)),
        options=options,
        options_per_minute=round(options * 60.0 / system.step, 1),
        api_success_pct=_percent(system.requests.get("ok", 0.0), sum(system.requests.values())),
        api_latency_ms=None if latency is None else latency.p95_ms,
        memory_mb=_total((vitals.resident_bytes,), 1e-6),
        cpu_pct=_total((vitals.cpu_ratio,), 100.0),
        missing=tuple(readiness(system)),
        planned=tuple(system.indices),
        indices=tuple(index_statuses(system)),
        provider=system.provider,
        provider_facts=ProviderFacts() if beat is None else beat.provider,
        queues=vitals.queues,
        market=market_status(system.phases),
        lost=tuple(lost_units(report)),
        pressure=None if beat is None else beat.pressure,
        last_gap=system.gap,
        restart_needed=tuple(restart_needed),
        beats=vitals.beats,
    )


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


def _pressure_facts(pressure: MemoryPressure) -> JsonObject:
    """Return how full the memory is and what is cut back for it."""
    facts = pressure.to_json()
    return {name: facts[name] for name in ("level", "effects", "share", "limit_bytes", "host")}


def index_statuses(system: SystemFacts) -> Iterator[IndexStatus]:
    """Yield the planned indices, then others that the newest cycle reports.

    >>> from datetime import datetime, UTC
    >>> at = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    >>> system = SystemFacts(0.0, at, 60.0, 60, ["NIFTY"], "sim")
    >>> [(status.index, status.options) for status in index_statuses(system)]
    [('NIFTY', 0)]
    """
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
            stale=None if age is None else is_old(system, row),
        )


def _index_facts(status: IndexStatus) -> JsonObject:
    facts: JsonObject = asdict(status)
    del facts["index"]
    return facts


def _age(system: SystemFacts, row: OverviewRow) -> float | None:
    """Return the market seconds since the newest instant of an index's own data."""
    # The time of receipt is no age: a feed that was 80 s old had 0.3 s in status and panels.
    age: float | None = row.get("quote_age_seconds")
    if age is None:
        return None
    return age + (system.market - parse_z(row["timestamp"])).total_seconds()


def _provider_facts(provider: str, facts: ProviderFacts) -> JsonObject:
    document = facts.to_json()
    names = ("mode", "source", "breaker", "budget_left", "login", "ticker", "instruments")
    return {"name": provider} | {name: document.get(name) for name in names}


def market_status(phases: Mapping[str, MarketPhase]) -> MarketStatus:
    """Return one market of several exchanges.

    It is open while one is, in the phase of the first that is open, until the first change of
    phase. Options trade until the last of them closes.

    Args:
        phases: The phase of each exchange.

    >>> market_status({}).is_open
    False
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
    return MarketStatus(
        is_open=bool(opened),
        phase=None if first is None else first.phase,
        next_change=min(changes, key=parse_z) if changes else None,
        closes=max(closes, key=parse_z) if closes else None,
        opens=min(opens, key=parse_z) if opens else None,
    )


def _percent(part: float, whole: float) -> float | None:
    return round(100.0 * part / whole, 2) if whole else None


def _total(values: Iterable[float | None], factor: float) -> float | None:
    """Return the sum of the values that are known, None where none is."""
    known = [value for value in values if value is not None]
    return round(sum(known) * factor, 1) if known else None
