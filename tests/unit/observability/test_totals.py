"""What samples add up to."""

from math import isnan, nan

import pytest

from g6.observability.catalogue import FAMILIES, series_cap
from g6.observability.sample_totals import Sample, Totals, key_of, parse_key


def given(*samples, totals=None):
    totals = totals or Totals(["NIFTY"])
    totals.commit(totals.advance(samples))
    return totals


def test_a_key_reads_back():
    assert parse_key(key_of("g6_units_total", ("NIFTY", "OK"), ":sum")) == (
        "g6_units_total",
        ("NIFTY", "OK"),
        ":sum",
    )
    assert parse_key(key_of("g6_disk_free_bytes", ())) == ("g6_disk_free_bytes", (), "")


def test_a_counter_adds_up():
    totals = given(Sample("g6_cycles_total", ("OK",)), Sample("g6_cycles_total", ("OK",), 2))
    assert totals.value("g6_cycles_total", "OK") == 3


def test_nothing_changes_before_the_commit():
    totals = Totals(["NIFTY"])
    totals.advance([Sample("g6_cycles_total", ("OK",))])
    assert totals.value("g6_cycles_total", "OK") == 0


def test_an_older_cycle_that_closes_late_does_not_overwrite_a_gauge():
    totals = given(
        Sample("g6_index_spot", ("NIFTY",), 2.0, as_of=20),
        Sample("g6_index_spot", ("NIFTY",), 1.0, as_of=10),
    )
    assert totals.value("g6_index_spot", "NIFTY") == 2.0


def test_a_rerun_of_the_same_cycle_replaces_its_gauge():
    totals = given(
        Sample("g6_index_spot", ("NIFTY",), 2.0, as_of=20),
        Sample("g6_index_spot", ("NIFTY",), 3.0, as_of=20),
    )
    assert totals.value("g6_index_spot", "NIFTY") == 3.0


def test_a_gauge_that_is_not_known_any_more_is_nan_not_its_last_value():
    totals = given(
        Sample("g6_index_spot", ("NIFTY",), 2.0, as_of=10),
        Sample("g6_index_spot", ("NIFTY",), nan, as_of=20),
    )
    assert key_of("g6_index_spot", ["NIFTY"]) in totals.state
    assert isnan(totals.value("g6_index_spot", "NIFTY"))


def test_a_gauge_that_was_never_known_has_no_series():
    totals = given(Sample("g6_index_pcr", ("NIFTY", "this_week"), nan, as_of=10))
    assert key_of("g6_index_pcr", ["NIFTY", "this_week"]) not in totals.state


def test_a_histogram_counts_weighted_observations_in_the_bucket_they_fall_in():
    totals = given(
        Sample("g6_iv_iterations_histogram", (), 3.0, weight=4),
        Sample("g6_iv_iterations_histogram", (), 1e6),
    )
    held = {
        part: totals.state[key_of("g6_iv_iterations_histogram", (), part)]
        for part in (":3", ":4", ":inf", ":sum")
    }
    assert held == {":3": 4, ":4": 0, ":inf": 1, ":sum": 12 + 1e6}


def test_staleness_grows_with_cycles_that_brought_nothing():
    family = "g6_data_staleness_seconds"
    totals = given(
        Sample(family, ("NIFTY",), 98.0, as_of=100.0),
        Sample(family, ("NIFTY",), nan, as_of=160.0),
        Sample(family, ("NIFTY",), 90.0, as_of=130.0),
    )
    assert totals.state[key_of(family, ["NIFTY"], "@")] - totals.value(family, "NIFTY") == 62.0


def test_the_gap_between_checks_is_known_from_the_second_on():
    family = "g6_panels_integrity_last_gap_seconds"
    once = given(Sample(family, (), 100.0, as_of=100.0))
    assert isnan(once.value(family))
    assert given(Sample(family, (), 160.0, as_of=160.0), totals=once).value(family) == 60.0


def test_a_word_outside_a_closed_label_is_counted_as_other():
    totals = given(Sample("g6_iv_unavailable_total", ("NIFTY", "a sentence nobody expected")))
    assert totals.value("g6_iv_unavailable_total", "NIFTY", "other") == 1


def test_an_open_label_takes_values_until_it_is_full():
    totals = given(*(Sample("g6_clock_skew_seconds", (f"host{n}",), 0.1) for n in range(20)))
    hosts = [
        labels[0]
        for name, labels, _ in map(parse_key, totals.state)
        if name == "g6_clock_skew_seconds"
    ]
    assert sorted(hosts) == [*(f"host{n}" for n in range(8)), "other"]


def test_values_that_came_before_a_restart_keep_their_place_in_a_full_label():
    before = given(*(Sample("g6_clock_skew_seconds", (f"host{n}",), 0.1) for n in range(8)))
    after = given(
        Sample("g6_clock_skew_seconds", ("late",), 0.2), totals=Totals(["NIFTY"], before.state)
    )
    assert after.value("g6_clock_skew_seconds", "host7") == 0.1
    assert after.value("g6_clock_skew_seconds", "other") == 0.2


def test_separators_in_a_label_value_cannot_break_a_key():
    totals = given(Sample("g6_worker_up", ("a,b{c}",), 1.0))
    assert totals.value("g6_worker_up", "a_b_c_") == 1


def test_primed_counters_stand_at_zero_and_prices_do_not():
    totals = Totals(["NIFTY"])
    assert totals.value("g6_units_total", "NIFTY", "MISSING") == 0
    assert isnan(totals.value("g6_index_spot", "NIFTY"))


@pytest.mark.parametrize("flood", [200])
def test_no_flood_of_label_values_exceeds_the_cap(flood):
    indices = [f"INDEX{n}" for n in range(6)]
    totals = Totals(indices)
    totals.commit(
        totals.advance(
            Sample(family.name, (index, *(f"v{n}" for _ in family.labels[1:])), as_of=1.0)
            for family in FAMILIES.values()
            if family.labels and family.labels[0] == "index" and not family.opt_in
            for index in indices
            for n in range(flood)
        )
    )
    series = [key for key in totals.state if not key.endswith("@")]
    assert len(series) < series_cap(6)


def test_who_no_heartbeat_tells_of_any_more_makes_room_for_others():
    """After four upgrades of two pods each beat was `other`, a dead one and a living one together."""
    totals = Totals()
    for number in range(50):
        now = 1000.0 + number
        told = [Sample("g6_heartbeat_overdue_unixtime", (), now + 20.0, as_of=now)]
        for name, is_up in ((f"beat-1@pod{number}", 1.0), (f"beat-2@pod{number}", 0.0)):
            told.append(Sample("g6_beat_up", (name,), is_up, as_of=now))
            told.append(Sample("g6_worker_up", (name,), is_up, as_of=now))
            told.append(Sample("g6_clock_skew_seconds", (name,), is_up, as_of=now))
        lag = Sample("g6_bus_subscriber_lag_events", ("events", f"audit-{number}"), 7.0, as_of=now)
        told.append(lag)
        totals = Totals(state=dict(totals.state))
        totals.commit(totals.advance(told))
        for family in ("g6_beat_up", "g6_worker_up", "g6_clock_skew_seconds"):
            assert totals.value(family, f"beat-1@pod{number}") == 1.0
            assert totals.value(family, f"beat-2@pod{number}") == 0.0
        assert totals.value(lag.family, *lag.labels) == 7.0
