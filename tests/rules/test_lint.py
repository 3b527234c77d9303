"""Queries of rules and dashboards name what there is, and keep the rules of Grafana's linter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from g6.observability.catalogue.alerting import AlertingRule
from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.catalogue.dashboard import Dashboard
from g6.observability.catalogue.dashboards import DASHBOARDS
from g6.observability.catalogue.rules import RULES, RecordingRule
from g6.observability.generators import grafana
from tests.rules import lint

ROOT = Path(__file__).parents[2]
BY_UID = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.uid)


@pytest.mark.parametrize("rule", [*RULES, *ALERTING_RULES], ids=str)
def test_a_rule_names_what_there_is(rule: RecordingRule | AlertingRule) -> None:
    assert list(lint.faults(rule.expression)) == []


@BY_UID
def test_a_dashboard_keeps_the_linters_rules(dashboard: Dashboard) -> None:
    for panel in dashboard.panels:
        assert panel.title, dashboard.uid
        assert panel.description.endswith("."), panel.title
        assert panel.unit, panel.title
        assert panel.queries, panel.title
        for query in panel.queries:
            assert list(lint.dashboard_faults(query.expression)) == [], panel.title


@BY_UID
def test_a_dashboard_asks_for_a_data_source_a_job_and_an_instance(dashboard: Dashboard) -> None:
    document = grafana.document(dashboard)
    names = [variable["name"] for variable in document["templating"]["list"]]
    assert names[:3] == ["datasource", "job", "instance"]
    assert document["editable"] is False
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in document["panels"])


def test_panels_have_numbers_of_their_own() -> None:
    for dashboard in DASHBOARDS:
        ids = [panel["id"] for panel in grafana.document(dashboard)["panels"]]
        assert len(set(ids)) == len(ids), dashboard.uid


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("g6_cycle_total", "not in the catalogue"),
        ("rate(g6_disk_free_bytes[5m])", "rate of the gauge"),
        ("sum(", "no PromQL"),
        ("g6_cycles_total", "shown as it stands"),
        ("rate(g6_cycle_duration_seconds[5m])", "not in the catalogue"),
    ],
)
def test_a_query_that_is_wrong_is_seen(expression: str, fault: str) -> None:
    assert fault in "; ".join(lint.faults(expression))


def test_a_dashboard_query_without_its_selectors_is_seen() -> None:
    faults = "; ".join(lint.dashboard_faults("rate(g6_cycles_total[5m])"))
    assert "without job and instance" in faults
    assert "not over $__rate_interval" in faults


def test_drift_is_told_by_the_titles_of_panels() -> None:
    home = DASHBOARDS[0]
    document = json.loads(grafana.as_text(home))
    assert not grafana.drift(grafana.as_text(home), home).is_any
    document["panels"][0]["title"] = "Mine"
    document["panels"][1]["targets"][0]["expr"] = "1"
    document["refresh"] = "1s"
    drift = grafana.drift(json.dumps(document), home)
    assert drift.added == ["Mine"]
    assert drift.removed == [home.panels[0].title]
    assert drift.changed == [home.panels[1].title, "(settings)"]
    assert grafana.drift(None, home).removed == [panel.title for panel in home.panels]
