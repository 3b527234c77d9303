"""The table of alerts, and the conditions under which its records are fired."""

from __future__ import annotations

from pathlib import Path

import pytest

from g6.domain.reports import SinkRefusal, VitalSigns, WorkerFacts, parse_report
from g6.domain.reports.alerts import (
    DIRECTORY_MISSING,
    RULES,
    AlertRule,
    clock_alert,
    disk_alert,
    rows_refused,
    stall_alert,
)
from g6.domain.reports.panel_alerts import quotes_alert, unit_alerts
from g6.domain.reports.stream_reports import StreamLost
from g6.domain.schema.words import Status

RUNBOOKS = Path(__file__).resolve().parents[4] / "docs" / "runbooks"
REFUSAL = SinkRefusal("cannot write", "free space", ("csv",), "persist", "NIFTY", 2.0, 1.0, "x")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_alert_says_when_it_is_fired_and_names_a_runbook_that_exists(rule: AlertRule) -> None:
    assert rule.condition
    assert not rule.runbook or (RUNBOOKS / rule.runbook).is_file()


def test_no_two_alerts_have_one_id() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_a_disk_is_told_of_when_it_is_nearly_full_and_when_rows_are_refused() -> None:
    assert rows_refused([REFUSAL]).sentence == "rows are not stored (csv): cannot write"
    little = disk_alert(31.94e6)
    assert little is not None
    assert little.sentence == "the disk of the data directory has 31.9 MB left"
    assert disk_alert(65e6) is disk_alert(None) is None


def test_a_cycle_without_quotes_is_told_of_where_the_provider_is_why() -> None:
    alert = quotes_alert("2026-11-18T05:30:00Z", ["provider", "provider"])
    assert alert is not None
    assert alert.sentence == (
        "the provider gives no quotes since Wed 18 Nov 2026 11:00 IST (provider)"
    )
    assert quotes_alert("2026-11-18T05:30:00Z", ["paused", "token", "breaker"]) is None


def test_who_sweeps_without_the_rows_that_others_store_is_told_of() -> None:
    stores = {"persist@a": WorkerFacts(host="a", queues=["persist"])}
    ask = DIRECTORY_MISSING.of_vitals
    assert ask is not None
    alert = ask(VitalSigns(workers=stores, lacking_directory="b"))
    assert alert is not None
    assert "maintenance on b has no data directory" in alert.sentence
    assert "run it on a, which stores rows" in str(alert.fix)
    assert ask(VitalSigns(workers=stores)) is None
    # Before anybody stores rows there is no directory anywhere.
    assert ask(VitalSigns(lacking_directory="b")) is None
    silent = {"persist@a": WorkerFacts(host="a", queues=["persist"], up=False)}
    assert ask(VitalSigns(workers=silent, lacking_directory="b")) is None


def test_what_says_that_another_alert_is_over_names_one_of_the_table() -> None:
    endings = [rule for rule in RULES if rule.ends]
    assert {rule.ends for rule in endings} <= {rule.id for rule in RULES}
    assert all(rule.fire(seconds=1.0, fix="", directory="d").is_over for rule in endings)


def test_clocks_and_stalls_are_alerts_beyond_their_limits_only() -> None:
    assert clock_alert({"here": 0.2, "there": -0.19}) is None
    alert = clock_alert({"here": 0.21, "there": -0.4})
    assert alert is not None
    assert "here is +0.21 s, there is -0.40 s" in alert.sentence
    assert stall_alert(179.0, 60.0) is stall_alert(599.0, 200.0) is None
    assert stall_alert(180.0, 60.0) is not None


def test_a_panel_shows_each_unit_that_is_not_ok_by_its_urgency() -> None:
    entries = unit_alerts(
        {"A": Status.OK, "B": Status.PARTIAL, "C": Status.SKIPPED}, {"C": "overrun"}
    )
    assert [(each.index, each.severity, each.reason) for each in entries] == [
        ("B", "warning", ""),
        ("C", "critical", "overrun"),
    ]


@pytest.mark.parametrize(
    ("type", "document"),
    [
        ("alert", {"state": "outage", "sentence": "gone", "seconds": 31.0, "fix": "g6 check"}),
        ("alert", {"state": "token", "sentence": "gone"}),
        ("alert", {"state": "token", "sentence": "back", "over": True}),
        ("provider.state", StreamLost(1, "dropped", None).to_json()),
        ("provider.state", {"state": "listings", "listings": {"memory": 3}}),
        ("gap.closed", {"index": "NIFTY", "cycle": "x", "status": "OK", "reason": ""}),
        ("store.refused", {"cycle": "x", "index": "", "stage": "publish", "errors": {"csv": "y"}}),
        ("job.report", {"job": "recompute", "index": "NIFTY", "day": "x", "error": "y"}),
        ("job.report", {"job": "another", "n": 1}),
        ("unit.report", {"stage": "nobody knows it"}),
        ("some.day", {"n": 1}),
    ],
)
def test_a_payload_that_is_read_is_written_as_it_was(
    type: str, document: dict[str, object]
) -> None:
    report = parse_report(type, document)
    assert report.type == type
    assert report.to_json() == document
