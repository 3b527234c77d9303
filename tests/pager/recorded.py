"""Faults whose alerts hold for minutes: their recorded series, evaluated by promtool.

The use cases run in this process over a simulated session whose source goes wrong at ten o'clock
and is mended later; the series are what Prometheus would have scraped.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from g6.domain.market.calendar import IST
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import Quotes
from g6.domain.reports import Heartbeat, ProviderFacts
from g6.domain.schema.underlying import Underlying
from g6.errors import ProviderBusy
from g6.observability.catalogue.alerting import AlertingRule
from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.generators import prometheus_files
from g6.observability.generators.prometheus_files import seconds_of
from g6.ports.sources import Provider
from tests.observe.healthy_day import STEP, compressed, day_settings, in_utc, scraped
from tests.pager.matrix import PROMPT_SECONDS, RULES, PagerOutcome

DAY = date(2026, 11, 19)
PLANTED = time(10, 0)
LASTING_SECONDS = 1_500.0
"""An alert that goes on for longer after the mending is not resolved."""

Spoil = Callable[[Quotes, Quotes], Quotes]
Beat = Callable[[Heartbeat], Heartbeat]


@dataclass(frozen=True, slots=True)
class Recording:
    """One fault of a simulated session.

    Attributes:
        expected: As that of a fault on a running system.
        spoil: Changes the quotes of a cycle: it is given those, and the last before the fault.
        beat: Changes a heartbeat.
        minutes: How long it lasts.
    """

    name: str
    sentence: str
    expected: Mapping[str, int]
    spoil: Spoil | None = None
    beat: Beat | None = None
    minutes: int = 12


def _frozen_interest(quotes: Quotes, before: Quotes) -> Quotes:
    """Return the quotes with the open interest of before, by symbol."""
    symbols = before.contracts.symbol.ravel().tolist()
    known = dict(zip(symbols, before.values["oi"].ravel().tolist(), strict=True))
    interest = quotes.values["oi"].copy()
    for position, symbol in np.ndenumerate(quotes.contracts.symbol):
        interest[position] = known.get(symbol, 0.0)
    return replace(quotes, values={**quotes.values, "oi": interest})


def _one_sided(quotes: Quotes, _before: Quotes) -> Quotes:
    """Return the quotes without any put: no forward comes from parity."""
    values: dict[str, Any] = {}
    for name, array in quotes.values.items():
        spoiled = array.copy()
        spoiled[1] = np.nan
        values[name] = spoiled
    return replace(quotes, values=values)


def _refused(quotes: Quotes, _before: Quotes) -> Quotes:
    """Refuse one unit in four."""
    if int(quotes.observed_at // 60) % 4 == 0:
        raise ProviderBusy("the provider answers with 502", None)
    return quotes


def _provider(**changes: Any) -> Beat:
    return lambda beat: replace(beat, provider=replace(beat.provider, **changes))


RECORDED = (
    Recording(
        "frozen open interest",
        "The open interest of every option stands still; prices move.",
        MappingProxyType({"G6OIFrozen": 360}),
        spoil=_frozen_interest,
    ),
    Recording(
        "stale instruments",
        "The exchange's list of instruments is refused, and yesterday's stands in for it.",
        MappingProxyType({"G6InstrumentsStale": 0}),
        beat=_provider(instruments={"NFO": "older"}),
    ),
    Recording(
        "request budget spent",
        "Two requests are left in every minute.",
        MappingProxyType({"G6RateBudgetExhausted": 0}),
        beat=_provider(budget_left={"quote": 2}),
    ),
    Recording(
        "puts without quotes",
        "No put has a quote: the forward comes from the future.",
        MappingProxyType({"G6ForwardFallback": 60, "G6CyclePartial": 60}),
        spoil=_one_sided,
    ),
    Recording(
        "gap after gap",
        "The provider refuses one unit in four, so that no two in a row are lost.",
        MappingProxyType({"G6ErrorBudgetFast": 240}),
        spoil=_refused,
        minutes=20,
    ),
)


@dataclass
class _Spoiled:
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
    mended = planted.replace(minute=recording.minutes)
    until = time(10, recording.minutes + 30)
    series = scraped(
        day_settings(["NIFTY"], 3),
        DAY,
        until,
        first=time(9, 0),
        source=lambda market: _Spoiled(market, recording, planted, mended),
        beat=lambda at, beat: (
            recording.beat(beat) if recording.beat and planted <= at < mended else beat
        ),
    )
    began = (in_utc(DAY, PLANTED) - in_utc(DAY, time(5, 30))).total_seconds()
    over = began + recording.minutes * 60
    outcome = PagerOutcome(
        recording.name, recording.sentence, list(recording.expected), way="recorded"
    )
    for alert, own in recording.expected.items():
        hold = seconds_of(RULES[alert].hold)
        outcome.limits[alert] = hold + own + PROMPT_SECONDS
    spans = dict(_spans(series, until))
    for alert, (first, last, count) in spans.items():
        if alert == "Watchdog":
            continue
        outcome.fired[alert] = first - began
        if last < over + LASTING_SECONDS:
            outcome.resolved[alert] = last + STEP - over
        # Told once: it fires at every evaluation between its first and its last.
        outcome.times[alert] = 1 if count == (last - first) / STEP + 1 else 2
    outcome.others = sorted(set(outcome.fired) - set(recording.expected))
    return outcome


def _spans(
    series: Mapping[str, Any], until: time
) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Yield the alerts that are told, with their first and last instant and how many there were."""
    end = f"{(in_utc(DAY, until) - in_utc(DAY, time(5, 30))).total_seconds():.0f}s"
    questions: list[dict[str, Any]] = []
    for name in ("min_over_time", "max_over_time", "count_over_time"):
        for rule in ALERTING_RULES:
            expression = f"{name}((timestamp({_told(rule)}))[{end}:{STEP}s])"
            questions += [{"expr": expression, "eval_time": end, "exp_samples": []}]
    with tempfile.TemporaryDirectory() as directory:
        rules = Path(directory) / "g6.yml"
        rules.write_text(prometheus_files.rules_file(), "utf-8")
        case = {
            "rule_files": [str(rules)],
            "evaluation_interval": f"{STEP}s",
            "tests": [
                {
                    "interval": f"{STEP}s",
                    "input_series": [
                        {"series": name, "values": compressed(values)}
                        for name, values in series.items()
                    ],
                    "promql_expr_test": questions,
                }
            ],
        }
        path = Path(directory) / "case.json"
        path.write_text(json.dumps(case), "utf-8")
        answer = subprocess.run(
            ["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False
        )
    found: dict[str, dict[str, float]] = {}
    output = answer.stdout + answer.stderr
    function = ""
    for line in output.splitlines():
        if asked := re.search(r'expr: "(\w+_over_time)', line):
            function = asked[1]
        for alert, text in re.findall(r'alertname="(\w+)"[^}]*\} ([\d.E+]+)', line):
            values = found.setdefault(alert, {})
            number = float(text)
            known = values.get(function, number)
            values[function] = min(known, number) if function[:3] == "min" else max(known, number)
    assert found, output
    for alert, values in found.items():
        yield alert, (values["min_over_time"], values["max_over_time"], values["count_over_time"])


def _told(rule: AlertingRule) -> str:
    """Return the query of an alert where it fires and nothing silences it."""
    firing = f'ALERTS{{alertname="{rule.id}",alertstate="firing"}}'
    if not rule.inhibited_by:
        return firing
    sources = "|".join(rule.inhibited_by)
    return f'({firing} unless on () ALERTS{{alertname=~"{sources}",alertstate="firing"}})'
