"""Prometheus' and Alertmanager's configuration, written from the catalogue.

Both programs read YAML. Texts are quoted as JSON strings, which YAML reads as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from g6.observability.catalogue.alerting import AlertingRule, Urgency
from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.catalogue.rules import RULES, RecordingRule

RUNBOOKS = "docs/runbooks/"
NOTE = "# Written by `make docs` from g6/observability/catalogue; edit that instead.\n"
SCRAPE_SECONDS = 15
METRICS_TARGET = "127.0.0.1:9108"
ALERTMANAGER_TARGET = "127.0.0.1:9093"


def rules_file() -> str:
    """Return prometheus/rules/g6.yml.

    One group holds all: Prometheus evaluates the rules of a group in their order, and groups in
    none. An alert in a group of its own saw the recorded ratio of the evaluation before.
    """
    rules = "".join([*map(_recording, RULES), *map(_alerting, ALERTING_RULES)])
    return f"{NOTE}groups:\n  - name: g6\n    rules:\n{rules}"


def prometheus_settings(
    target: str = METRICS_TARGET,
    alertmanager: str = ALERTMANAGER_TARGET,
    rules: str = "rules/*.yml",
) -> str:
    """Return prometheus.yml: it scrapes `g6 serve` and asks Alertmanager to tell people.

    Args:
        target: Host and port of /metrics.
        alertmanager: Host and port of Alertmanager.
        rules: Where the rule files are, as seen from the file.
    """
    return f"""{NOTE}global:
  scrape_interval: {SCRAPE_SECONDS}s
  evaluation_interval: {SCRAPE_SECONDS}s
rule_files:
  - {_text(rules)}
alerting:
  alertmanagers:
    - static_configs:
        - targets: [{_text(alertmanager)}]
scrape_configs:
  - job_name: g6
    static_configs:
      - targets: [{_text(target)}]
"""


def alertmanager_settings(webhook: str | None = None) -> str:
    """Return alertmanager.yml: one receiver an urgency, and who silences whom.

    Args:
        webhook: Where alerts are posted, with the urgency as last part of the path. Without it they
            are shown on Alertmanager's page and sent nowhere.
    """
    urgencies = [str(urgency) for urgency in Urgency]
    routes = "".join(_route(urgency) for urgency in urgencies)
    receivers = "".join(_receiver(urgency, webhook) for urgency in urgencies)
    inhibitions = "".join(_inhibitions(ALERTING_RULES))
    return f"""{NOTE}route:
  receiver: {Urgency.TICKET}
  group_by: [alertname, index]
  group_wait: 5s
  group_interval: 30s
  repeat_interval: 1h
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


def _alerting(rule: AlertingRule) -> str:
    lines = [
        f"      - alert: {rule.id}",
        f"        expr: {_text(rule.expression)}",
        f"        for: {rule.hold}",
        "        labels:",
        f"          severity: {rule.urgency}",
        "        annotations:",
        f"          summary: {_text(rule.summary)}",
        f"          description: {_text(rule.description)}",
        f"          fix: {_text(rule.fix)}",
        f"          runbook_url: {_text(RUNBOOKS + rule.runbook)}",
    ]
    return "\n".join(lines) + "\n"


def _route(urgency: str) -> str:
    return f"    - receiver: {urgency}\n      matchers: ['severity = {urgency}']\n"


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
