"""What an event means in samples: pure functions, one per type of event. Whatever a report does not say is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from math import nan
from typing import Any

from g6.domain.cycles.cycle import parse_z
from g6.domain.schema.words import ANALYSED
from g6.observability.catalogue import ALL, LABELS
from g6.observability.totals import Sample
from g6.ports import Event

BUCKETS = ("this_week", "next_week", "this_month", "next_month")
QUEUES = {"collect": "collect", "analyse": "analytics", "persist": "persist", "publish": "persist"}
WRITE_WORDS = {
    "no space": "disk_full", "quota": "disk_full", "read-only": "read_only", "denied": "refused", "refused": "unreachable",
    "timed out": "timeout", "locked": "locked",
}  # fmt: skip
LATEST = ("cycle.report", "heartbeat", "gap.opened")
"""Events whose newest payload is kept beside the totals: the runtime status is made of them."""

Payload = Mapping[str, Any]


def record(event: Event) -> list[Sample]:
    """Return the samples of one event; an event of another type gives only how long it took to publish."""
    said = _SAYS.get(event.type)
    return [*_latency(event), *(said(event.payload, event) if said else ())]


def _unit_report(report: Payload, _: Event) -> Iterator[Sample]:
    stage, index = str(report["stage"]), str(report["index"]) or ALL
    seconds, counts = report.get("seconds") or {}, report.get("counts") or {}
    if "total" in seconds:
        yield Sample("g6_stage_duration_seconds", (stage, index), _number(seconds["total"]))
    waited = counts.get("lateness_seconds" if stage == "collect" else "queue_wait_seconds")
    if waited is not None:
        yield Sample("g6_queue_wait_seconds", (QUEUES.get(stage, stage),), _number(waited))
    if report["status"] == "MISSING":
        yield Sample("g6_task_failures_total", (stage, str(report.get("reason", ""))))
    if stage == "collect":
        contradicted = {**(counts.get("left_out") or {}), "salvaged": counts.get("salvaged") or 0}
        yield from (
            Sample("g6_expiry_contracts_left_out_total", (why,), _number(n))
            for why, n in contradicted.items()
        )
        yield from _provider(counts.get("provider") or {})
    elif stage == "analyse" and "options" in counts:
        if "solve" in seconds:
            yield Sample("g6_iv_solve_seconds", (), _number(seconds["solve"]))
        yield from _analysed(index, counts, _epoch(report["cycle"]))
    elif stage in ("persist", "publish"):
        yield from _written(index, counts, seconds)


def _provider(facts: Payload) -> Iterator[Sample]:
    """Read what one collection asked of the provider.

    `requests` and `seconds` by endpoint: {endpoint: {outcome: n}} and {endpoint: [seconds of each]}; `wait` {endpoint: seconds};
    `retries` {reason: n}.
    """
    name = str(facts.get("name", ""))
    for endpoint, outcomes in (facts.get("requests") or {}).items():
        yield from (
            Sample("g6_provider_requests_total", (name, endpoint, how), _number(n))
            for how, n in outcomes.items()
        )
    for endpoint, each in (facts.get("seconds") or {}).items():
        yield from (
            Sample("g6_provider_request_seconds", (endpoint,), _number(one)) for one in each
        )
    for endpoint, waited in (facts.get("wait") or {}).items():
        yield Sample("g6_provider_rate_wait_seconds", (endpoint,), _number(waited))
    for reason, n in (facts.get("retries") or {}).items():
        yield Sample("g6_provider_retries_total", (reason,), _number(n))
    if asked := sum((facts.get("dumps") or {}).values()):
        yield Sample("g6_root_cache_hit_ratio", (), 1.0 - facts["dumps"].get("download", 0) / asked)
    yield from _listings(facts.get("listings") or {})


def _listings(came_from: Payload) -> Iterator[Sample]:
    """Read how many listings came from where: memory, shelf, disk, download, older."""
    missed = sum(_number(came_from.get(where, 0)) for where in ("download", "older"))
    yield Sample("g6_expiry_cache_hits", (), sum(map(_number, came_from.values())) - missed)
    yield Sample("g6_expiry_cache_misses", (), missed)


def _analysed(index: str, facts: Payload, at: float) -> Iterator[Sample]:
    """Read `unit_facts.facts`: what one unit's chain holds."""
    yield Sample("g6_index_options_processed_total", (index,), _number(facts["options"]))
    yield Sample(
        "g6_data_staleness_seconds",
        (index,),
        at - _number(facts.get("staleness_seconds")),
        as_of=at,
    )
    yield from _counted("g6_quotes_rejected_total", index, facts.get("quality"))
    yield from _counted("g6_quote_source_total", index, facts.get("sources"))
    for bucket, solved in (facts.get("iv") or {}).items():
        yield Sample("g6_iv_estimation_success_total", (index, bucket), _number(solved.get("ok")))
        yield Sample(
            "g6_iv_estimation_failure_total", (index, bucket), _number(solved.get("failed"))
        )
        yield from _counted("g6_iv_unavailable_total", index, solved.get("unavailable"))
    for bucket, spent in (facts.get("iterations") or {}).items():
        mean = spent["sum"] / spent["count"] if spent["count"] else nan
        yield Sample("g6_iv_estimation_avg_iterations", (index, bucket), mean, as_of=at)
    for iterations, n in (facts.get("iterations_histogram") or {}).items():
        yield Sample("g6_iv_iterations_histogram", (), float(iterations), weight=_number(n))
    for expiry in facts.get("expiries") or ():
        yield Sample(
            "g6_coverage_ratio",
            (index, str(expiry["bucket"])),
            _number(expiry.get("coverage")),
            as_of=at,
        )


