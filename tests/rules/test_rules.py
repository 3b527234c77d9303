"""Every rule is one that Prometheus takes, and every alert is seen silent, firing and resolved."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from math import isnan, nan
from pathlib import Path
from typing import Any

import pytest

from g6.config.sections import GreeksSettings
from g6.domain.documents.status import lost_units
from g6.domain.reports import CycleReport
from g6.domain.schema.words import Reason, Status
from g6.observability.catalogue import FAMILIES
from g6.observability.catalogue.alerts import ALERTING_RULES
from g6.observability.catalogue.alerts.source_alerts import USUAL_ITERATIONS
from g6.observability.catalogue.dashboards import DASHBOARDS
from g6.observability.catalogue.rules import RULES
from tests.observe.queries import filled
from tests.rules.cases import CASES, SLOW_DRIFT, Case

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "prometheus/rules/g6.yml"]
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed: make test-services"
)


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run(
        [PROMTOOL, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def group(case: Case) -> dict[str, Any]:
    """Return the case as promtool reads it: one question an instant."""
    series = [{"series": name, "values": values} for name, values in case.series]
    labels = f",{case.labels}" if case.labels else ""
    query = f'count(ALERTS{{alertname="{case.alert}",alertstate="firing"{labels}}})'
    questions: list[dict[str, object]] = [
        {"expr": query, "eval_time": case.firing, "exp_samples": [{"labels": "{}", "value": 1}]}
    ]
    questions += [
        {"expr": query, "eval_time": instant, "exp_samples": []}
        for instant in (case.silent, case.resolved)
        if instant
    ]
    return {
        "name": case.alert,
        "interval": "15s",
        "input_series": series,
        "promql_expr_test": questions,
    }


def rules_of(alert: str) -> str:
    """Return the shipped rules without those that an alert does not come from, in their order."""
    head, *blocks = re.split(r"(?m)^(?=      - (?:record|alert): )", FILES[0].read_text("utf-8"))
    rules = {re.findall(r"- (?:record|alert): (\S+)", block)[0]: block for block in blocks}
    needed = {alert}
    for _ in rules:
        text = "".join(re.findall(r"expr: (.*)", "".join(rules[name] for name in needed)))
        more = {name for name in rules if re.search(rf"(?<![\w:]){name}(?![\w:])", text)}
        if more <= needed:
            break
        needed |= more
    return head + "".join(block for name, block in rules.items() if name in needed)


@needs_promtool
@pytest.mark.timeout(300)
def test_every_alert_is_silent_then_fires_then_resolves(tmp_path: Path) -> None:
    # All rules at each of the 5,900 evaluations took 30 s.
    paths: list[Path] = []
    for case in CASES:
        rules = tmp_path / f"{case.alert}.yml"
        rules.write_text(rules_of(case.alert), encoding="utf-8")
        document = {"rule_files": [str(rules)], "tests": [group(case)]}
        paths.append(tmp_path / f"{case.alert}.json")
        paths[-1].write_text(json.dumps(document | {"evaluation_interval": "15s"}), "utf-8")
    answer = promtool("test", "rules", *paths)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def hold(
    directory: Path, series: Mapping[str, str], at: str, expected: Mapping[str, float]
) -> None:
    """Let promtool ask the shipped rules over series: each query has this one value, NaN is none."""
    questions = [
        {
            "expr": query,
            "eval_time": at,
            "exp_samples": [] if isnan(value) else [{"labels": "{}", "value": value}],
        }
        for query, value in expected.items()
    ]
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    case = {"interval": "15s", "input_series": inputs, "promql_expr_test": questions}
    document = {"rule_files": list(map(str, FILES)), "tests": [case]}
    path = directory / "case.json"
    path.write_text(json.dumps(document | {"evaluation_interval": "15s"}), "utf-8")
    answer = promtool("test", "rules", path)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def from_stop_to_start(before: str, stored: str, after: str) -> str:
    """Return values of a series of a system that stops after 5 minutes and starts at 25.

    Args:
        before: Its values up to the stop.
        stored: Its value then, which is shown until the system tells another.
        after: Its values from the second scrape after the start on.
    """
    return f"{before} stale _x78 {stored} {after}"


@needs_promtool
@pytest.mark.parametrize("stored_success", ["280", "0"])
def test_a_system_that_starts_in_session_pages_nobody(tmp_path: Path, stored_success: str) -> None:
    # What was stored at the stop, then two heartbeats without a login; the first cycle after 75 s,
    # and the second has no chain.
    start = 25 * 60
    chains = f"{stored_success}x4 {' '.join(f'{start + 75 + 60 * n}x3' for n in range(14))}"
    success = from_stop_to_start("100x5 160x4 220x3 280x4", stored_success, chains)
    beats = f"{start + 30}+15x60"
    expires = f"{start + 15} {start + 30} 90000x60"
    units = partial(from_stop_to_start, "0x19", "0")
    series = {
        'up{job="g6",instance="a"}': "1x20 stale _x78 1x62",
        'g6_market_open{exchange="NSE"}': from_stop_to_start("1x19", "1", "1x60"),
        "g6_cycle_step_seconds": from_stop_to_start("60x19", "60", "60x60"),
        "g6_heartbeat_overdue_unixtime": from_stop_to_start("30+15x19", "315", f"315 {beats}"),
        "g6_token_expires_unixtime": from_stop_to_start("90000x19", "315", expires),
        "g6_last_success_cycle_unixtime": success,
        'g6_index_last_success_unixtime{index="NIFTY"}': success,
        'g6_units_total{index="NIFTY",status="OK"}': units("0x4 1x7 2x3 3x3 4x3 5x3 6x3 7x40"),
        'g6_units_total{index="NIFTY",status="MISSING"}': units("0x8 1x60"),
    }
    firing = 'count_over_time(ALERTS{alertstate="firing",severity="page"}[14m])'
    hold(tmp_path, series, "39m", {firing: nan, "sum(g6:slo_index_is_stale)": 0.0})


@needs_promtool
def test_cycles_that_get_slower_little_by_little_are_no_step(tmp_path: Path) -> None:
    told = 'ALERTS{alertname="G6CycleSlower"}'
    is_slow = "g6:cycle_duration_mean_5m > bool 11 + 0 * g6:cycle_duration_ewma"
    hold(tmp_path, dict(SLOW_DRIFT), "118m", {f"count_over_time({told}[2h])": nan, is_slow: 1.0})


@needs_promtool
@pytest.mark.parametrize(("most", "firing"), [(100, nan), (50, 1.0)])
def test_the_solver_labours_where_it_takes_most_of_what_is_configured(
    tmp_path: Path, most: int, firing: float
) -> None:
    series = {
        "g6_iv_iterations_histogram_sum": "0+24000x120",
        "g6_iv_iterations_histogram_count": "0+400x120",
        "g6_iv_max_iterations": f"{most}x120",
    }
    told = 'count(ALERTS{alertname="G6IVIterationsHigh",alertstate="firing"})'
    hold(tmp_path, series, "25m", {told: firing})


@needs_promtool
def test_a_limit_that_an_earlier_version_does_not_tell_is_its_default(tmp_path: Path) -> None:
    lag = 'g6_bus_subscriber_lag_events{bus="events",subscriber="%s"}'
    series = {
        lag % "web": "17500x120",
        lag % "recorder": "18500x120",
        lag % "alarms": "19500x120",
        "g6_iv_iterations_histogram_sum": "0+36000x120",
        "g6_iv_iterations_histogram_count": "0+400x120",
    }
    firing = 'count(ALERTS{alertname="%s",alertstate="firing"})'
    expected = {
        firing % "G6BusQueueSaturationHigh": 2.0,
        firing % "G6BusQueueSaturationCritical": 1.0,
        firing % "G6IVIterationsHigh": 1.0,
    }
    hold(tmp_path, series, "25m", expected)


def test_the_iterations_that_an_alert_takes_for_the_limit_are_the_default() -> None:
    assert GreeksSettings().iv_max_iterations == USUAL_ITERATIONS


@needs_promtool
def test_a_dashboard_shows_one_iteration_an_option_as_one(tmp_path: Path) -> None:
    labels = 'job="g6",instance="a"'
    bounds = ("1.0", "2.0", "+Inf")
    series = {
        f'g6_iv_iterations_histogram_bucket{{{labels},le="{bound}"}}': "0+400x40"
        for bound in bounds
    }
    (panel,) = (
        panel
        for dashboard in DASHBOARDS
        for panel in dashboard.panels
        if panel.title == "Iterations, quantiles"
    )
    queries = [filled(query.expression, "5m") for query in panel.queries]
    hold(tmp_path, series, "8m", dict.fromkeys(queries, 1.0))


def test_an_alert_comes_from_rules_that_come_from_rules() -> None:
    named = re.findall(r"- (?:record|alert): (\S+)", rules_of("G6ErrorBudgetFast"))
    assert {"G6ErrorBudgetFast", "g6:slo_units_error_ratio_1h"} <= set(named)
    assert "G6DiskLow" not in named


@needs_promtool
def test_an_index_that_is_missing_is_named_with_cycle_and_reason(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.alert == "G6IndexMissing")
    document = group(case)
    # The same unit as `g6 status` and /status name it.
    units, reasons = {"NIFTY": Status.MISSING}, {"NIFTY": Reason.PROVIDER}
    report = CycleReport("1970-01-01T01:00:00Z", Status.MISSING, units, reasons, {}, 0.0, 1.0)
    (lost,) = lost_units(report)
    newest = 'g6_lost_unit_unixtime{index="NIFTY",reason="provider"}'
    state = 'g6_unit_state{index="NIFTY",status="MISSING"}'
    series = [
        *document["input_series"],
        {"series": newest, "values": "3600x400"},
        {"series": state, "values": "1x400"},
    ]
    document |= {
        "input_series": series,
        "promql_expr_test": [],
        "alert_rule_test": [
            {
                "eval_time": case.firing,
                "alertname": case.alert,
                "exp_alerts": [
                    {
                        "exp_labels": {"severity": "page", "index": "NIFTY"},
                        "exp_annotations": {
                            "summary": f"NIFTY: no chain for 4m 0s, newest: {lost}",
                            "description": "This index loses its quotes, which cannot be "
                            "collected later.",
                            "fix": "g6 data gaps --index NIFTY; g6 trace CYCLE",
                            "runbook_url": "docs/runbooks/index-missing.md",
                        },
                    }
                ],
            }
        ],
    }
    cases = {"rule_files": [str(file) for file in FILES], "tests": [document]}
    path = tmp_path / "case.yml"
    path.write_text(json.dumps(cases | {"evaluation_interval": "15s"}), encoding="utf-8")
    answer = promtool("test", "rules", path)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@needs_promtool
def test_promtool_takes_rules_and_settings() -> None:
    for arguments in (
        ("check", "rules", *FILES),
        ("check", "config", ROOT / "prometheus/prometheus.yml"),
    ):
        answer = promtool(*arguments)
        assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_alert_has_a_case_and_every_case_an_alert() -> None:
    assert [case.alert for case in CASES] == [rule.id for rule in ALERTING_RULES]


def test_rules_name_only_series_of_the_catalogue() -> None:
    names = {str(rule) for rule in RULES} | {"up"}
    for family in FAMILIES.values():
        parts = ("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)
        names |= {family.name + part for part in parts}
    for rule in (*RULES, *ALERTING_RULES):
        bare = re.sub(r'"[^"]*"', '""', rule.expression)
        used = set(re.findall(r"\bg6[_:][a-z0-9_:]+", bare))
        assert used <= names, (rule, used - names)


def test_what_silences_an_alert_is_an_alert() -> None:
    ids = {rule.id for rule in ALERTING_RULES}
    for rule in ALERTING_RULES:
        assert set(rule.inhibited_by) <= ids - {rule.id}, rule.id


@pytest.mark.parametrize("rule", ALERTING_RULES, ids=lambda rule: rule.id)
def test_an_alert_has_a_runbook_that_helps(rule: object) -> None:
    page = ROOT / "docs/runbooks" / rule.runbook  # type: ignore[attr-defined]
    text = page.read_text(encoding="utf-8")
    for section in ("## Meaning", "## Impact", "## Diagnosis", "## Mitigation"):
        assert section in text, (page.name, section)
