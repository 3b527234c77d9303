"""The only lists of metrics and alerts: families, their labels, and what the system fires."""

from g6.domain.reports.alerts import RULES as ALERTS
from g6.observability.catalogue.families import FAMILIES, series_cap
from g6.observability.catalogue.family import Family, bounds
from g6.observability.catalogue.labels import ALL, LABELS, OTHER, Label, label_key, label_name

__all__ = [
    "ALERTS",
    "ALL",
    "FAMILIES",
    "LABELS",
    "OTHER",
    "Family",
    "Label",
    "bounds",
    "label_key",
    "label_name",
    "series_cap",
]
