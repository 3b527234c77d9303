"""What each event means in samples."""

from math import isnan

import pytest

from g6.domain.cycles.cycle import parse_z
from g6.domain.reports import parse_report
from g6.domain.reports.heartbeat import RunningPlan
from g6.observability.recorder import record
from g6.observability.sample_totals import Totals
from g6.ports import Event

CYCLE = "2026-11-20T05:30:00Z"
AT = 1_795_152_600.0
FACTS = {
    "options": 100,
    "missing": 2,
    "iv": {
        "this_week": {"ok": 60, "failed": 1, "unavailable": {"no_price": 9, "stale": 5}},
        "this_month": {"ok": 20, "failed": 0, "unavailable": {"sub_tick": 5}},
    },
    "iterations": {"this_week": {"sum": 183, "count": 61}, "this_month": {"sum": 0, "count": 0}},
    "iterations_histogram": {"3": 61},
    "quality": {"wide": 4, "missing": 2},
    "sources": {"sim": 100},
    "expiries": [
        {"bucket": "this_week", "coverage": 0.98},
        {"bucket": "this_month", "coverage": 1.0},
    ],
    "staleness_seconds": 1.5,
    "spot": 26_000.0,
    "atm": {"2026-11-24": 26_000.0},
}


def unit_report(
    stage, counts=None, *, index="NIFTY", status="OK", reason="", seconds=None, cycle=CYCLE
):
    payload = {
        "cycle": cycle, "index": index, "stage": stage, "status": status, "reason": reason, "attempt": 1,
        "seconds": {"total": 0.2} if seconds is None else seconds, "counts": counts or {},
    }  # fmt: skip
    return event("unit.report", payload)


def cycle_report(**changes):
    payload = {
        "cycle": CYCLE, "status": "PARTIAL", "units": {"NIFTY": "OK", "BANKNIFTY": "MISSING", "SENSEX": "SKIPPED"},
        "reasons": {"BANKNIFTY": "provider", "SENSEX": "overrun"}, "options": {"NIFTY": 100, "BANKNIFTY": 0, "SENSEX": 0},
        "lateness_seconds": 0.01, "elapsed_seconds": 0.8, "attempt": 1,
        "rows": [
            {"underlying": "NIFTY", "spot": 26_000.0, "atm": 26_050.0, "missing_mask": 2, "pcr_this_week": 0.9},
            {"underlying": "BANKNIFTY", "spot": None, "missing_mask": None},
        ],
    }  # fmt: skip
    return event("cycle.report", payload | changes)


def event(type, payload, id="7-0", ts="2026-11-20T05:30:01Z"):
    return Event(id, ts, parse_report(type, payload))


def counted(*events, totals=None):
    totals = totals or Totals(["NIFTY", "BANKNIFTY", "SENSEX"])
    for each in events:
        totals.commit(totals.advance(record(each)))
    return totals


def test_an_analysed_unit_counts_its_options_once_and_by_what_became_of_them():
    totals = counted(unit_report("analyse", FACTS))
    assert totals.value("g6_index_options_processed_total", "NIFTY") == 100
    assert totals.value("g6_iv_estimation_success_total", "NIFTY", "this_week") == 60
    assert totals.value("g6_iv_estimation_failure_total", "NIFTY", "this_week") == 1
    assert totals.value("g6_iv_unavailable_total", "NIFTY", "no_price") == 9


def test_iv_counts_add_up_to_the_options():
    totals = counted(unit_report("analyse", FACTS), unit_report("analyse", FACTS))
    families = (
        "g6_iv_estimation_success_total",
        "g6_iv_estimation_failure_total",
        "g6_iv_unavailable_total",
    )
    counted_once = sum(value for key, value in totals.state.items() if key.startswith(families))
    assert counted_once == totals.value("g6_index_options_processed_total", "NIFTY") == 200


def test_the_mean_of_iterations_is_missing_where_nothing_was_solved():
    totals = counted(unit_report("analyse", FACTS))
    assert totals.value("g6_iv_estimation_avg_iterations", "NIFTY", "this_week") == 3.0
    assert isnan(totals.value("g6_iv_estimation_avg_iterations", "NIFTY", "this_month"))


