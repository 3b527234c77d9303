"""The recorder: pure functions that turn an event into samples, one for each class of report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import singledispatch
from math import nan

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.readiness import SILENT_SECONDS
from g6.domain.reports import (
    Alert,
    AnalysisFacts,
    CollectCounts,
    CycleReport,
    Event,
    FanoutReport,
    GapOpened,
    Heartbeat,
    ListingCounts,
    OptionDetail,
    PanelsVerified,
    ProviderFacts,
    SinkReport,
    StageFailure,
    StageReport,
    StorageSizes,
    StoreRefused,
    StreamFacts,
    SubscriberCounts,
    WriteReport,
)
from g6.domain.reports.option_detail import DetailMode
from g6.domain.reports.stream_reports import StreamLost
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.provider_words import BreakerState, ContractFault, ProviderMode
from g6.domain.schema.words import Bucket, DropReason, Reason, Stage, Status, WriteReason
from g6.observability.catalogue import ALL
from g6.observability.fanout_samples import fanout_samples
from g6.observability.provider_samples import listing_samples, provider_samples
from g6.observability.sample_totals import Sample

_BUS = "events"
_MODES = tuple(DetailMode)
_ROW_GAUGES = (
    ("g6_index_spot", "spot"),
    ("g6_index_atm_strike", "atm"),
    ("g6_expiry_missing_mask", "missing_mask"),
)


def record(event: Event) -> list[Sample]:
    """Return the samples of one event.

    An event of another class gives only how it was published. What a report does not say is left
    out.
    """
    return [*_publishing(event), *_samples(event.payload, event)]


@singledispatch
def _samples(_report: object, _event: Event) -> Iterator[Sample]:
    return iter(())


@_samples.register
def _of_stage(report: StageReport, _event: Event) -> Iterator[Sample]:
    index = report.index or ALL
    if "total" in report.seconds:
        yield Sample("g6_stage_duration_seconds", (report.stage, index), report.seconds["total"])
    if report.status == Status.MISSING:
        yield Sample("g6_task_failures_total", (report.stage, report.reason))
    match report.counts:
        case CollectCounts() as counts:
            yield from _collected(counts)
        case AnalysisFacts() as facts:
            yield from _analysed(report, facts)
        case WriteReport() as written:
            yield from _written(index, written)
        case StageFailure(provider=ProviderFacts() as provider):
            yield from provider_samples(provider)
    if report.stage in {Stage.PERSIST, Stage.PUBLISH}:
        seconds = report.seconds.get("write", report.seconds.get("overview"))
        if seconds is not None:
            yield Sample("g6_write_seconds", (ALL,), seconds)


def _queue_wait(stage: Stage, seconds: float) -> Sample:
    return Sample("g6_queue_wait_seconds", (stage.queue,), seconds)


def _collected(counts: CollectCounts) -> Iterator[Sample]:
    """Yield what one collection counted."""
    if counts.lateness_seconds is not None:
        yield _queue_wait(Stage.COLLECT, counts.lateness_seconds)
    contradicting = {**counts.left_out, ContractFault.SALVAGED: counts.salvaged}
    for fault, contracts in contradicting.items():
        yield Sample("g6_expiry_contracts_left_out_total", (fault,), float(contracts))
    yield from provider_samples(counts.provider)


def _analysed(report: StageReport, facts: AnalysisFacts) -> Iterator[Sample]:
    """Yield what one unit's chain holds."""
    index = report.index
    at = _epoch(report.cycle)
    if facts.queue_wait_seconds is not None:
        yield _queue_wait(Stage.ANALYSE, facts.queue_wait_seconds)
    if "solve" in report.seconds:
        yield Sample("g6_iv_solve_seconds", (), report.seconds["solve"])
    yield Sample("g6_index_options_processed_total", (index,), float(facts.options))
    # The instant of the newest quote, not its age: an age would stand still while nothing comes.
    newest = at - _number(facts.staleness_seconds)
    yield Sample("g6_data_staleness_seconds", (index,), newest, as_of=at)
    yield from _by_reason("g6_quotes_rejected_total", index, facts.quality)
    yield from _by_reason("g6_quote_source_total", index, facts.sources)
    for bucket, counts in facts.iv.items():
        yield Sample("g6_iv_estimation_success_total", (index, bucket), float(counts.ok))
        yield Sample("g6_iv_estimation_failure_total", (index, bucket), float(counts.failed))
        yield from _by_reason("g6_iv_unavailable_total", index, counts.unavailable)
    for bucket, spent in facts.iterations.items():
        mean = spent.sum / spent.count if spent.count else nan
        yield Sample("g6_iv_estimation_avg_iterations", (index, bucket), mean, as_of=at)
    for iterations, times in facts.iterations_histogram.items():
        yield Sample("g6_iv_iterations_histogram", (), float(iterations), weight=float(times))
    if facts.near_interest is not None:
        yield Sample("g6_index_near_oi", (index,), facts.near_interest, as_of=at)
    if facts.expiries and facts.expiries[0].forward_source:
        is_parity = facts.expiries[0].forward_source == "parity"
        yield Sample("g6_forward_fallback", (index,), float(not is_parity), as_of=at)
    for expiry in facts.expiries:
        coverage = _number(expiry.coverage)
        yield Sample("g6_coverage_ratio", (index, expiry.bucket), coverage, as_of=at)


