"""Prometheus' and Alertmanager's configuration, written from the catalogue.

Both programs read YAML. Texts are quoted as JSON strings, which YAML reads as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from g6.observability.catalogue.alerting import AlertingRule, Urgency
from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.catalogue.rules import RULES, RecordingRule

RUNBOOKS = "docs/runbooks/"
NOTE = "# Written by `make docs` from g6/observability/catalogue; edit that instead.\n"
SCRAPE_SECONDS = 15
METRICS_TARGET = "127.0.0.1:9108"
ALERTMANAGER_TARGET = "127.0.0.1:9093"


@dataclass(frozen=True, slots=True)
class AlertTiming:
    """How long Alertmanager waits, in its words.

    Attributes:
        root: Before it tells of an alert that no other explains.
        symptom: Before it tells of one that may follow from another, which silences it if it fires
            meanwhile.
        group: Before it tells what changed in a group of alerts.
        repeat: Before it tells the same again.
    """

    root: str = "5s"
    symptom: str = "20s"
    group: str = "30s"
    repeat: str = "1h"


def rules_file(shorter: int = 1) -> str:
    """Return prometheus/rules/g6.yml.

    `shorter` divides how long alerts hold and are kept, for tests that cannot wait and whose cycles
    come that much faster. Windows and limits in the conditions stay.

    One group holds all: Prometheus evaluates the rules of a group in their order, and groups in
    none. An alert in a group of its own saw the recorded ratio of the evaluation before.
    """
    alerts = [_alerting(_shortened(rule, shorter)) for rule in ALERTING_RULES]
    rules = "".join([*map(_recording, RULES), *alerts])
    return f"{NOTE}groups:\n  - name: g6\n    rules:\n{rules}"


def prometheus_settings(
    target: str = METRICS_TARGET,
    alertmanager: str = ALERTMANAGER_TARGET,
    rules: str = "rules/*.yml",
    seconds: float = SCRAPE_SECONDS,
    token_file: str = "",
) -> str:
    """Return prometheus.yml: it scrapes `g6 serve` and asks Alertmanager to tell people.

    Args:
        target: Host and port of /metrics.
        alertmanager: Host and port of Alertmanager.
        rules: Where the rule files are, as seen from the file.
        seconds: Between two scrapes, and between two evaluations.
        token_file: The file of the token that /metrics asks for, empty where it asks for none.
    """
    bearer = ""
    if token_file:
        bearer = f"    authorization:\n      credentials_file: {_text(token_file)}\n"
    return f"""{NOTE}global:
  scrape_interval: {seconds:g}s
  evaluation_interval: {seconds:g}s
rule_files:
  - {_text(rules)}
alerting:
  alertmanagers:
    - static_configs:
        - targets: [{_text(alertmanager)}]
scrape_configs:
  - job_name: g6
{bearer}    static_configs:
      - targets: [{_text(target)}]
"""


def alertmanager_settings(webhook: str | None = None, timing: AlertTiming | None = None) -> str:
    """Return alertmanager.yml: one receiver an urgency, and who silences whom.

    Args:
        webhook: Where alerts are posted, with the urgency as last part of the path. Without it they
            are shown on Alertmanager's page and sent nowhere.
        timing: How long it waits, those of a day's work unless given.
    """
    timing = timing or AlertTiming()
    urgencies = [str(urgency) for urgency in Urgency]
    routes = "".join(_route(urgency, timing) for urgency in urgencies)
    receivers = "".join(_receiver(urgency, webhook) for urgency in urgencies)
    inhibitions = "".join(_inhibitions(ALERTING_RULES))
    return f"""{NOTE}route:
  receiver: {Urgency.TICKET}
  group_by: [alertname, index]
  group_wait: {timing.root}
  group_interval: {timing.group}
  repeat_interval: {timing.repeat}
  routes:
{routes}receivers:
{receivers}inhibit_rules:
{inhibitions}"""


def _recording(rule: RecordingRule) -> str:
    return (
        f"      # {rule.purpose}\n"
        f"      - record: {rule.name}\n"
        f"        expr: {_text(rule.expression)}\n"
    )


def _shortened(rule: AlertingRule, shorter: int) -> AlertingRule:
    if shorter == 1:
        return rule
    return replace(rule, hold=_divided(rule.hold, shorter), keep=_divided(rule.keep, shorter))


def _divided(duration: str, by: int) -> str:
    if not duration:
        return duration
    return f"{1000 * seconds_of(duration) / by:.0f}ms"


def seconds_of(duration: str) -> int:
    """Return the seconds of a duration in Prometheus' words.

    >>> seconds_of("2m")
    120
    """
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[duration[-1]]


def _alerting(rule: AlertingRule) -> str:
    lines = [
        f"      - alert: {rule.id}",
        f"        expr: {_text(rule.expression)}",
        f"        for: {rule.hold}",
        *([f"        keep_firing_for: {rule.keep}"] if rule.keep else []),
        "        labels:",
        f"          severity: {rule.urgency}",
        "        annotations:",
        f"          summary: {_text(rule.summary)}",
        f"          description: {_text(rule.description)}",
        f"          fix: {_text(rule.fix)}",
        f"          runbook_url: {_text(RUNBOOKS + rule.runbook)}",
    ]
    return "\n".join(lines) + "\n"


def _route(urgency: str, timing: AlertTiming) -> str:
    """Return the route of an urgency. What may follow from another alert waits for that one."""
    symptoms = "|".join(
        rule.id for rule in ALERTING_RULES if rule.inhibited_by and rule.urgency == urgency
    )
    route = f"    - receiver: {urgency}\n      matchers: ['severity = {urgency}']\n"
    if not symptoms:
        return route
    return (
        f"{route}      routes:\n"
        f"        - matchers: ['alertname =~ \"{symptoms}\"']\n"
        f"          group_wait: {timing.symptom}\n"
    )


def _receiver(urgency: str, webhook: str | None) -> str:
    name = f"  - name: {urgency}\n"
    if webhook is None:
        return name
    url = _text(f"{webhook}/{urgency}")
    return f"{name}    webhook_configs:\n      - url: {url}\n        send_resolved: true\n"


def _inhibitions(rules: Sequence[AlertingRule]) -> Iterable[str]:
    """Yield what silences each alert that follows from others."""
    for rule in rules:
        if rule.inhibited_by:
            sources = "|".join(rule.inhibited_by)
            yield (
                f"  - source_matchers: ['alertname =~ \"{sources}\"']\n"
                f"    target_matchers: ['alertname = {rule.id}']\n"
            )


def _text(text: str) -> str:
    return json.dumps(text)
