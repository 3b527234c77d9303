"""One fault after the other on one system, and what reached the webhook of each."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.generators.prometheus_files import seconds_of
from tests.pager.faults import PagerFault
from tests.pager.system import System
from tests.waiting import eventually

WATCHDOG = "Watchdog"
PROMPT_SECONDS = 60.0
"""A person is told within this of the alert's hold and of the time that its condition names."""
WATCHDOG_SECONDS = 90.0
RESOLVE_SECONDS = 420.0
TRIES = 5
RULES = {rule.id: rule for rule in ALERTING_RULES}


@dataclass(frozen=True, slots=True)
class Told:
    """One alert at the webhook.

    Attributes:
        fingerprint: Of its labels, as Alertmanager has it.
        starts: When it began to fire: another value is another time.
        status: firing or resolved.
        at: Wall time of the post.
    """

    alert: str
    urgency: str
    fingerprint: str
    starts: str
    status: str
    at: float
    summary: str


@dataclass(slots=True)
class PagerOutcome:
    """What one fault did.

    Attributes:
        fired: Seconds from the fault to the webhook, by alert.
        resolved: Seconds from the mending to the webhook, by alert.
        limits: Seconds within which each had to be told.
        others: Alerts that were told and not expected.
        silenced: Alerts that follow from the fault, and whether they fired unheard as they should.
        times: How often each alert was told, by alert; one is right.
        summaries: What the alerts said.
        unhelpful: Commands of the runbook that did not say what they should, with what they said.
    """

    fault: str
    sentence: str
    expected: list[str]
    fired: dict[str, float] = field(default_factory=dict)
    resolved: dict[str, float] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    silenced: dict[str, bool] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)
    unhelpful: dict[str, str] = field(default_factory=dict)
    watchdog: bool = True
    way: str = "live"

    def wrong(self) -> list[str]:
        """Return what is not as it must be, in sentences."""
        faults: list[str] = []
        for alert in self.expected:
            if alert not in self.fired:
                faults.append(f"{alert} was not told")
                continue
            if self.fired[alert] > self.limits[alert]:
                late = f"{self.fired[alert]:.0f} s, and {self.limits[alert]:.0f} s are allowed"
                faults.append(f"{alert} was told after {late}")
            if self.times[alert] != 1:
                faults.append(f"{alert} was told {self.times[alert]} times")
            if alert not in self.resolved:
                faults.append(f"{alert} was not resolved")
        faults += [f"{alert} was told and follows from it" for alert in self.others]
        faults += [f"{alert} did not fire" for alert, has in self.silenced.items() if not has]
        faults += [f"{command} does not speak of it" for command in self.unhelpful]
        if not self.watchdog:
            faults.append("the watchdog was silent")
        return faults

    def as_json(self) -> dict[str, Any]:
        """Return the row of the matrix."""
        return asdict(self) | {"wrong": self.wrong()}


def told(system: System, since: float) -> Iterator[Told]:
    """Yield every alert of every post since a wall time, the watchdog left out."""
    for at, (path, document) in zip(
        tuple(system.webhook.arrivals), tuple(system.webhook.posts), strict=False
    ):
        for alert in document["alerts"] if at >= since else ():
            if alert["labels"]["alertname"] != WATCHDOG:
                yield Told(
                    alert["labels"]["alertname"],
                    path.rpartition("/")[2],
                    alert["fingerprint"],
                    alert["startsAt"],
                    alert["status"],
                    at,
                    alert["annotations"]["summary"],
                )


def play(system: System, fault: PagerFault) -> PagerOutcome:
    """Plant a fault, wait for its alerts, mend it, wait for the all-clear."""
    eventually(system.is_healthy, RESOLVE_SECONDS, every=0.5)
    outcome = PagerOutcome(fault.name, fault.sentence, list(fault.expected))
    outcome.limits = _limits(fault, system.pace.shorter)
    began = time.time()
    fault.plant(system)
    _await(lambda: _are_told(system, fault, began), max(outcome.limits.values()), fault, system)
    _await(lambda: False, system.pace.linger, fault, system)
    for command, words in fault.diagnosis.items():
        said = _asked(system, fault, command, words)
        if words not in said:
            outcome.unhelpful[command] = said[-400:]
    mended = time.time()
    fault.mend(system)
    _await(lambda: _are_resolved(system, began), RESOLVE_SECONDS)
    _await(system.is_healthy, RESOLVE_SECONDS)
    _fill(outcome, list(told(system, began)), began, mended)
    # What Prometheus sends before it has found its Alertmanager is lost, and sent again in a minute.
    outcome.watchdog = _await(lambda: _has_watchdog(system), WATCHDOG_SECONDS)
    return outcome


def _asked(system: System, fault: PagerFault, command: str, words: str) -> str:
    """Return what a command of the runbook says, asked again where the system mended itself."""
    said = ""
    for _ in range(TRIES):
        fault.keep(system)
        _code, said = system.g6(*shlex.split(command)[1:])
        if words in said:
            break
    return said


def _limits(fault: PagerFault, shorter: int) -> dict[str, float]:
    """Return the seconds within which each expected alert must be told."""
    limits: dict[str, float] = {}
    for alert, own in fault.expected.items():
        limits[alert] = seconds_of(RULES[alert].hold) / shorter + own + PROMPT_SECONDS
    return limits


def _await(
    holds: Callable[[], bool],
    seconds: float,
    fault: PagerFault | None = None,
    system: System | None = None,
) -> bool:
    """Wait until something holds, and keep a fault up meanwhile; return whether it came to hold."""

    def looks() -> bool:
        if fault is not None and system is not None:
            fault.keep(system)
        return holds()

    try:
        eventually(looks, seconds, every=0.25)
    except AssertionError:
        return False
    return True


def _are_told(system: System, fault: PagerFault, since: float) -> bool:
    names = {alert.alert for alert in told(system, since) if alert.status == "firing"}
    return set(fault.expected) <= names


def _are_resolved(system: System, since: float) -> bool:
    alerts = list(told(system, since))
    fired = {alert.fingerprint for alert in alerts if alert.status == "firing"}
    return fired <= {alert.fingerprint for alert in alerts if alert.status == "resolved"}


def _fill(outcome: PagerOutcome, alerts: Sequence[Told], began: float, mended: float) -> None:
    """Write down what was told."""
    starts: dict[str, set[tuple[str, str]]] = {}
    for alert in alerts:
        if alert.status == "firing":
            starts.setdefault(alert.alert, set()).add((alert.fingerprint, alert.starts))
            outcome.fired.setdefault(alert.alert, round(alert.at - began, 1))
            outcome.summaries.setdefault(alert.alert, f"{alert.urgency}: {alert.summary}")
        else:
            outcome.resolved[alert.alert] = round(alert.at - mended, 1)
    for name, instances in starts.items():
        # An alert of each index is one alert of each: it is told twice when one of them is.
        outcome.times[name] = max(
            sum(fingerprint == other for other, _ in instances) for fingerprint, _ in instances
        )
    outcome.others = sorted(set(starts) - set(outcome.expected))


def _has_watchdog(system: System) -> bool:
    names = {alert["labels"]["alertname"] for alert in system.alertmanager.alerts()}
    return WATCHDOG in names
