"""The state of the running system, as one process knows it from its Runtime and from the bus."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from g6 import files
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.documents.json_plain import json_plain
from g6.domain.documents.status import runtime_status
from g6.domain.documents.system_facts import MarketPhase, SystemFacts
from g6.domain.market.trading_hours import trading_hours
from g6.domain.reports import VitalSigns
from g6.domain.schema.json_types import JsonObject
from g6.errors import Retryable, StoreBusy, UncoveredYear
from g6.observability.follower import BusFollower
from g6.observability.latencies import latencies
from g6.observability.sample_totals import parse_key
from g6.pipeline import Runtime
from g6.ports import Bus, Ledger, Vitals
from g6.studies.now.system_health import SystemHealth, health_of

RUNNING = frozenset({"health", "running", "status"})
"""Kinds of readers that are about the system that runs."""
REQUESTS = "g6_provider_requests_total"


@dataclass(slots=True)
class Watcher:
    """One process's view of the running system: its Runtime and the events of the bus.

    Attributes:
        runtime: The ports of the system.
        follower: Has read the events of the bus.
        status_file: Where the status is written once a cycle.
        restart_needed: Says which settings changed since the start. It asks Redis for them.
        owners: Says who owns the data directory, by process id.
    """

    runtime: Runtime
    follower: BusFollower
    status_file: Path | None = None
    restart_needed: Callable[[], list[str]] = list
    owners: Callable[[], Mapping[int, str]] = dict
    _written_cycle: str = field(default="", init=False)
    _refusal: str = field(default="", init=False)

    def status(self) -> JsonObject:
        """Return the runtime status document."""
        facts = self.observed()
        needed = [] if facts.redis_trouble else self.restart_reasons()
        status = runtime_status(facts, needed)
        return {name: json_plain(value) for name, value in status.to_json().items()}

    def restart_reasons(self) -> Sequence[str]:
        """Return why a restart is needed, one sentence a setting; nothing while Redis is away."""
        with suppress(Retryable):
            return self.restart_needed()
        return []

    def health(self) -> SystemHealth:
        """Return whether the system is ready, part by part."""
        return health_of(self.observed())

    def observed(self) -> SystemFacts:
        """Return the facts that the status is made of, as of now."""
        runtime = self.runtime
        latest = self.follower.latest
        totals = self.follower.totals
        beat = latest.heartbeat
        market, redis_trouble = _market(runtime)
        has_clock = not redis_trouble
        vitals = None
        if has_clock:
            # A Redis that hangs is waited for once.
            vitals, redis_trouble = _vitals(runtime)
        # Who asks may have other settings than the running system: the heartbeat says what runs.
        plan = None if beat is None else beat.plan
        return SystemFacts(
            wall=runtime.clock.wall(),
            market=market,
            step=runtime.timing.step if plan is None else plan.step,
            interval=runtime.plan.interval if plan is None else plan.interval,
            indices=tuple(runtime.plan.indices if plan is None else plan.indices),
            provider=runtime.provider.name,
            # Held against another clock its age would be wrong by days.
            report=latest.cycle if has_clock else None,
            beat=beat,
            beat_at=latest.heartbeat_at,
            gap=latest.gap,
            last_success=totals.value("g6_last_success_cycle_unixtime") if totals else 0.0,
            requests=self._requests(),
            vitals=vitals,
            redis_trouble=redis_trouble,
            latencies=latencies(totals),
            # Each further question to a Redis that hangs took eight seconds more.
            last_beat=None if redis_trouble else _last_beat(runtime),
            phases=_phases(runtime, market) if has_clock else {},
            next_cycle_wall=_next_cycle(runtime, market) if has_clock else None,
            trouble=self.follower.trouble,
            refused=self._refusal,
        )

    def write_status(self) -> None:
        """Write the status file once per cycle, if one is configured.

        A disk that refuses the file does not stop the metrics.
        """
        report = self.follower.latest.cycle
        cycle = "" if report is None else report.cycle
        if self.status_file is None or cycle == self._written_cycle:
            return
        try:
            files.replace(self.status_file, json.dumps(self.status(), indent=2).encode())
        except StoreBusy as error:
            self._refusal = str(error)
            return
        self._written_cycle = cycle
        self._refusal = ""

    def _requests(self) -> dict[str, float]:
        """Return the requests to the provider by their outcome."""
        totals = self.follower.totals
        requests: dict[str, float] = {}
        for key, value in (totals.state if totals else {}).items():
            name, labels, _ = parse_key(key)
            if name == REQUESTS:
                requests[labels[2]] = requests.get(labels[2], 0.0) + value
        return requests


@dataclass(frozen=True, slots=True)
class ServedSystem:
    """Ports `RunningReader` and `StatusReader` over what the serving process knows anyway."""

    watcher: Watcher

    @property
    def ledger(self) -> Ledger:
        """Return the account of cycles, units and stages."""
        return self.watcher.runtime.ledger

    @property
    def bus(self) -> Bus:
        """Return the stream of events."""
        return self.watcher.runtime.bus

    @property
    def vitals(self) -> Vitals:
        """Return the state of queues, workers and hosts."""
        return self.watcher.runtime.vitals

    @property
    def owners(self) -> Mapping[int, str]:
        """Return who owns the data directory of this host, by process id its name."""
        return self.watcher.owners()

    def facts(self) -> SystemFacts:
        """Return the facts that the status is made of, as of now."""
        return self.watcher.observed()

    def restart_reasons(self) -> Sequence[str]:
        """Return why a restart is needed, one sentence a setting."""
        return self.watcher.restart_reasons()

    def wait(self, seconds: float) -> None:
        """Return at once: who asks over HTTP asks again."""


def with_running_system(
    reader_of: Callable[[str], object], watcher: Watcher
) -> Callable[[str], object]:
    """Return what gives the reader of each kind, those of the running system over a watcher."""
    system = ServedSystem(watcher)

    def reader(kind: str) -> object:
        return system if kind in RUNNING else reader_of(kind)

    return reader


def _market(runtime: Runtime) -> tuple[datetime, str]:
    """Return the market's instant, else that of the wall and why nobody says the market's."""
    try:
        return runtime.clock.market(), ""
    except Retryable as error:
        return datetime.fromtimestamp(runtime.clock.wall(), UTC), str(error)


def _vitals(runtime: Runtime) -> tuple[VitalSigns | None, str]:
    """Return queues and workers as they are now, or why Redis does not say."""
    try:
        return runtime.vitals.read(), ""
    except Retryable as error:
        return None, str(error)


def _last_beat(runtime: Runtime) -> float | None:
    """Return the wall time of a beat's last sign, None where a feeder or nobody gives any."""
    if runtime.lifeline is None or runtime.feeds is not None:
        return None
    with suppress(Retryable):
        return runtime.lifeline.last_beat()
    return None