def _written(index: str, counts: Payload, seconds: Payload) -> Iterator[Sample]:
    """Read `ports.Written` and how long it took."""
    for sink, n in (counts.get("rows") or {}).items():
        yield Sample("g6_rows_written_total", (sink, index), _number(n))
    for sink, n in (counts.get("bytes") or {}).items():
        yield Sample("g6_bytes_written_total", (sink,), _number(n))
    for sink, reason in (counts.get("errors") or {}).items():
        yield Sample("g6_write_errors_total", (sink, _write_reason(str(reason))))
    for sink, took in (counts.get("seconds") or {}).items():
        yield Sample("g6_write_seconds", (sink,), _number(took))
    if counts.get("repaired"):
        yield Sample("g6_torn_lines_repaired_total", (index,), _number(counts["repaired"]))
    if counts.get("aside"):
        yield Sample(
            "g6_damaged_lines_aside_total", (index,), _number(sum(counts["aside"].values()))
        )
    took = seconds.get("write", seconds.get("overview"))
    if took is not None:
        yield Sample("g6_write_seconds", (ALL,), _number(took))


def _store_refused(said: Payload, _: Event) -> Iterator[Sample]:
    """Read a write that was taken by no sink, or by one and not by the next."""
    for sink, reason in (said.get("errors") or {}).items():
        yield Sample("g6_write_errors_total", (str(sink), _write_reason(str(reason))))


def _write_reason(said: str) -> str:
    """A sink's error is a sentence for people; its label is one of a few words."""
    return next((reason for words, reason in WRITE_WORDS.items() if words in said.lower()), said)


def _cycle_report(report: Payload, event: Event) -> Iterator[Sample]:
    at = _epoch(report["cycle"])
    units, reasons = report["units"], report.get("reasons") or {}
    if report.get("attempt", 1) == 1:
        yield Sample("g6_cycles_total", (report["status"],))
        yield Sample("g6_cycle_duration_seconds", (), _number(report["elapsed_seconds"]))
        if set(units.values()) != {"SKIPPED"}:
            yield Sample("g6_cycle_start_lateness_seconds", (), _number(report["lateness_seconds"]))
        for index, status in units.items():
            yield Sample("g6_units_total", (index, status))
            if status == "SKIPPED":
                yield Sample("g6_cycle_skipped_total", (index, reasons.get(index, "")))
    if ANALYSED & set(units.values()):
        closed = _epoch(event.ts)
        yield Sample("g6_last_success_cycle_unixtime", (), closed, as_of=closed)
    for index, n in (report.get("options") or {}).items():
        yield Sample("g6_index_options_processed", (index,), _number(n), as_of=at)
        yield Sample("g6_data_staleness_seconds", (index,), nan, as_of=at)
    for row in report.get("rows") or ():
        yield from _overview(row, at)


def _overview(row: Payload, at: float) -> Iterator[Sample]:
    index = str(row["underlying"])
    for family, column in (
        ("g6_index_spot", "spot"),
        ("g6_index_atm_strike", "atm"),
        ("g6_expiry_missing_mask", "missing_mask"),
    ):
        yield Sample(family, (index,), _number(row.get(column)), as_of=at)
    for bucket in BUCKETS:
        yield Sample("g6_index_pcr", (index, bucket), _number(row.get(f"pcr_{bucket}")), as_of=at)
        yield Sample(
            "g6_index_atm_iv", (index, bucket), _number(row.get(f"atm_iv_{bucket}")), as_of=at
        )


def _heartbeat(beat: Payload, _: Event) -> Iterator[Sample]:
    """Read `domain.status.Heartbeat`."""
    for exchange, is_open in (beat.get("market_open") or {}).items():
        yield Sample("g6_market_open", (exchange,), float(bool(is_open)))
    for queue, depth in (beat.get("queues") or {}).items():
        yield Sample("g6_queue_length", (queue,), _number(depth))
    for worker, facts in (beat.get("workers") or {}).items():
        yield Sample("g6_worker_up", (worker,), float(bool(facts.get("up", True))))
        yield Sample("g6_process_resident_bytes", (worker,), _number(facts.get("resident_bytes")))
        yield Sample("g6_process_cpu_ratio", (worker,), _number(facts.get("cpu_ratio")))
    for host, skew in (beat.get("clock_skew_seconds") or {}).items():
        yield Sample("g6_clock_skew_seconds", (host,), _number(skew))
    yield Sample("g6_disk_free_bytes", (), _number(beat.get("disk_free_bytes")))
    if beat.get("retained_events") is not None:
        yield Sample("g6_bus_queue_retained_events", ("events",), _number(beat["retained_events"]))
    if now := (beat.get("provider") or {}).get("mode"):
        yield from (
            Sample("g6_provider_mode", (mode,), float(mode == now))
            for mode in LABELS["mode"].values
        )
    yield from _guards(beat.get("provider") or {})
    yield from _stream((beat.get("provider") or {}).get("ticker") or {})