def test_the_histogram_of_iterations_has_one_observation_per_option_solved():
    totals = counted(unit_report("analyse", FACTS))
    assert totals.state["g6_iv_iterations_histogram{}:3"] == 61
    assert totals.state["g6_iv_iterations_histogram{}:sum"] == 183


def test_the_time_of_solving_has_a_distribution_to_take_percentiles_from():
    reports = [
        unit_report("analyse", FACTS, seconds={"total": 0.02, "solve": solve})
        for solve in [0.0015] * 95 + [0.015] * 5
    ]
    totals = counted(*reports)
    parts = {
        part: totals.state[f"g6_iv_solve_seconds{{}}:{part}"]
        for part in ("0.001", "0.002", "0.01", "0.02")
    }
    assert parts == {"0.001": 0, "0.002": 95, "0.01": 0, "0.02": 5}
    assert totals.state["g6_iv_solve_seconds{}:sum"] == pytest.approx(95 * 0.0015 + 5 * 0.015)


def test_quality_counts_sources_and_coverage_are_those_of_the_report():
    totals = counted(unit_report("analyse", FACTS))
    assert totals.value("g6_quotes_rejected_total", "NIFTY", "wide") == 4
    assert totals.value("g6_quote_source_total", "NIFTY", "sim") == 100
    assert totals.value("g6_coverage_ratio", "NIFTY", "this_week") == 0.98


def test_a_persisted_unit_counts_rows_bytes_errors_and_times_by_sink():
    counts = {
        "rows": {"parquet": 50, "csv": 42}, "bytes": {"parquet": 9_000, "csv": 4_000}, "repaired": 1,
        "errors": {"influx": "cannot write points: No space left on device"},
    }  # fmt: skip
    totals = counted(
        unit_report("persist", counts, seconds={"claim": 0.1, "write": 0.2, "total": 0.3})
    )
    assert totals.value("g6_rows_written_total", "parquet", "NIFTY") == 50
    assert totals.value("g6_rows_written_total", "csv", "NIFTY") == 42
    assert totals.value("g6_bytes_written_total", "csv") == 4_000
    assert totals.value("g6_write_errors_total", "influx", "disk_full") == 1
    assert totals.value("g6_torn_lines_repaired_total", "NIFTY") == 1
    assert totals.state["g6_write_seconds{all}:sum"] == 0.2


def test_rows_of_a_whole_cycle_are_counted_under_index_all():
    totals = counted(unit_report("publish", {"rows": {"parquet": 6}}, index=""))
    assert totals.value("g6_rows_written_total", "parquet", "all") == 6


def test_a_collection_counts_requests_waits_and_retries():
    facts = {
        "name": "kite",
        "requests": {"quote": {"ok": 2}},
        "seconds": {"quote": [0.2, 0.3]},
        "wait": {"quote": 1.05},
        "retries": {"timeout": 1},
    }
    totals = counted(unit_report("collect", {"provider": facts, "lateness_seconds": 0.02}))
    assert totals.value("g6_provider_requests_total", "kite", "quote", "ok") == 2
    assert totals.value("g6_provider_retries_total", "timeout") == 1
    assert totals.state["g6_provider_request_seconds{quote}:sum"] == 0.5
    assert totals.state["g6_provider_rate_wait_seconds{quote}:sum"] == 1.05
    assert totals.state["g6_queue_wait_seconds{collect}:0.025"] == 1


def test_a_provider_that_tells_nothing_of_its_requests_counts_none():
    totals = counted(unit_report("collect", {"provider": {"mode": "sim"}}))
    assert not [
        key for key, value in totals.state.items() if key.startswith("g6_provider_") and value
    ]


