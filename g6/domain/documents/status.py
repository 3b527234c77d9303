"""The runtime status: what a person or a script asks first, as one document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.documents.readiness import readiness
from g6.domain.documents.system_facts import MarketPhase, SystemFacts, is_old
from g6.domain.reports import CycleReport, Heartbeat, VitalSigns
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


def runtime_status(system: SystemFacts) -> dict[str, object]:
    """Return the status document. What is not known is None.

    Instants are UTC, ages market seconds, the rest wall seconds.

    >>> from datetime import datetime, UTC
    >>> at = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    >>> runtime_status(SystemFacts(0.0, at, 60.0, 60, ["NIFTY"], "sim"))["readiness_ok"]
    False
    """
    report = system.report
    missing = readiness(system)
    units = {} if report is None else report.units
    options = 0 if report is None else sum(report.options.values())
    vitals = VitalSigns() if system.beat is None else system.beat.vitals
    workers = vitals.workers.values()
    provider = system.latencies.get("provider")
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
        "api_latency_ms": None if provider is None else provider.p95_ms,
        "memory_mb": _total((vitals.resident_bytes,), 1e-6),
        "cpu_pct": _total((worker.cpu_ratio for worker in workers), 100.0),
        "readiness_ok": not missing,
        "readiness_reason": "; ".join(missing),
        "indices": list(system.indices),
        "indices_info": _indices(system),
        "provider": _provider(system),
        "queues": dict(vitals.queues),
        "market": _market(system.phases),
        "lost": lost_units(report),
        "memory_pressure": _pressure(system.beat),
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


def _pressure(beat: Heartbeat | None) -> dict[str, object] | None:
    """Return how full the memory is and what is cut back for it, None where nobody looked."""
    if beat is None or beat.pressure is None:
        return None
    facts = beat.pressure.to_json()
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
