"""Faults whose alerts hold for minutes: their recorded series, evaluated by promtool.

The use cases run in this process over a simulated session whose source goes wrong at ten o'clock
and is mended later; the series are what Prometheus would have scraped.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from g6.domain.market.calendar import IST
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import Quotes
from g6.domain.reports import ProviderFacts
from g6.domain.schema.underlying import Underlying
from g6.observability.catalogue.alerting import AlertingRule
from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.generators import prometheus_files
from g6.observability.generators.prometheus_files import seconds_of
from g6.ports.sources import Provider
from tests.observe.healthy_day import STEP, Disturbance, compressed, day_settings, in_utc, scraped
from tests.pager.matrix import PROMPT_SECONDS, RULES, PagerOutcome
from tests.pager.recordings import Recording

DAY = date(2026, 11, 19)
PLANTED = time(10, 0)
LASTING_SECONDS = 2_000.0
"""An alert that goes on for longer after the mending is not resolved."""


@dataclass
class Spoiled:
    """A provider whose quotes go wrong for a while."""

    market: Provider
    recording: Recording
    begins: datetime
    ends: datetime
    before: dict[str, Quotes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.market.name

    def __hash__(self) -> int:
        return id(self)

    def listing(self, index: str, at: datetime) -> Listing:
        return self.market.listing(index, at)

    def underlying(self, index: str, at: datetime) -> Underlying:
        return self.market.underlying(index, at)

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> Any:
        return self.market.previous_oi(index, contracts, at)

    def describe(self) -> ProviderFacts:
        return self.market.describe()

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        quotes = self.market.quotes(index, contracts, at)
        if self.recording.spoil is not None and self.begins <= at < self.ends:
            return self.recording.spoil(quotes, self.before[index])
        self.before[index] = quotes
        return quotes


def evaluated(recording: Recording) -> PagerOutcome:
    """Return what a recorded fault would have told, inhibition included."""
    planted = datetime.combine(DAY, PLANTED, IST)
    mended = planted + timedelta(minutes=recording.minutes)
    until = (mended + timedelta(minutes=recording.after)).time()
    disturbance = Disturbance(
        planted,
        mended,
        source=lambda market: Spoiled(market, recording, planted, mended),
        beat=recording.beat,
        more=recording.more,
        before=recording.before,
        late=recording.late,
        change=recording.change,
    )
    series = scraped(
        day_settings(["NIFTY"], 3), DAY, until, first=time(9, 0), disturbance=disturbance
    )
    began = (in_utc(DAY, PLANTED) - in_utc(DAY, time(5, 30))).total_seconds()
    over = began + recording.minutes * 60
    outcome = PagerOutcome(
        recording.name, recording.sentence, list(recording.expected), way="recorded"
    )
    for alert, own in recording.expected.items():
        hold = seconds_of(RULES[alert].hold)
        outcome.limits[alert] = hold + own + PROMPT_SECONDS
    spans = _spans(series, until)
    for alert, span in spans.told.items():
        outcome.fired[alert] = span.first - began
        if span.last < over + LASTING_SECONDS:
            outcome.resolved[alert] = span.last + STEP - over
        # Told once: it fires at every evaluation between its first and its last.
        outcome.times[alert] = 1 if span.count == (span.last - span.first) / STEP + 1 else 2
    outcome.others = sorted(set(outcome.fired) - set(recording.expected))
    outcome.silenced = {alert: alert in spans.fired for alert in recording.silenced}
    return outcome


@dataclass(frozen=True, slots=True)
class _Span:
    """The evaluations at which an alert is told: seconds of the first and the last, and how many."""

    first: float
    last: float
    count: float


@dataclass(frozen=True, slots=True)
class _Spans:
    """Alerts that nothing silences, with when they are told, and all that fire."""

    told: Mapping[str, _Span]
    fired: frozenset[str]


def _spans(series: Mapping[str, Any], until: time) -> _Spans:
    """Ask promtool for the alerts that fire, and for those of them that are told."""
    end = f"{(in_utc(DAY, until) - in_utc(DAY, time(5, 30))).total_seconds():.0f}s"
    firing = 'ALERTS{alertstate="firing",alertname!="Watchdog"}'
    expressions = [f"count by (alertname) (count_over_time({firing}[{end}]))"]
    expressions += [
        f"{name}((timestamp({_told(rule)}))[{end}:{STEP}s])"
        for name in _PARTS
        for rule in ALERTING_RULES
    ]
    # No sample is expected: what fired stands in promtool's answer.
    questions = [
        {"expr": expression, "eval_time": end, "exp_samples": []} for expression in expressions
    ]
    found: dict[str, dict[str, float]] = {}
    fired: set[str] = set()
    function = ""
    for line in _answers(series, questions).splitlines():
        if match := re.search(r"expr: \"(\w+)[ (]", line):
            function = match[1]
        for alert, text in re.findall(r'alertname="(\w+)"[^}]*\} ([\d.E+]+)', line):
            if alert == "Watchdog":
                continue
            if function not in _PARTS:
                fired.add(alert)
                continue
            values = found.setdefault(alert, {})
            number = float(text)
            other = values.get(function, number)
            values[function] = min(other, number) if function[:3] == "min" else max(other, number)
    told = {alert: _Span(*(values[name] for name in _PARTS)) for alert, values in found.items()}
    return _Spans(told, frozenset(fired))


_PARTS = ("min_over_time", "max_over_time", "count_over_time")
"""The functions that give the parts of a span, in its order."""


def _answers(series: Mapping[str, Any], questions: list[dict[str, Any]]) -> str:
    """Return what promtool says of questions over the series."""
    with tempfile.TemporaryDirectory() as directory:
        rules = Path(directory) / "g6.yml"
        rules.write_text(prometheus_files.rules_file(), "utf-8")
        inputs = [{"series": name, "values": compressed(values)} for name, values in series.items()]
        case = {
            "rule_files": [str(rules)],
            "evaluation_interval": f"{STEP}s",
            "tests": [
                {"interval": f"{STEP}s", "input_series": inputs, "promql_expr_test": questions}
            ],
        }
        path = Path(directory) / "case.json"
        path.write_text(json.dumps(case), "utf-8")
        answer = subprocess.run(
            ["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False
        )
    output = answer.stdout + answer.stderr
    assert "alertname" in output, output
    return output


def _told(rule: AlertingRule) -> str:
    """Return the query of an alert where it fires and nothing silences it."""
    firing = f'ALERTS{{alertname="{rule.id}",alertstate="firing"}}'
    if not rule.inhibited_by:
        return firing
    sources = "|".join(rule.inhibited_by)
    return f'({firing} unless on () ALERTS{{alertname=~"{sources}",alertstate="firing"}})'