def test_listings_are_hits_and_misses_by_where_they_came_from():
    came_from = {"download": 1, "older": 0, "shelf": 2, "memory": 40}
    totals = counted(
        unit_report("collect", {"provider": {"listings": came_from, "dumps": came_from}})
    )
    assert totals.value("g6_expiry_cache_hits") == 42
    assert totals.value("g6_expiry_cache_misses") == 1
    assert totals.value("g6_root_cache_hit_ratio") == 42 / 43


def test_a_refresh_by_hand_is_a_miss():
    totals = counted(event("provider.state", {"state": "listings", "listings": {"download": 2}}))
    assert totals.value("g6_expiry_cache_misses") == 2


def test_contracts_that_contradict_themselves_are_counted_once_per_cycle():
    totals = counted(unit_report("collect", {"left_out": {"wrong_expiry": 1}, "salvaged": 2}))
    assert totals.value("g6_expiry_contracts_left_out_total", "wrong_expiry") == 1
    assert totals.value("g6_expiry_contracts_left_out_total", "salvaged") == 2
    assert totals.value("g6_expiry_contracts_left_out_total", "foreign") == 0


def test_a_stage_that_ended_its_unit_is_a_failure_with_its_reason():
    totals = counted(
        unit_report("collect", {"error": "timed out"}, status="MISSING", reason="provider")
    )
    assert totals.value("g6_task_failures_total", "collect", "provider") == 1
    assert totals.value("g6_index_options_processed_total", "NIFTY") == 0


def test_a_cycle_counts_itself_and_its_units():
    totals = counted(cycle_report())
    assert totals.value("g6_cycles_total", "PARTIAL") == 1
    assert totals.value("g6_units_total", "BANKNIFTY", "MISSING") == 1
    assert totals.value("g6_units_total", "NIFTY", "OK") == 1
    assert totals.value("g6_cycle_skipped_total", "SENSEX", "overrun") == 1
    assert totals.value("g6_index_options_processed", "NIFTY") == 100


def test_each_index_stands_as_its_newest_unit_ended_and_a_lost_one_has_cycle_and_reason():
    totals = counted(cycle_report())
    assert totals.value("g6_unit_state", "NIFTY", "OK") == 1
    assert totals.value("g6_unit_state", "BANKNIFTY", "MISSING") == 1
    assert totals.value("g6_unit_state", "BANKNIFTY", "OK") == 0
    assert totals.value("g6_lost_unit_unixtime", "SENSEX", "overrun") == AT
    assert totals.value("g6_index_last_success_unixtime", "NIFTY") == AT + 1
    assert totals.value("g6_index_last_success_unixtime", "BANKNIFTY") == 0


def test_an_index_that_a_person_paused_is_not_late():
    paused = cycle_report(units={"NIFTY": "SKIPPED"}, reasons={"NIFTY": "paused"}, rows=[])
    assert counted(paused).value("g6_index_last_success_unixtime", "NIFTY") == AT + 1


def test_a_cycle_sets_the_gauges_of_its_overview_rows_and_invents_none():
    totals = counted(cycle_report())
    assert totals.value("g6_index_spot", "NIFTY") == 26_000.0
    assert totals.value("g6_index_atm_strike", "NIFTY") == 26_050.0
    assert totals.value("g6_expiry_missing_mask", "NIFTY") == 2
    assert totals.value("g6_index_pcr", "NIFTY", "this_week") == 0.9
    assert isnan(totals.value("g6_index_spot", "BANKNIFTY"))


def test_the_last_success_is_the_wall_time_of_closing_not_the_cycle():
    assert counted(cycle_report()).value("g6_last_success_cycle_unixtime") == AT + 1


@pytest.mark.parametrize(("cycle", "unit"), [("SKIPPED", "SKIPPED"), ("PARTIAL", "MISSING")])
def test_a_cycle_in_which_nothing_was_analysed_is_no_success(cycle, unit):
    totals = counted(
        cycle_report(status=cycle, units={"NIFTY": unit}, rows=[], options={"NIFTY": 0})
    )
    assert totals.value("g6_last_success_cycle_unixtime") == 0


