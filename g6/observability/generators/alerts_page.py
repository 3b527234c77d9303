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


INDEX_BEGINS = "<!-- alerts: written by `make docs` from g6/observability/catalogue/alerts -->"
INDEX_ENDS = "<!-- end of alerts -->"


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


def runbook_index(page: str) -> str:
    """Return the index of runbooks with its table of alerts written anew, the rest as it is.

    Args:
        page: The text of docs/runbooks/index.md.
    """
    head, _, rest = page.partition(INDEX_BEGINS)
    _, _, tail = rest.partition(INDEX_ENDS)
    alerts: dict[str, list[AlertingRule]] = {}
    for rule in ALERTING_RULES:
        alerts.setdefault(rule.runbook, []).append(rule)
    lines = ["| alert of Prometheus | urgency | page |", "|---|---|---|"]
    for runbook, rules in sorted(alerts.items()):
        names = ", ".join(f"`{rule.id}`" for rule in rules)
        urgencies = ", ".join(dict.fromkeys(str(rule.urgency) for rule in rules))
        lines.append(f"| {names} | {urgencies} | [{runbook.removesuffix('.md')}]({runbook}) |")
    table = "\n".join(lines)
    return f"{head}{INDEX_BEGINS}\n\n{table}\n\n{INDEX_ENDS}{tail}"


def _row(rule: AlertingRule) -> str:
    silenced = ", ".join(rule.inhibited_by)
    page = rule.runbook.removesuffix(".md")
    link = f"[{page}](../runbooks/{rule.runbook})"
    cells = (f"`{rule.id}`", rule.urgency, rule.hold, f"`{rule.summary}`", silenced, link)
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
