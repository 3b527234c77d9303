"""Grafana's dashboards as JSON, and what differs between them and files that are there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from zlib import crc32

from g6.domain.schema.json_types import JsonObject
from g6.observability.catalogue.dashboard import Dashboard, DashboardPanel, PanelChoice

SCHEMA_VERSION = 39
HEIGHT = 8
STAT_HEIGHT = 4
COLUMNS = 24
DATASOURCE: JsonObject = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs between the catalogue and one dashboard's file, by titles of panels.

    Attributes:
        added: Panels that the file has and the catalogue has not.
        removed: Panels that the file lacks.
        changed: Panels that differ, and `(settings)` for whatever is no panel.
    """

    uid: str
    added: Sequence[str]
    removed: Sequence[str]
    changed: Sequence[str]

    @property
    def is_any(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.changed)

    def to_json(self) -> JsonObject:
        """Return the difference as JSON has it."""
        return {
            "uid": self.uid,
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": list(self.changed),
        }


def as_text(dashboard: Dashboard) -> str:
    """Return the JSON text of one dashboard."""
    return json.dumps(document(dashboard), indent=2, ensure_ascii=False) + "\n"


def document(dashboard: Dashboard) -> JsonObject:
    """Return one dashboard as Grafana imports it."""
    panels = _placed(dashboard)
    content = json.dumps(panels, sort_keys=True)
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["g6"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "Asia/Kolkata",
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": _variables(dashboard)},
        "links": [{"type": "dashboards", "tags": ["g6"], "title": "G6", "asDropdown": True}],
        "panels": panels,
        "g6_meta": {
            "written_by": "make docs, from g6/observability/catalogue",
            "panels_sha256": sha256(content.encode()).hexdigest(),
        },
    }


def drift(text: str | None, dashboard: Dashboard) -> Drift:
    """Return what differs between a file's text and the catalogue.

    Args:
        text: The file's text, None where there is no file.
        dashboard: As the catalogue has it.

    Raises:
        ValueError: The text is no JSON.
        TypeError: It is no object.
    """
    expected = document(dashboard)
    actual = {"panels": []} if text is None else json.loads(text)
    if not isinstance(actual, dict):
        raise TypeError("a dashboard is a JSON object")
    ours = _by_title(expected)
    theirs = _by_title(actual)
    changed = [title for title in ours if title in theirs and ours[title] != theirs[title]]
    if text is not None and _settings(actual) != _settings(expected):
        changed.append("(settings)")
    return Drift(
        dashboard.uid,
        [title for title in theirs if title not in ours],
        [title for title in ours if title not in theirs],
        changed,
    )


def panel_id(uid: str, title: str) -> int:
    """Return a panel's number: the same wherever it stands and whatever is drawn beside it.

    >>> panel_id("g6-home", "Market") == panel_id("g6-home", "Market")
    True
    """
    return crc32(f"{uid}/{title}".encode()) % 1_000_000 + 1


def _by_title(dashboard: Mapping[str, object]) -> dict[str, object]:
    panels = dashboard.get("panels")
    if not isinstance(panels, list):
        return {}
    return {str(panel.get("title", "")): panel for panel in panels if isinstance(panel, dict)}


def _settings(dashboard: Mapping[str, object]) -> dict[str, object]:
    """Return what is no panel. Grafana counts `version` and `id` up by itself."""
    own = {"panels", "version", "id", "g6_meta"}
    return {name: value for name, value in dashboard.items() if name not in own}


def _placed(dashboard: Dashboard) -> list[JsonObject]:
    """Return the panels, laid out in rows from left to right."""
    panels: list[JsonObject] = []
    left = top = row_height = 0
    for panel in dashboard.panels:
        height = STAT_HEIGHT if panel.kind == "stat" else HEIGHT
        if left + panel.width > COLUMNS:
            left = 0
            top += row_height
            row_height = 0
        place: JsonObject = {"x": left, "y": top, "w": panel.width, "h": height}
        panels.append(_panel(dashboard, panel, place))
        left += panel.width
        row_height = max(row_height, height)
    return panels


def _panel(dashboard: Dashboard, panel: DashboardPanel, place: JsonObject) -> JsonObject:
    description = panel.description
    if panel.needs:
        description += f" (needs: {panel.needs})"
    return {
        "id": panel_id(dashboard.uid, panel.title),
        "type": panel.kind,
        "title": panel.title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "targets": _targets(panel),
    }


def _defaults(panel: DashboardPanel) -> JsonObject:
    """Return the unit of a panel's figures, and the colours of its bands."""
    if panel.bands is None:
        return {"unit": panel.unit}
    yellow, red = panel.bands
    steps: list[JsonObject] = [
        {"color": "green", "value": None},
        {"color": "yellow", "value": yellow},
        {"color": "red", "value": red},
    ]
    thresholds: JsonObject = {"mode": "absolute", "steps": steps}
    return {"unit": panel.unit, "thresholds": thresholds}


def _targets(panel: DashboardPanel) -> list[JsonObject]:
    targets: list[JsonObject] = []
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        targets.append(
            {
                "refId": letter,
                "datasource": DATASOURCE,
                "expr": query.expression,
                "legendFormat": query.legend,
                "format": "heatmap" if panel.kind == "heatmap" else "time_series",
            }
        )
    return targets


def _variables(dashboard: Dashboard) -> list[JsonObject]:
    variables: list[JsonObject] = [
        {
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
            "current": {},
        },
        _variable("job", "label_values(g6_build_info, job)"),
        _variable("instance", 'label_values(g6_build_info{job=~"$job"}, instance)'),
    ]
    if dashboard.has_index:
        query = 'label_values(g6_units_total{job=~"$job",instance=~"$instance"}, index)'
        variables.append(_variable("index", query))
    return variables + [_choice(choice) for choice in dashboard.choices]


def _choice(choice: PanelChoice) -> JsonObject:
    """Return a variable whose values stand in the dashboard."""
    first = choice.values[0]
    options: list[JsonObject] = [
        {"text": value, "value": value, "selected": value == first} for value in choice.values
    ]
    return {
        "name": choice.name,
        "label": choice.label,
        "type": "custom",
        "query": ",".join(choice.values),
        "options": options,
        "multi": False,
        "includeAll": False,
        "current": {"text": first, "value": first},
    }


def _variable(name: str, query: str) -> JsonObject:
    return {
        "name": name,
        "label": name,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": "All", "value": "$__all"},
    }
