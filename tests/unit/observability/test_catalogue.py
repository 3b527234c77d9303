"""The catalogue: names and labels that others rely on, and bounds that hold."""

import re
from dataclasses import replace

import pytest

from g6.config.watching_section import MetricSettings
from g6.domain.market.expiry import BUCKETS
from g6.domain.pricing.quality import Flag
from g6.domain.pricing.volatility import FAILED, SOLVED, WORDS
from g6.observability.catalogue import FAMILIES, LABELS, label_key, label_name, series_cap
from g6.observability.catalogue.families import by_name, detail_cap

DOCUMENTED_CAP = 3_200


def test_counters_end_in_total_and_nothing_else_does_but_what_dashboards_know_from_before():
    counters = {f.name for f in FAMILIES.values() if f.kind == "counter"}
    assert counters == {name for name in FAMILIES if name.endswith("_total")} | {
        "g6_expiry_cache_hits",
        "g6_expiry_cache_misses",
    }


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_family_has_a_plain_name_known_labels_a_unit_and_a_sentence(family):
    assert re.fullmatch(r"g6_[a-z][a-z0-9_]*", family.name)
    assert all(label_key(label) in LABELS for label in family.labels)
    assert family.unit
    assert family.source
    assert family.help.endswith(".")


@pytest.mark.parametrize("name", ["g6_cycles_total", "g6_cycle_duration_seconds_sum"])
def test_a_name_that_another_family_has_is_refused(name):
    twin = replace(FAMILIES["g6_cycles_total"], name=name)
    with pytest.raises(ValueError, match=f"both have the series {name}"):
        by_name([*FAMILIES.values(), twin])


@pytest.mark.parametrize(
    "family", [f for f in FAMILIES.values() if f.kind == "histogram"], ids=lambda f: f.name
)
def test_buckets_ascend(family):
    assert list(family.buckets) == sorted(set(family.buckets))


def test_no_family_is_labelled_by_symbol_or_error_text_nor_by_strike_unless_somebody_wants_it():
    labels = {label_name(label) for f in FAMILIES.values() for label in f.labels}
    assert not labels & {"symbol", "token", "error"}
    by_strike = [f for f in FAMILIES.values() if "strike" in f.labels]
    assert by_strike
    assert all(family.opt_in for family in by_strike)
    assert MetricSettings().option_detail == "aggregate"


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("g6_cycles_total", ["status"]),
        ("g6_cycle_duration_seconds", []),
        ("g6_cycle_start_lateness_seconds", []),
        ("g6_stage_duration_seconds", ["stage", "index"]),
        ("g6_last_success_cycle_unixtime", []),
        ("g6_cycle_skipped_total", ["index", "reason"]),
        ("g6_market_open", ["exchange"]),
        ("g6_units_total", ["index", "status"]),
        ("g6_index_options_processed", ["index"]),
        ("g6_index_options_processed_total", ["index"]),
        ("g6_index_pcr", ["index", "bucket"]),
        ("g6_provider_requests_total", ["provider", "endpoint", "outcome"]),
        ("g6_provider_request_seconds", ["endpoint"]),
        ("g6_quotes_rejected_total", ["index", "reason"]),
        ("g6_iv_estimation_success_total", ["index", "expiry"]),
        ("g6_iv_estimation_failure_total", ["index", "expiry"]),
        ("g6_iv_unavailable_total", ["index", "reason"]),
        ("g6_iv_estimation_avg_iterations", ["index", "expiry"]),
        ("g6_iv_iterations_histogram", []),
        ("g6_rows_written_total", ["sink", "index"]),
        ("g6_write_errors_total", ["sink", "reason"]),
        ("g6_bus_events_dropped_total", ["bus", "reason"]),
        ("g6_bus_publish_latency_ms", ["bus"]),
        ("g6_process_resident_bytes", ["worker"]),
        ("g6_process_cpu_ratio", ["worker"]),
        ("g6_build_info", ["version", "git_commit", "config_hash", "build_time"]),
    ],
)
def test_contract_families_have_the_labels_that_queries_use(name, labels):
    assert [label_name(label) for label in FAMILIES[name].labels] == labels


def test_every_word_that_the_domain_counts_by_is_a_label_value():
    assert set(LABELS["quality"].values) == {flag.name.lower() for flag in Flag}
    assert set(LABELS["iv_reason"].values) == {word for word in WORDS if word} - {*SOLVED, *FAILED}
    assert LABELS["bucket"].values == BUCKETS


def test_six_indices_stay_under_the_documented_number_of_series():
    assert series_cap(6) <= DOCUMENTED_CAP


def test_series_of_single_options_are_bounded_by_the_setting():
    assert detail_cap(6, MetricSettings().option_most) == 7_200
    assert LABELS["strike"].room >= MetricSettings().option_most


def test_each_index_more_costs_a_bounded_number_of_series():
    assert series_cap(7) - series_cap(6) <= 300