def _written(index: str, counts: WriteReport) -> Iterator[Sample]:
    """Yield what the writes of a stage did."""
    for sink, rows in counts.rows.items():
        yield Sample("g6_rows_written_total", (sink, index), float(rows))
    for sink, size in counts.bytes.items():
        yield Sample("g6_bytes_written_total", (sink,), float(size))
    yield from _write_errors(counts.errors)
    if counts.repaired:
        yield Sample("g6_torn_lines_repaired_total", (index,), float(counts.repaired))
    if counts.aside:
        lines = float(sum(counts.aside.values()))
        yield Sample("g6_damaged_lines_aside_total", (index,), lines)


def _write_errors(errors: Mapping[str, str]) -> Iterator[Sample]:
    """Yield the refusals of sinks. A sentence that speaks of no known reason is its own label."""
    for sink, sentence in errors.items():
        reason = WriteReason.of(sentence) or sentence
        yield Sample("g6_write_errors_total", (sink, reason))


@_samples.register
def _of_refusal(refused: StoreRefused, _event: Event) -> Iterator[Sample]:
    return _write_errors(refused.errors)


@_samples.register
def _of_cycle(report: CycleReport, event: Event) -> Iterator[Sample]:
    at = _epoch(report.cycle)
    closed = _epoch(event.ts)
    yield Sample("g6_newest_cycle_unixtime", (), at, as_of=at)
    if report.attempt == 1:
        yield from _first_close(report)
        yield from _states(report, closed)
    if report.is_analysed:
        yield Sample("g6_last_success_cycle_unixtime", (), closed, as_of=closed)
    for index, options in report.options.items():
        yield Sample("g6_index_options_processed", (index,), float(options), as_of=at)
        yield Sample("g6_data_staleness_seconds", (index,), nan, as_of=at)
    for row in report.rows:
        yield from _overview(row, at)


def _first_close(report: CycleReport) -> Iterator[Sample]:
    """Yield how a cycle ended, once: a rerun is not counted again."""
    yield Sample("g6_cycles_total", (report.status,))
    yield Sample("g6_cycle_duration_seconds", (), report.elapsed_seconds)
    if set(report.units.values()) != {Status.SKIPPED}:
        yield Sample("g6_cycle_start_lateness_seconds", (), report.lateness_seconds)
    for index, status in report.units.items():
        yield Sample("g6_units_total", (index, status))
        if status == Status.SKIPPED:
            yield Sample("g6_cycle_skipped_total", (index, report.reasons.get(index, "")))


def _states(report: CycleReport, closed: float) -> Iterator[Sample]:
    """Yield how each index stands: the state of its newest unit, and which was lost why."""
    at = _epoch(report.cycle)
    for index, status in report.units.items():
        reason = report.reasons.get(index, "")
        for word in Status:
            yield Sample("g6_unit_state", (index, word), float(word == status), as_of=at)
        if status != Status.OK:
            yield Sample("g6_lost_unit_unixtime", (index, reason), at, as_of=at)
        if Status(status).has_chain or reason == Reason.PAUSED:
            labels = (index,)
            yield Sample("g6_index_last_success_unixtime", labels, closed, as_of=closed)


def _overview(row: OverviewRow, at: float) -> Iterator[Sample]:
    index = str(row["underlying"])
    cells: Mapping[str, object] = row
    for family, column in _ROW_GAUGES:
        yield Sample(family, (index,), _number(cells.get(column)), as_of=at)
    for bucket in Bucket:
        labels = (index, bucket)
        yield Sample("g6_index_pcr", labels, _number(cells.get(f"pcr_{bucket}")), as_of=at)
        yield Sample("g6_index_atm_iv", labels, _number(cells.get(f"atm_iv_{bucket}")), as_of=at)