def _stream(ticker: Payload) -> Iterator[Sample]:
    """Read how the connections of a tick stream are, by number."""
    for number, feed in (ticker.get("connections") or {}).items():
        yield Sample("g6_ticker_connected", (number,), float(feed.get("state") == "open"))
        yield Sample(
            "g6_ticker_last_frame_age_seconds", (number,), _number(feed.get("last_frame_age"))
        )
        yield Sample("g6_ticker_tokens", (number,), _number(feed.get("tokens")))
        yield Sample("g6_ticker_ticks_per_second", (number,), _number(feed.get("ticks_per_second")))


def _provider_state(said: Payload, _: Event) -> Iterator[Sample]:
    if said.get("name") == "ticker" and said.get("state") == "lost":
        yield Sample("g6_ticker_reconnects_total", (str(said.get("reason", "")),))
    if said.get("state") == "listings":
        yield from _listings(said.get("listings") or {})


def _guards(provider: Payload) -> Iterator[Sample]:
    """Read what a guarded provider says of itself: `breaker`, `budget_left` by family, `login`."""
    if now := provider.get("breaker"):
        yield from (
            Sample("g6_provider_breaker_state", (state,), float(state == now))
            for state in LABELS["breaker"].values
        )
    for family, left in (provider.get("budget_left") or {}).items():
        yield Sample("g6_provider_budget_left", (family,), _number(left))
    if token := provider.get("login"):
        left = token.get("seconds_left")
        yield Sample(
            "g6_provider_token_seconds", (), 0.0 if token.get("state") != "valid" else _number(left)
        )


def _gap_opened(gap: Payload, _: Event) -> Iterator[Sample]:
    yield Sample(
        "g6_data_gaps_total", (str(gap.get("index", "")) or ALL, str(gap.get("reason", "")))
    )


def _panels_verified(found: Payload, event: Event) -> Iterator[Sample]:
    """Read one check of the panel files: `issues` {file: code}, `elapsed_seconds`; `error` says why it could not run."""
    at = _epoch(event.ts)
    issues = found.get("issues") or {}
    sound = not issues and not found.get("error")
    yield Sample("g6_panels_integrity_checks_total")
    yield Sample("g6_panels_integrity_ok", (), float(sound))
    yield Sample("g6_panels_integrity_mismatches_total", (), float(len(issues)))
    yield Sample(
        "g6_panels_integrity_last_elapsed_seconds", (), _number(found.get("elapsed_seconds"))
    )
    yield Sample("g6_panels_integrity_last_gap_seconds", (), at, as_of=at)
    if found.get("error"):
        yield Sample("g6_panels_integrity_failures_total")
    if sound:
        yield Sample("g6_panels_integrity_last_success_age_seconds", (), at, as_of=at)


def _latency(event: Event) -> Iterator[Sample]:
    """Stream ids begin with the server's clock in milliseconds; ids of other shape say nothing about time."""
    milliseconds, _, sequence = event.id.partition("-")
    if len(milliseconds) == 13 and milliseconds.isdigit() and sequence:
        yield Sample(
            "g6_bus_publish_latency_ms",
            ("events",),
            max(0.0, float(milliseconds) - _epoch(event.ts) * 1000.0),
        )


def _counted(family: str, index: str, counts: Payload | None) -> Iterator[Sample]:
    return (Sample(family, (index, reason), _number(n)) for reason, n in (counts or {}).items())


def _number(value: Any) -> float:
    return nan if value is None else float(value)


def _epoch(instant: str | datetime) -> float:
    return (instant if isinstance(instant, datetime) else parse_z(instant)).timestamp()


def _storage_sizes(told: Payload, _: Event) -> Iterator[Sample]:
    for kind, facts in told["kinds"].items():
        yield Sample("g6_storage_bytes", (str(kind),), _number(facts["bytes"]))


_SAYS: Mapping[str, Callable[[Payload, Event], Iterator[Sample]]] = {
    "unit.report": _unit_report,
    "cycle.report": _cycle_report,
    "heartbeat": _heartbeat,
    "gap.opened": _gap_opened,
    "provider.state": _provider_state,
    "panels.verify": _panels_verified,
    "storage.sizes": _storage_sizes,
    "store.refused": _store_refused,
}
