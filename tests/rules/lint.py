"""What a query may say, found by parsing it: names, rates and selectors."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser as promql

from g6.observability.catalogue import FAMILIES, Family
from g6.observability.catalogue.rules import RULES

OVER_COUNTERS = {"rate", "increase", "irate", "resets"}
OTHERS = {"up", "ALERTS"}
RECORDED = {rule.name for rule in RULES}
RATE_INTERVAL = "$__rate_interval"
CHOICES = {RATE_INTERVAL: "5m", "$shift": "1h", "$overlay": "1", "$q": "0.95"}
"""Variables that stand where PromQL wants a number or a duration."""


def family_of(name: str) -> Family | None:
    """Return the family that a series belongs to."""
    if not name:
        return None
    if name in FAMILIES:
        return FAMILIES[name] if FAMILIES[name].kind != "histogram" else None
    stem, _, part = name.rpartition("_")
    family = FAMILIES.get(stem)
    is_part = family is not None and family.kind == "histogram"
    return family if is_part and part in {"bucket", "sum", "count"} else None


def parsed(expression: str) -> promql.Expr:
    """Return the tree of a query, with Grafana's interval filled in."""
    for variable, value in CHOICES.items():
        expression = expression.replace(variable, value)
    return promql.parse(expression)


def calls(expression: str) -> Iterator[tuple[str, promql.VectorSelector]]:
    """Yield every selector with the function that it is the range of, else an empty text.

    The walk comes to a call, then to its range, then to the selector within the range.
    """
    pairs: list[tuple[str, promql.VectorSelector]] = []
    functions: list[str] = []

    def visit(node: promql.Expr) -> None:
        if isinstance(node, promql.Call):
            functions.extend(
                node.func.name for part in node.args if isinstance(part, promql.MatrixSelector)
            )
        elif isinstance(node, promql.MatrixSelector):
            pairs.append((functions.pop(), node.vector_selector))
        elif isinstance(node, promql.VectorSelector):
            pairs.append(("", node))

    promql.walk(parsed(expression), visit)
    within = [str(selector) for function, selector in pairs if function]
    for function, selector in pairs:
        if not function and str(selector) in within:
            within.remove(str(selector))
            continue
        yield function, selector


def faults(expression: str) -> Iterator[str]:
    """Yield what is wrong with a query, whoever asks it."""
    try:
        parsed(expression)
    except ValueError as error:
        yield f"no PromQL: {error}"
        return
    for function, selector in calls(expression):
        name = selector.name
        family = family_of(name)
        if family is None:
            # The explorers choose a series by a variable, from a list of the catalogue's.
            is_chosen = any(matcher.name == "__name__" for matcher in selector.matchers.matchers)
            if not is_chosen and name not in OTHERS | RECORDED:
                yield f"{name} is not in the catalogue"
            continue
        is_counted = family.kind in {"counter", "histogram"}
        if function in OVER_COUNTERS and not is_counted:
            yield f"{function} of the gauge {name}"
        if not function and is_counted and family.kind == "counter":
            yield f"the counter {name} is shown as it stands"


def dashboard_faults(expression: str) -> Iterator[str]:
    """Yield what is wrong with a query of a dashboard."""
    yield from faults(expression)
    for function, selector in calls(expression):
        names = {matcher.name for matcher in selector.matchers.matchers}
        is_ours = family_of(selector.name) or "__name__" in names
        if is_ours and not {"job", "instance"} <= names:
            yield f"{selector.name} is asked without job and instance"
        if function == "rate" and RATE_INTERVAL not in expression:
            yield f"the rate of {selector.name} is not over {RATE_INTERVAL}"