@_samples.register
def _of_heartbeat(beat: Heartbeat, event: Event) -> Iterator[Sample]:
    vitals = beat.vitals
    now = _epoch(event.ts)
    yield from _running(beat, now)
    for exchange, is_open in beat.market_open.items():
        yield Sample("g6_market_open", (exchange,), float(is_open))
    for queue, depth in vitals.queues.items():
        yield Sample("g6_queue_length", (queue,), float(depth))
        sent = vitals.oldest_sent.get(queue, now)
        yield Sample("g6_queue_oldest_message_age_seconds", (queue,), max(0.0, now - sent))
    for name, worker in vitals.workers.items():
        for family, value in (
            ("g6_worker_up", float(worker.up)),
            ("g6_process_resident_bytes", _number(worker.resident_bytes)),
            ("g6_process_cpu_ratio", _number(worker.cpu_ratio)),
        ):
            yield Sample(family, (name,), value, as_of=now)
    for host, skew in vitals.clock_skew_seconds.items():
        yield Sample("g6_clock_skew_seconds", (host,), skew)
    yield Sample("g6_disk_free_bytes", (), _number(vitals.disk_free_bytes))
    yield from _loads(beat, now)
    if beat.provider.mode:
        for mode in ProviderMode:
            yield Sample("g6_provider_mode", (mode,), float(mode == beat.provider.mode))
    yield from _guards(beat.provider, _epoch(event.ts))
    if beat.provider.ticker is not None:
        yield from _stream(beat.provider.ticker)


def _running(beat: Heartbeat, now: float) -> Iterator[Sample]:
    """Yield what the running system collects: its step, its pace, its oldest open unit."""
    plan = beat.plan
    if plan is None:
        return
    overdue = now + max(SILENT_SECONDS, 3 * plan.heartbeat_seconds)
    yield Sample("g6_heartbeat_overdue_unixtime", (), overdue, as_of=now)
    yield Sample("g6_cycle_step_seconds", (), plan.step)
    yield Sample("g6_market_pace", (), plan.interval / plan.step)
    open_age = 0.0 if beat.open_since is None else max(0.0, now - beat.open_since)
    yield Sample("g6_oldest_open_unit_age_seconds", (), open_age)
    if plan.iv_max_iterations:
        yield Sample("g6_iv_max_iterations", (), float(plan.iv_max_iterations))


def _loads(beat: Heartbeat, now: float) -> Iterator[Sample]:
    """Yield what waits: on the bus, for its subscribers, for sinks; and how full the memory is."""
    for sink, waiting in beat.backlog.items():
        yield Sample("g6_sink_backlog_points", (sink,), float(waiting))
    if beat.pressure is not None:
        yield Sample("g6_memory_pressure_level", (), float(beat.pressure.level))
        yield Sample("g6_memory_pressure_share", (), beat.pressure.share)
    retained = beat.vitals.retained_events
    if retained is not None:
        yield Sample("g6_bus_queue_retained_events", (_BUS,), float(retained))
    for subscriber, lag in beat.lags.items():
        yield Sample("g6_bus_subscriber_lag_events", (_BUS, subscriber), float(lag), as_of=now)


@_samples.register
def _of_sink(report: SinkReport, _event: Event) -> Iterator[Sample]:
    labels = (report.sink,)
    yield Sample("g6_sink_up", labels, float(report.is_up))
    yield Sample("g6_sink_backlog_points", labels, float(report.points))
    yield Sample("g6_sink_waiting_seconds", labels, report.waiting_seconds)
    yield Sample("g6_sink_missed_spans", labels, float(report.spans))
    yield Sample("g6_sink_points_sent_total", labels, float(report.sent))
    yield Sample("g6_sink_requests_total", labels, float(report.requests))
    if report.refused:
        refused = (report.sink, WriteReason.REFUSED)
        yield Sample("g6_write_errors_total", refused, float(report.refused))


def _stream(ticker: StreamFacts) -> Iterator[Sample]:
    """Yield how the connections of a tick stream are."""
    for number, connection in ticker.connections.items():
        labels = (number,)
        age = _number(connection.last_frame_age)
        yield Sample("g6_ticker_connected", labels, float(connection.state == "open"))
        yield Sample("g6_ticker_last_frame_age_seconds", labels, age)
        yield Sample("g6_ticker_tokens", labels, float(connection.tokens))
        yield Sample("g6_ticker_ticks_per_second", labels, connection.ticks_per_second)


