"""One healthy simulated day as Prometheus would have scraped it, and the alerts that it fires.

The use cases run in this process. Their reports go through the recorder, and what only processes
tell (heartbeats) is that of a healthy system. promtool then evaluates the rules over the day, in
its own clock: its time 0 is midnight in UTC, so that rules that ask for the hour see the real one.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.store import MemoryStore
from g6.bootstrap.inprocess import runtime_over
from g6.bootstrap.quote_sources.simulated_source import simulated_market
from g6.config import Settings, calendar, load, plan
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import INDICES
from g6.domain.reports import (
    Event,
    Heartbeat,
    LoginFacts,
    PanelsVerified,
    ProviderFacts,
    Report,
    RunningPlan,
    VitalSigns,
)
from g6.domain.reports.heartbeat import ProcessFacts, WorkerFacts
from g6.domain.schema.words import STAGES, QueueName
from g6.observability import exposition
from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.catalogue.rules import RULES
from g6.observability.generators import prometheus_files
from g6.observability.recorder import record
from g6.observability.sample_totals import Totals
from g6.pipeline import Runtime
from g6.ports import Store
from g6.ports.sources import Provider
from tests.rules import lint

STEP = prometheus_files.SCRAPE_SECONDS
FIRST = time(8, 30)
LAST = time(16, 0)
OPTIONS = {"collection.scope": "window", "interval": 60}
INSTANT = "_unixtime"
"""End of the names of series that hold an instant, which is counted from promtool's time 0."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What goes wrong on a day, between two instants.

    Attributes:
        source: Given the simulated market, returns what is collected from, all day.
        beat: Given the heartbeat of a healthy system, returns that of this one.
        more: Returns further events of a step.
        before: Is done before a cycle.
        late: Returns the seconds by which an event comes late.
        change: Given an event of a unit or a cycle, returns the one that comes.
    """

    begins: datetime
    ends: datetime
    source: Callable[[Provider], Provider] = lambda market: market
    beat: Callable[[Heartbeat], Heartbeat] | None = None
    more: Callable[[datetime], Iterable[Event]] | None = None
    before: Callable[[Runtime, datetime], None] | None = None
    late: Callable[[Event], float] | None = None
    change: Callable[[Event], Event] | None = None

    def lasts(self, at: datetime) -> bool:
        """Return whether it is under way."""
        return self.begins <= at < self.ends


_START = datetime(1970, 1, 1, tzinfo=UTC)
NONE = Disturbance(_START, _START)
"""A healthy day."""


@dataclass(frozen=True, slots=True)
class Fired:
    """One alert of a day.

    Attributes:
        minutes: For how long it fired.
    """

    alert: str
    severity: str
    minutes: float


def day_settings(indices: Sequence[str], seed: int, faults: str = "") -> Settings:
    """Return the settings of a simulated day of few strikes, healthy unless it has faults."""
    others = {f"index_params.{name}.enabled": False for name in INDICES if name not in indices}
    planted = {"market.faults": faults} if faults else {}
    return load("", {**OPTIONS, **others, **planted, "market.seed": seed}, {})


def used_series() -> frozenset[str]:
    """Return the names of the series that any rule reads."""
    names: set[str] = set()
    for rule in (*RULES, *ALERTING_RULES):
        names |= {selector.name for _, selector in lint.calls(rule.expression)}
    return frozenset(names)


def scraped(
    settings: Settings,
    day: date,
    until: time = LAST,
    *,
    first: time = FIRST,
    disturbance: Disturbance = NONE,
) -> Mapping[str, Sequence[str]]:
    """Return the values of each series at every step of the day from midnight in UTC.

    Nothing is scraped before `first`.
    """
    midnight = datetime.combine(day, time(0), UTC)
    names = used_series()
    steps = int((in_utc(day, until) - midnight).total_seconds() // STEP)
    values: dict[str, list[str]] = {}
    totals = Totals(settings.indices)
    market = _Market(settings, day, disturbance)
    for step in range(steps):
        at = midnight + timedelta(seconds=step * STEP)
        if at < in_utc(day, first):
            continue
        for event in market.events(at):
            totals.commit(totals.advance(record(event)))
        text = exposition.render(totals.state, now=at.timestamp(), build={}).decode()
        for line in text.splitlines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] in names:
                past = values.setdefault(series, ["_"] * step)
                past += ["_"] * (step - len(past))
                past.append(_shifted(series, value, midnight))
        values.setdefault('up{job="g6"}', ["_"] * step).append("1")
    return values


def every_sample(settings: Settings, day: date, first: time, until: time) -> list[str]:
    """Return the samples of /metrics after some minutes of a day, as they are scraped."""
    totals = Totals(settings.indices)
    system = _Market(settings, day, NONE)
    at = in_utc(day, first)
    while at < in_utc(day, until):
        for event in system.events(at):
            totals.commit(totals.advance(record(event)))
        at += timedelta(seconds=STEP)
    text = exposition.render(totals.state, now=at.timestamp(), build={}).decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


def fired(settings: Settings, day: date, directory: Path, until: time = LAST) -> list[Fired]:
    """Return the alerts that fire on a day, the one that always fires left out."""
    directory.mkdir(parents=True, exist_ok=True)
    rules = directory / "g6.yml"
    rules.write_text(prometheus_files.rules_file(), "utf-8")
    series = [
        {"series": name, "values": compressed(values)}
        for name, values in scraped(settings, day, until).items()
    ]
    hours = f"{(in_utc(day, until) - in_utc(day, time(5, 30))).total_seconds():.0f}s"
    firing = 'ALERTS{alertstate="firing",alertname!="Watchdog"}'
    # No sample is expected: what fired stands in promtool's answer.
    question = {
        "expr": f"sum by (alertname, severity) (count_over_time({firing}[{hours}]))",
        "eval_time": hours,
        "exp_samples": [],
    }
    case = {
        "rule_files": [str(rules)],
        "evaluation_interval": f"{STEP}s",
        "tests": [{"interval": f"{STEP}s", "input_series": series, "promql_expr_test": [question]}],
    }
    path = directory / f"{day}.json"
    path.write_text(json.dumps(case), "utf-8")
    answer = subprocess.run(
        ["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    output = answer.stdout + answer.stderr
    alerts = [
        Fired(alert, severity, float(count) * STEP / 60)
        for alert, severity, count in re.findall(
            r'\{alertname="(\w+)", severity="(\w+)"\} ([\d.E+]+)', output
        )
    ]
    assert alerts or answer.returncode == 0, output
    return alerts


class _Market:
    """A healthy system over one day: its events, as a bus would have brought them."""

    def __init__(self, settings: Settings, day: date, disturbance: Disturbance) -> None:
        self._settings = settings
        self._disturbance = disturbance
        self._bus = MemoryBus()
        market = disturbance.source(simulated_market(settings))
        self._runtime = runtime_of(settings, self._bus, market, MemoryStore())
        self._delayed: list[tuple[datetime, Event]] = []
        self._last = "0"
        exchanges = {INDICES[name].exchange for name in settings.indices}
        sessions = [calendar().session(exchange, day) for exchange in exchanges]
        self._instants = {
            at for session in sessions if session for at in session.cycles(settings.interval)
        }
        self._token_ends = datetime.combine(day + timedelta(days=1), time(6), IST).timestamp()

    def events(self, at: datetime) -> Iterator[Event]:
        """Yield what happens at one step."""
        fault = self._disturbance if self._disturbance.lasts(at) else NONE
        if at in self._instants:
            if fault.before:
                fault.before(self._runtime, at)
            for index in self._settings.indices:
                self._runtime.sender.stages(Unit(isoformat_z(at), index), STAGES)
        for event in self._bus.read(self._last, count=5_000):
            self._last = event.id
            due = at + timedelta(seconds=fault.late(event) if fault.late else 0.0)
            self._delayed.append((due, fault.change(event) if fault.change else event))
        yield from self._due(at)
        beat = self._heartbeat(at)
        yield _event(at, fault.beat(beat) if fault.beat else beat)
        if fault.more:
            yield from fault.more(at)
        if at.minute % 5 == 0 and at.second == 0:
            yield _event(at, PanelsVerified({}, 0.02))

    def _due(self, at: datetime) -> Iterator[Event]:
        """Yield the events of the bus that have come by now."""
        waiting = self._delayed
        self._delayed = [(due, event) for due, event in waiting if due > at]
        for due, event in waiting:
            if due <= at:
                yield replace(event, ts=isoformat_z(at), id=_event_id(at))

    def _heartbeat(self, at: datetime) -> Heartbeat:
        now = at.timestamp()
        exchanges = ("NSE", "BSE")
        queues = {str(queue): 0 for queue in QueueName}
        step = float(self._settings.interval)
        vitals = VitalSigns(
            queues=queues,
            workers={"all@a": WorkerFacts(1, "a", now, tuple(queues), 2e8, 0.1)},
            clock_skew_seconds={"a": 0.004},
            retained_events=20_000,
            disk_free_bytes=5e10,
            processes=(ProcessFacts("beat", 2, "a", now),),
        )
        return Heartbeat(
            vitals=vitals,
            market_open={name: calendar().is_open(name, at) for name in exchanges},
            provider=ProviderFacts(
                mode="live",
                source="rest",
                name="kite",
                login=LoginFacts("valid", None, self._token_ends - now),
                breaker="closed",
                budget_left={"quote": 60},
                instruments={},
            ),
            plan=RunningPlan(
                self._settings.indices, self._settings.interval, step, "", 5.0, 30.0, 100, 20_000
            ),
        )


def runtime_of(settings: Settings, bus: MemoryBus, provider: Provider, store: Store) -> Runtime:
    """Return what the use cases run with: each unit's stages at once, one after the other."""
    return runtime_over(provider, plan(settings), calendar(), store, bus)


def _event(at: datetime, report: Report) -> Event:
    return Event(_event_id(at), isoformat_z(at), report)


def _event_id(at: datetime) -> str:
    """Return an id as Redis makes one: a millisecond after the publisher's stamp."""
    return f"{at.timestamp() * 1000 + 1:.0f}-0"


def in_utc(day: date, at: time) -> datetime:
    """Return the instant of a day's time in India."""
    return datetime.combine(day, at, IST).astimezone(UTC)


def _shifted(series: str, value: str, midnight: datetime) -> str:
    if series.partition("{")[0].endswith(INSTANT) and float(value) > 0:
        return f"{float(value) - midnight.timestamp():.3f}"
    return value


def compressed(values: Sequence[str]) -> str:
    """Return values as promtool reads them: `1x3` is a value and the same three times more."""
    parts = []
    for value, same in groupby(values):
        times = len(list(same))
        if value == "NaN":  # promtool has no word for several of them
            parts += ["NaN"] * times
            continue
        parts.append(value if times == 1 else f"{value}x{times - (value != '_')}")
    return " ".join(parts)
