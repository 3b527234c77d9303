"""Samples of the stream to listeners, of which one report holds many numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from g6.domain.reports import Event, FanoutReport
from g6.observability.sample_totals import Sample

__all__ = ["fanout_samples"]

_OF_FANOUT = (
    ("g6_sse_events_total", "events"),
    ("g6_sse_snapshots_total", "snapshots"),
    ("g6_sse_reconnects_total", "reconnects"),
    ("g6_sse_trace_stages_total", "stages"),
    ("g6_sse_http_refusals_total", "refused"),
    ("g6_events_backpressure_events_total", "backpressure"),
    ("g6_adaptive_transitions_total", "transitions"),
)
"""Families with one label, and the field of a report of the stream that each is made from."""
_OF_TALLIES = (
    ("g6_sse_resumed_total", "resumed"),
    ("g6_sse_events_truncated_total", "truncated"),
    ("g6_serial_cache_hits_total", "reused"),
    ("g6_serial_cache_misses_total", "encoded"),
    ("g6_serial_cache_evictions_total", "evicted"),
)
_OF_STREAM_SECONDS = (
    ("g6_sse_pub_diff_build_seconds", "diff"),
    ("g6_sse_serialize_seconds", "serialize"),
    ("g6_sse_pub_emit_latency_seconds", "emit"),
    ("g6_sse_http_event_queue_latency_seconds", "queue"),
    ("g6_sse_flush_latency_seconds", "flush"),
    ("g6_sse_applied_latency_seconds", "applied"),
    ("g6_sse_backoff_seconds", "backoff"),
)


def fanout_samples(report: FanoutReport, _event: Event) -> Iterator[Sample]:
    """Yield the samples of what a serving process did for the listeners of its stream."""
    for family, name in _OF_FANOUT:
        counts: Mapping[str, int] = getattr(report, name)
        for word, count in counts.items():
            yield Sample(family, (word,), float(count))
    for family, name in _OF_TALLIES:
        yield Sample(family, (), float(report.tallies.get(name, 0)))
    for family, name in _OF_STREAM_SECONDS:
        for seconds in report.seconds.get(name, ()):
            yield Sample(family, (), seconds)
    yield Sample("g6_sse_listeners", (), float(report.listeners))
    yield Sample("g6_events_degraded_mode", (), float(report.degraded > 0))
    yield Sample("g6_adaptive_backlog_ratio", (), report.ratio)
    yield Sample("g6_serial_cache_size", (), float(report.held))
    reused = report.tallies.get("reused", 0)
    if written := reused + report.tallies.get("encoded", 0):
        yield Sample("g6_serial_cache_hit_ratio", (), reused / written)
