"""The reference page of alerts and recording rules, written from the catalogue."""

from __future__ import annotations

from g6.observability.catalogue.alerting import AlertingRule
from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.catalogue.rules import RULES

_INTRODUCTION = """\
# Alerts

Prometheus evaluates these rules every 15 seconds and sends what fires to Alertmanager. The
file is prometheus/rules/g6.yml, with prometheus/prometheus.yml and
prometheus/alertmanager.yml beside it.

A *page* wakes a person, because data is being lost now. A *ticket* is mended today. A *note* is
shown. An alert is not told while one that it follows from fires.
"""


def render() -> str:
    """Return docs/reference/alerts.md."""
    head = "| alert | urgency | fires after | says | not told during | runbook |"
    alerts = "\n".join(map(_row, ALERTING_RULES))
    expressions = "\n".join(f"| `{rule.id}` | `{rule.expression}` |" for rule in ALERTING_RULES)
    recorded = "\n".join(f"| `{rule.name}` | {rule.purpose} |" for rule in RULES)
    return "\n".join(
        [
            _INTRODUCTION,
            f"{head}\n|---|---|---|---|---|---|\n{alerts}\n",
            f"## Conditions\n\n| alert | expression |\n|---|---|\n{expressions}\n",
            f"## Recording rules\n\n| series | meaning |\n|---|---|\n{recorded}\n",
        ]
    )


def _row(rule: AlertingRule) -> str:
    silenced = ", ".join(rule.inhibited_by)
    page = rule.runbook.removesuffix(".md")
    link = f"[{page}](../runbooks/{rule.runbook})"
    cells = (f"`{rule.id}`", rule.urgency, rule.hold, f"`{rule.summary}`", silenced, link)
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
