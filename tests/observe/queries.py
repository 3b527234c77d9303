"""Every query of the dashboards, and the left side of every comparison of the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser as promql

from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.catalogue.dashboards import DASHBOARDS
from g6.observability.catalogue.rules import RULES

COMPARISONS = {">", "<", ">=", "<=", "==", "!="}
VARIABLES = {
    "$job": ".+",
    "$instance": ".+",
    "$index": ".+",
    "${histogram}": "g6_cycle_duration_seconds",
    "$counter": "g6_units_total",
    "$gauge": "g6_queue_length",
    "$shift": "10s",
    "$overlay": "1",
    "$q": "0.95",
}
"""What stands for a dashboard's variables."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query, and what must run for it to have data.

    Attributes:
        where: Dashboard and panel, or the rule.
        needs: Empty, ticker, stream or influx.
    """

    where: str
    expression: str
    needs: str = ""


def every_query(interval: str) -> Iterator[Asked]:
    """Yield every query, `interval` standing for Grafana's rate interval."""
    for dashboard in DASHBOARDS:
        for panel in dashboard.panels:
            for query in panel.queries:
                where = f"{dashboard.uid}: {panel.title}"
                yield Asked(where, filled(query.expression, interval), panel.needs)
    for rule in RULES:
        yield Asked(rule.name, rule.expression)
    for alert in ALERTING_RULES:
        for side in left_sides(alert.expression):
            yield Asked(alert.id, side, alert.needs)


def filled(expression: str, interval: str) -> str:
    """Return a query with Grafana's variables filled in, without what stands in for no data.

    A query that can answer only through `or vector(0)` counts as empty.
    """
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression.replace("$__rate_interval", interval).replace(" or vector(0)", "")


def reads_series(expression: promql.Expr) -> bool:
    """Return whether an expression reads a series of G6: alerts that fire are none."""
    names: list[str] = []

    def visit(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):
            names.append(node.name)

    promql.walk(expression, visit)
    return bool(set(names) - {"ALERTS"})


def is_comparison(node: promql.Expr) -> bool:
    """Return whether an expression compares two."""
    return isinstance(node, promql.BinaryExpr) and str(node.op) in COMPARISONS


def parts_of(expression: promql.Expr) -> list[promql.Expr]:
    """Return an expression and all within it."""
    parts: list[promql.Expr] = []
    promql.walk(expression, parts.append)
    return parts


def left_sides(expression: str) -> list[str]:
    """Return the left side of each comparison of a rule, the whole where there is none.

    A comparison that reads no series is left out, and one of what another comparison left: `a <= x
    < b` of the hour is empty for most of a day.
    """
    sides: list[str] = []

    def visit(node: promql.Expr) -> None:
        if not is_comparison(node) or not reads_series(node.lhs):
            return
        if not any(map(is_comparison, parts_of(node.lhs))):
            sides.append(node.lhs.prettify())

    promql.walk(promql.parse(expression), visit)
    return sides or [expression]