def test_a_rerun_is_not_another_cycle():
    totals = counted(cycle_report(), cycle_report(attempt=2, status="OK", elapsed_seconds=4_000.0))
    assert totals.value("g6_cycles_total", "PARTIAL") == 1
    assert totals.value("g6_cycles_total", "OK") == 0
    assert totals.state["g6_cycle_duration_seconds{}:sum"] == 0.8


def test_an_index_without_data_grows_stale_while_the_others_do_not():
    later = cycle_report(cycle="2026-11-20T05:31:00Z")
    totals = counted(
        unit_report("analyse", FACTS),
        unit_report("analyse", FACTS, index="BANKNIFTY"),
        cycle_report(),
    )
    counted(unit_report("analyse", FACTS, cycle="2026-11-20T05:31:00Z"), later, totals=totals)
    family = "g6_data_staleness_seconds"
    behind = {
        name: totals.state[f"{family}{{{name}}}@"] - totals.value(family, name)
        for name in ("NIFTY", "BANKNIFTY")
    }
    assert behind == {"NIFTY": 1.5, "BANKNIFTY": 61.5}


def test_a_heartbeat_sets_queues_workers_market_and_disk():
    beat = {
        "queues": {"collect": 3},
        "workers": {"cycle@a": {"up": True, "resident_bytes": 2e8, "cpu_ratio": 0.4}, "closing@a": {"up": False}},
        "market_open": {"NSE": True, "BSE": False}, "disk_free_bytes": 1e9, "clock_skew_seconds": {"a": 0.01},
        "provider": {"mode": "sim"}, "retained_events": 40,
        "processes": [
            {"role": "beat", "pid": 1, "host": "a", "at": 0.0, "up": False}, {"role": "beat", "pid": 2, "host": "a", "at": 5.0, "up": True},
            {"role": "beat", "pid": 3, "host": "b", "at": 0.0, "up": False, "instance": "2"}, {"role": "serve", "pid": 4, "host": "b", "at": 5.0},
        ],
    }  # fmt: skip
    totals = counted(event("heartbeat", beat))
    assert totals.value("g6_queue_length", "collect") == 3
    assert totals.value("g6_worker_up", "cycle@a") == 1
    assert totals.value("g6_worker_up", "closing@a") == 0
    assert totals.value("g6_beat_up", "beat@a") == 1
    assert totals.value("g6_beat_up", "beat-2@b") == 0
    assert totals.value("g6_process_resident_bytes", "cycle@a") == 2e8
    assert totals.value("g6_market_open", "NSE") == 1
    assert totals.value("g6_market_open", "BSE") == 0
    assert totals.value("g6_provider_mode", "sim") == 1
    assert totals.value("g6_provider_mode", "live") == 0
    assert totals.value("g6_bus_queue_retained_events", "events") == 40


def test_a_heartbeat_tells_of_each_connection_of_the_stream():
    feed = {"state": "open", "last_frame_age": 0.4, "tokens": 2900, "ticks_per_second": 2811.5}
    down = {"state": "down", "last_frame_age": None, "tokens": 1000, "ticks_per_second": 0.0}
    totals = counted(
        event("heartbeat", {"provider": {"ticker": {"connections": {"0": feed, "1": down}}}})
    )
    assert [totals.value("g6_ticker_connected", number) for number in "01"] == [1, 0]
    assert [totals.value("g6_ticker_tokens", number) for number in "01"] == [2900, 1000]
    assert totals.value("g6_ticker_last_frame_age_seconds", "0") == 0.4
    assert isnan(totals.value("g6_ticker_last_frame_age_seconds", "1"))
    assert totals.value("g6_ticker_ticks_per_second", "0") == 2811.5


def test_a_lost_connection_is_counted_and_a_made_one_is_not():
    lost = {"name": "ticker", "state": "lost", "reason": "mute", "connection": 0}
    totals = counted(
        event("provider.state", lost),
        event("provider.state", {"name": "ticker", "state": "connected"}),
    )
    assert totals.value("g6_ticker_reconnects_total", "mute") == 1


