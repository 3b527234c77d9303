"""The recorder: pure functions that turn an event into samples, one for each class of report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import singledispatch
from math import nan

from g6.domain.reports import (
    Alert,
    CycleReport,
    Event,
    FanoutReport,
    GapOpened,
    Heartbeat,
    ListingCounts,
    OptionDetail,
    PanelsVerified,
    SinkReport,
    StageReport,
    StorageSizes,
    StoreRefused,
    SubscriberCounts,
)
from g6.domain.reports.option_detail import DetailMode
from g6.domain.reports.stream_reports import StreamLost
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import Bucket, DropReason, Reason, Status, WriteReason
from g6.observability.catalogue import ALL
from g6.observability.fanout_samples import fanout_samples
from g6.observability.heartbeat_samples import heartbeat_samples
from g6.observability.provider_samples import listing_samples
from g6.observability.sample_numbers import BUS, epoch, number
from g6.observability.sample_totals import Sample
from g6.observability.unit_samples import refusal_samples, unit_samples

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
def _of_refusal(refused: StoreRefused, _event: Event) -> Iterator[Sample]:
    return refusal_samples(refused.errors)


@_samples.register
def _of_cycle(report: CycleReport, event: Event) -> Iterator[Sample]:
    at = epoch(report.cycle)
    closed = epoch(event.ts)
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
    at = epoch(report.cycle)
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
        yield Sample(family, (index,), number(cells.get(column)), as_of=at)
    for bucket in Bucket:
        labels = (index, bucket)
        yield Sample("g6_index_pcr", labels, number(cells.get(f"pcr_{bucket}")), as_of=at)
        yield Sample("g6_index_atm_iv", labels, number(cells.get(f"atm_iv_{bucket}")), as_of=at)


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
    at = epoch(event.ts)
    yield Sample("g6_panels_integrity_checks_total")
    yield Sample("g6_panels_integrity_ok", (), float(check.is_sound))
    yield Sample("g6_panels_integrity_mismatches_total", (), float(len(check.issues)))
    elapsed = number(check.elapsed_seconds)
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
    at = epoch(detail.cycle)
    labels = (detail.index,)
    yield Sample("g6_option_detail_band_rejections_total", labels, float(detail.rejected))
    yield Sample("g6_option_detail_mode", labels, float(_MODES.index(detail.mode)), as_of=at)


@_samples.register
def _of_subscriber(counts: SubscriberCounts, _event: Event) -> Iterator[Sample]:
    yield Sample("g6_bus_filtered_total", (BUS, counts.subscriber), float(counts.filtered))
    yield Sample("g6_bus_events_dropped_total", (BUS, DropReason.MISSED), float(counts.trimmed))


_samples.register(StageReport, unit_samples)
_samples.register(Heartbeat, heartbeat_samples)
_samples.register(FanoutReport, fanout_samples)


def _publishing(event: Event) -> Iterator[Sample]:
    """Yield how long an event took to publish, and whether its publisher waited for subscribers.

    Stream ids begin with the server's clock in milliseconds. Ids of another shape say nothing.
    """
    if event.meta.throttled_seconds:
        yield Sample("g6_bus_throttled_total", (BUS,))
    milliseconds, _, sequence = event.id.partition("-")
    if len(milliseconds) == 13 and milliseconds.isdigit() and sequence:
        latency = max(0.0, float(milliseconds) - epoch(event.ts) * 1000.0)
        yield Sample("g6_bus_publish_latency_ms", (BUS,), latency)
