"""Samples of what one stage of a unit did: collected, analysed, written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan

from g6.domain.reports import (
    AnalysisFacts,
    CollectCounts,
    Event,
    ProviderFacts,
    StageFailure,
    StageReport,
    WriteReport,
)
from g6.domain.schema.provider_words import ContractFault
from g6.domain.schema.words import Stage, Status, WriteReason
from g6.observability.catalogue import ALL
from g6.observability.provider_samples import provider_samples
from g6.observability.sample_numbers import epoch, number
from g6.observability.sample_totals import Sample

__all__ = ["refusal_samples", "unit_samples"]


def unit_samples(report: StageReport, _event: Event) -> Iterator[Sample]:
    """Yield the samples of one stage of one unit, or of the whole cycle."""
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
    at = epoch(report.cycle)
    if facts.queue_wait_seconds is not None:
        yield _queue_wait(Stage.ANALYSE, facts.queue_wait_seconds)
    if "solve" in report.seconds:
        yield Sample("g6_iv_solve_seconds", (), report.seconds["solve"])
    yield Sample("g6_index_options_processed_total", (index,), float(facts.options))
    yield Sample("g6_risk_agg_rows", (index,), float(facts.positions), as_of=at)
    # The instant of the newest quote, not its age: an age would stand still while nothing comes.
    newest = at - number(facts.staleness_seconds)
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
        coverage = number(expiry.coverage)
        yield Sample("g6_coverage_ratio", (index, expiry.bucket), coverage, as_of=at)


def _written(index: str, counts: WriteReport) -> Iterator[Sample]:
    """Yield what the writes of a stage did."""
    for sink, rows in counts.rows.items():
        yield Sample("g6_rows_written_total", (sink, index), float(rows))
    for sink, size in counts.bytes.items():
        yield Sample("g6_bytes_written_total", (sink,), float(size))
    yield from refusal_samples(counts.errors)
    if counts.repaired:
        yield Sample("g6_torn_lines_repaired_total", (index,), float(counts.repaired))
    if counts.aside:
        lines = float(sum(counts.aside.values()))
        yield Sample("g6_damaged_lines_aside_total", (index,), lines)


def refusal_samples(errors: Mapping[str, str]) -> Iterator[Sample]:
    """Yield the refusals of sinks. A sentence that speaks of no known reason is its own label."""
    for sink, sentence in errors.items():
        reason = WriteReason.of(sentence) or sentence
        yield Sample("g6_write_errors_total", (sink, reason))


def _by_reason(family: str, index: str, counts: Mapping[str, int]) -> Iterator[Sample]:
    for reason, count in counts.items():
        yield Sample(family, (index, reason), float(count))