def _guards(provider: ProviderFacts, at: float) -> Iterator[Sample]:
    """Yield what a guarded provider says of itself at wall time `at`: breaker, budget, token."""
    if provider.breaker:
        for state in BreakerState:
            yield Sample("g6_provider_breaker_state", (state,), float(state == provider.breaker))
    if provider.instruments is not None:
        for exchange in ("NSE", "BSE"):
            is_faulty = any(exchange[0] == name[0] for name in provider.instruments)
            yield Sample("g6_instruments_faulty", (exchange,), float(is_faulty))
    for family, requests in (provider.budget_left or {}).items():
        yield Sample("g6_provider_budget_left", (family,), float(requests))
    if provider.login is not None:
        seconds = _number(provider.login.seconds_left) if provider.login.is_valid else 0.0
        yield Sample("g6_provider_token_seconds", (), seconds)
        yield Sample("g6_token_expires_unixtime", (), at + seconds)


@_samples.register
def _of_loss(loss: StreamLost, _event: Event) -> Iterator[Sample]:
    yield Sample("g6_ticker_reconnects_total", (loss.reason,))


@_samples.register
def _of_listings(counts: ListingCounts, _event: Event) -> Iterator[Sample]:
    yield from listing_samples(counts.listings)


@_samples.register
def _of_alert(alert: Alert, _event: Event) -> Iterator[Sample]:
    for name in alert.facts.retired:
        yield Sample("g6_config_deprecated_keys_total", (name,))


@_samples.register
def _of_gap(gap: GapOpened, _event: Event) -> Iterator[Sample]:
    yield Sample("g6_data_gaps_total", (gap.index or ALL, gap.reason))


@_samples.register
def _of_panels(check: PanelsVerified, event: Event) -> Iterator[Sample]:
    at = _epoch(event.ts)
    yield Sample("g6_panels_integrity_checks_total")
    yield Sample("g6_panels_integrity_ok", (), float(check.is_sound))
    yield Sample("g6_panels_integrity_mismatches_total", (), float(len(check.issues)))
    elapsed = _number(check.elapsed_seconds)
    yield Sample("g6_panels_integrity_last_elapsed_seconds", (), elapsed)
    yield Sample("g6_panels_integrity_last_gap_seconds", (), at, as_of=at)
    if check.error:
        yield Sample("g6_panels_integrity_failures_total")
    if check.is_sound:
        yield Sample("g6_panels_integrity_last_success_age_seconds", (), at, as_of=at)


@_samples.register
def _of_sizes(sizes: StorageSizes, _event: Event) -> Iterator[Sample]:
    for kind, size in sizes.kinds.items():
        yield Sample("g6_storage_bytes", (kind,), float(size.bytes))


@_samples.register
def _of_detail(detail: OptionDetail, _event: Event) -> Iterator[Sample]:
    at = _epoch(detail.cycle)
    labels = (detail.index,)
    yield Sample("g6_option_detail_band_rejections_total", labels, float(detail.rejected))
    yield Sample("g6_option_detail_mode", labels, float(_MODES.index(detail.mode)), as_of=at)


@_samples.register
def _of_subscriber(counts: SubscriberCounts, _event: Event) -> Iterator[Sample]:
    yield Sample("g6_bus_filtered_total", (_BUS, counts.subscriber), float(counts.filtered))
    yield Sample("g6_bus_events_dropped_total", (_BUS, DropReason.MISSED), float(counts.trimmed))


_samples.register(FanoutReport, fanout_samples)


def _publishing(event: Event) -> Iterator[Sample]:
    """Yield how long an event took to publish, and whether its publisher waited for subscribers.

    Stream ids begin with the server's clock in milliseconds. Ids of another shape say nothing.
    """
    if event.meta.throttled_seconds:
        yield Sample("g6_bus_throttled_total", (_BUS,))
    milliseconds, _, sequence = event.id.partition("-")
    if len(milliseconds) == 13 and milliseconds.isdigit() and sequence:
        latency = max(0.0, float(milliseconds) - _epoch(event.ts) * 1000.0)
        yield Sample("g6_bus_publish_latency_ms", (_BUS,), latency)


def _by_reason(family: str, index: str, counts: Mapping[str, int]) -> Iterator[Sample]:
    for reason, count in counts.items():
        yield Sample(family, (index, reason), float(count))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else nan


def _epoch(instant: str) -> float:
    return parse_z(instant).timestamp()