def _phases(runtime: Runtime, at: datetime) -> dict[str, MarketPhase]:
    """Return the phase of each exchange. A recording asks no calendar and is always open."""
    return {name: _phase(runtime, name, at) for name in runtime.plan.exchanges}


def _phase(runtime: Runtime, exchange: str, at: datetime) -> MarketPhase:
    if runtime.feeds:
        return MarketPhase(is_open=True, phase="replay")
    calendar = runtime.calendar
    hours = trading_hours(calendar, [exchange], at)
    try:
        return MarketPhase(
            is_open=hours.is_open,
            phase=calendar.phase(exchange, at),
            next_change=isoformat_z(calendar.next_change(exchange, at)),
            closes=None if hours.until is None else isoformat_z(hours.until),
            opens=None if hours.opens is None else isoformat_z(hours.opens),
        )
    except UncoveredYear as error:
        return MarketPhase(is_open=False, phase=str(error.sentence))


def _next_cycle(runtime: Runtime, at: datetime) -> float | None:
    """Return the wall time of the next cycle, None for a recording or an uncovered year."""
    if runtime.feeds:
        return None
    plan = runtime.plan
    following = runtime.calendar.next_known_cycle(plan.exchanges, at, plan.interval)
    return None if following is None else runtime.clock.wall_of(following)
