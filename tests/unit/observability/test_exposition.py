"""The text of /metrics."""

from math import isnan

import pytest
from prometheus_client.parser import text_string_to_metric_families

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.reports import Event, Heartbeat, RunningPlan, VitalSigns
from g6.domain.reports.heartbeat import WorkerFacts
from g6.observability.catalogue import FAMILIES, label_name, series_cap
from g6.observability.exposition import render
from g6.observability.recorder import record
from g6.observability.sample_totals import Sample, Totals

BUILD = {
    "version": "1.2",
    "git_commit": "abc",
    "config_hash": "def",
    "build_time": "2026-11-20T00:00:00Z",
}
INDICES = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")


def shown(*samples, now=1_000.0, indices=INDICES, reads_bus=True):
    totals = Totals(indices)
    totals.commit(totals.advance(samples))
    text = render(totals.state, now=now, build=BUILD, reads_bus=reads_bus).decode()
    # The parser takes `_total` off; a gauge and a counter may differ by nothing else.
    return {
        f.name + "_total" * (f.type == "counter"): f for f in text_string_to_metric_families(text)
    }


def values(families, name):
    labels = [label_name(label) for label in FAMILIES[name].labels]
    return {
        tuple(sample.labels[label] for label in labels): sample.value
        for sample in families[name].samples
    }


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_family_is_listed_before_the_first_event(family):
    listed = shown()[family.name]
    assert listed.type == ("gauge" if family.older else family.kind)
    assert listed.documentation == family.help
    for sample in listed.samples:
        assert {*sample.labels} - {"le"} == {label_name(label) for label in family.labels}
        assert sample.value == 0 or family.name in {"g6_build_info", "g6_redis_up"}


def test_a_redis_that_is_away_is_told_beside_the_totals_as_they_stood():
    assert values(shown(), "g6_redis_up") == {(): 1.0}
    assert values(shown(reads_bus=False), "g6_redis_up") == {(): 0.0}


def test_counters_of_known_labels_begin_at_zero():
    assert values(shown(), "g6_units_total")[("BANKEX", "MISSING")] == 0


def test_a_histogram_is_cumulative_and_its_count_is_that_of_its_last_bucket():
    samples = [Sample("g6_cycle_duration_seconds", (), value) for value in (0.04, 0.3, 99.0)]
    family = shown(*samples)["g6_cycle_duration_seconds"]
    buckets = {s.labels["le"]: s.value for s in family.samples if s.name.endswith("_bucket")}
    plain = {s.name: s.value for s in family.samples if not s.labels}
    assert (buckets["0.05"], buckets["0.25"], buckets["0.5"], buckets["60.0"], buckets["+Inf"]) == (
        1,
        1,
        2,
        2,
        3,
    )
    assert plain == {
        "g6_cycle_duration_seconds_count": 3,
        "g6_cycle_duration_seconds_sum": pytest.approx(99.34),
    }


def test_the_age_of_the_last_sound_check_grows_with_the_wall_clock():
    family = "g6_panels_integrity_last_success_age_seconds"
    assert values(shown(Sample(family, (), 900.0, as_of=900.0), now=1_000.0), family) == {(): 100.0}


def test_staleness_is_the_newest_cycle_less_the_newest_data():
    family = "g6_data_staleness_seconds"
    families = shown(
        Sample(family, ("NIFTY",), 95.0, as_of=100.0),
        Sample(family, ("BANKNIFTY",), float("nan"), as_of=100.0),
    )
    assert values(families, family) == {("NIFTY",): 5.0}


def test_a_price_that_is_not_known_any_more_is_nan():
    samples = (
        Sample("g6_index_spot", ("NIFTY",), 1.0, as_of=1),
        Sample("g6_index_spot", ("NIFTY",), float("nan"), as_of=2),
    )
    assert isnan(values(shown(*samples), "g6_index_spot")[("NIFTY",)])


def test_build_info_is_one_series_with_value_one():
    assert values(shown(), "g6_build_info") == {tuple(BUILD.values()): 1}


def test_a_fresh_page_of_six_indices_stays_under_the_cap():
    assert sum(len(family.samples) for family in shown().values()) <= series_cap(6)


def beat(at, workers=(), lags=None):
    plan = RunningPlan(INDICES, 60, 60.0, "", 5.0, 30.0)
    facts = {name: WorkerFacts(1, "a", at) for name in workers}
    heartbeat = Heartbeat(VitalSigns(workers=facts), plan=plan, lags=lags or {})
    return record(Event("1-0", isoformat_z(at), heartbeat))


def test_what_the_newest_heartbeat_does_not_name_has_no_series():
    before = beat(1_000.0, ["old@a", "new@b"], {"audit": 700})
    after = beat(1_005.0, ["new@b"])
    own = Sample("g6_bus_subscriber_lag_events", ("events", "recorder"), 3.0)
    both = shown(*before, own)
    assert values(both, "g6_worker_up") == {("old@a",): 1.0, ("new@b",): 1.0}
    assert values(both, "g6_bus_subscriber_lag_events")["events", "audit"] == 700
    newest = shown(*before, own, *after)
    assert values(newest, "g6_worker_up") == {("new@b",): 1.0}
    lags = values(newest, "g6_bus_subscriber_lag_events")
    assert ("events", "audit") not in lags
    assert lags["events", "recorder"] == 3