def test_a_heartbeat_that_knows_nothing_says_nothing():
    assert record(event("heartbeat", {}))[0].family == "g6_disk_free_bytes"
    assert isnan(counted(event("heartbeat", {})).value("g6_disk_free_bytes"))


def test_a_gap_is_counted_by_index_and_reason():
    gap = {"index": "NIFTY", "status": "MISSING", "reason": "no_beat"}
    totals = counted(event("gap.opened", gap))
    assert totals.value("g6_data_gaps_total", "NIFTY", "no_beat") == 1


def test_a_sound_check_of_the_panels_is_a_success():
    totals = counted(event("panels.verify", {"issues": {}, "elapsed_seconds": 0.02}))
    assert totals.value("g6_panels_integrity_ok") == 1
    assert totals.value("g6_panels_integrity_checks_total") == 1
    assert totals.value("g6_panels_integrity_last_success_age_seconds") == AT + 1


@pytest.mark.parametrize(
    ("found", "mismatches", "failures"),
    [
        ({"issues": {"indices.json": "mismatch", "cycle.json": "file_missing"}}, 2, 0),
        ({"error": "no manifest"}, 0, 1),
    ],
)
def test_a_check_that_found_something_or_could_not_run_is_none(found, mismatches, failures):
    totals = counted(event("panels.verify", found))
    assert totals.value("g6_panels_integrity_ok") == 0
    assert totals.value("g6_panels_integrity_mismatches_total") == mismatches
    assert totals.value("g6_panels_integrity_failures_total") == failures
    assert isnan(totals.value("g6_panels_integrity_last_success_age_seconds"))


def test_publish_latency_is_the_servers_stamp_less_the_publishers():
    totals = counted(event("alert", {}, id=f"{int(AT * 1000) + 4}-0", ts=CYCLE))
    assert totals.state["g6_bus_publish_latency_ms{events}:5"] == 1


def test_an_id_without_a_time_gives_no_latency():
    assert record(event("alert", {}, id="7-0")) == []


def test_the_events_that_the_bus_may_hold_are_those_of_the_running_system():
    plan = RunningPlan(("NIFTY",), 60, 60.0, "", 5.0, 30.0, most_events=6_000)
    totals = counted(event("heartbeat", {"plan": plan.to_json()}))
    assert totals.value("g6_bus_queue_limit_events", "events") == 6_000
    older = {name: value for name, value in plan.to_json().items() if name != "most_events"}
    samples = record(event("heartbeat", {"plan": older}))
    assert "g6_bus_queue_limit_events" not in {sample.family for sample in samples}


def test_the_iterations_that_the_solver_may_take_are_those_of_the_running_system():
    plan = RunningPlan(("NIFTY",), 60, 60.0, "", 5.0, 30.0, 250)
    told = counted(event("heartbeat", {"plan": plan.to_json()}))
    assert told.value("g6_iv_max_iterations") == 250
    older = {name: value for name, value in plan.to_json().items() if name != "iv_max_iterations"}
    silent = record(event("heartbeat", {"plan": older}))
    assert "g6_iv_max_iterations" not in {sample.family for sample in silent}


def test_the_oldest_waiting_message_and_the_oldest_open_unit_are_told_by_their_age():
    plan = {
        "indices": ["NIFTY"],
        "interval": 60,
        "step": 60.0,
        "config_id": "",
        "heartbeat_seconds": 5.0,
        "max_quote_age": 30.0,
    }
    now = parse_z(event("heartbeat", {}).ts).timestamp()
    facts = {
        "queues": {"collect": 2, "persist": 0},
        "oldest_sent": {"collect": now - 12.0},
        "plan": plan,
        "open_since": now - 90.0,
    }
    samples = record(event("heartbeat", facts))
    ages = {
        sample.labels: sample.value
        for sample in samples
        if sample.family == "g6_queue_oldest_message_age_seconds"
    }
    assert ages == {("collect",): pytest.approx(12.0), ("persist",): 0.0}
    opened = [
        sample.value for sample in samples if sample.family == "g6_oldest_open_unit_age_seconds"
    ]
    assert opened == [pytest.approx(90.0)]
