"""A dashboard as data: panels with their queries, and the selectors that every query carries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from g6.observability.catalogue.family import Family

Drawing = Literal["timeseries", "stat", "bargauge", "table", "heatmap", "state-timeline"]
Needs = Literal["", "login", "ticker", "stream", "backoff", "influx"]

SELECTOR = 'job=~"$job",instance=~"$instance"'
"""Every query carries it, so that one Grafana can show several systems."""
OF_INDEX = 'index=~"$index"'


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """One query of a panel.

    Attributes:
        legend: What its lines are called, with labels in double braces.
    """

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class PanelChoice:
    """What a person picks above the panels, the first value unless another is picked.

    Attributes:
        name: What queries call it, with a dollar sign.
        label: What it says.
    """

    name: str
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DashboardPanel:
    """One panel of a dashboard.

    Attributes:
        unit: In Grafana's words: s, ms, bytes, percentunit, short, bool.
        width: Columns of 24.
        needs: What must run for it to show data.
        bands: Values from which a figure is yellow, and red.
    """

    title: str
    description: str
    unit: str
    queries: tuple[PanelQuery, ...]
    kind: Drawing = "timeseries"
    width: int = 12
    needs: Needs = ""
    bands: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard.

    Attributes:
        uid: Its name in addresses and files, which never changes.
        has_index: Whether it has a variable of indices.
        choices: Further variables.
    """

    uid: str
    title: str
    description: str
    panels: tuple[DashboardPanel, ...]
    has_index: bool = False
    choices: tuple[PanelChoice, ...] = ()


def select(family: Family, *matchers: str, part: str = "") -> str:
    """Return the selector of a family's series.

    Args:
        family: The family.
        matchers: Further matchers, as PromQL has them.
        part: Of a histogram, `bucket`, `sum` or `count`.
    """
    name = format(family, part)
    return f"{name}{{{','.join((SELECTOR, *matchers))}}}"


def rate(family: Family, *by: str, matchers: tuple[str, ...] = (), part: str = "") -> PanelQuery:
    """Return the query of a counter's rate a second, summed by labels."""
    summed = f"sum by ({', '.join(by)}) (rate({select(family, *matchers, part=part)}"
    return PanelQuery(f"{summed}[$__rate_interval]))", _legend(by))


def newest(family: Family, *by: str, matchers: tuple[str, ...] = ()) -> PanelQuery:
    """Return the query of a gauge, the largest of its series by labels."""
    return PanelQuery(f"max by ({', '.join(by)}) ({select(family, *matchers)})", _legend(by))


def quantile(family: Family, share: float, *by: str, matchers: tuple[str, ...] = ()) -> PanelQuery:
    """Return the query of a histogram's quantile by labels."""
    series = select(family, *matchers, part="bucket")
    summed = f"sum by ({', '.join(('le', *by))}) (rate({series}[$__rate_interval]))"
    legend = f"{_legend(by)} p{share * 100:g}".strip()
    return PanelQuery(f"histogram_quantile({share:g}, {summed})", legend)


def rounded_up(query: PanelQuery) -> PanelQuery:
    """Return a query of whole numbers that a quantile shows as lying between two of them.

    Prometheus spreads a bucket evenly: one evaluation for every option was shown as 0.5.
    """
    return replace(query, expression=f"ceil({query.expression})")


def named(query: PanelQuery, legend: str) -> PanelQuery:
    """Return a query whose series are told apart from those of its neighbours by a word."""
    return replace(query, legend=legend)


def _legend(by: tuple[str, ...]) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in by)
