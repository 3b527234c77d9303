"""The recording rules: ratios and quantiles that alerts and dashboards read by one name."""

from __future__ import annotations

from dataclasses import dataclass

from g6.domain.market.instrument import INDICES
from g6.observability.catalogue.families.cycle_families import (
    CYCLE_DURATION_SECONDS,
    CYCLE_STEP_SECONDS,
    INDEX_LAST_SUCCESS_UNIXTIME,
    MARKET_OPEN,
    UNITS_TOTAL,
)
from g6.observability.catalogue.families.provider_families import PROVIDER_REQUESTS_TOTAL
from g6.observability.catalogue.families.quality_families import (
    IV_ESTIMATION_FAILURE_TOTAL,
    IV_ESTIMATION_SUCCESS_TOTAL,
)
from g6.observability.catalogue.families.stream_families import (
    SSE_EVENTS_TOTAL,
    SSE_FLUSH_LATENCY_SECONDS,
    SSE_HTTP_EVENT_QUEUE_LATENCY_SECONDS,
    SSE_HTTP_REFUSALS_TOTAL,
)
from g6.observability.catalogue.families.worker_families import (
    BUS_PUBLISH_LATENCY_MS,
    MEMORY_PRESSURE_LEVEL,
    QUEUE_WAIT_SECONDS,
)


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """One series that Prometheus computes from others.

    In a query it stands for its name, as a family does.

    Attributes:
        purpose: What it is for, in a sentence.
    """

    name: str
    expression: str
    purpose: str

    def __str__(self) -> str:
        """Return its name."""
        return self.name


MARKET_IS_OPEN = RecordingRule(
    "g6:market_open",
    f"max({MARKET_OPEN})",
    "1 while any exchange is in session. Alerts of missing data ask it first.",
)
FATAL_RATIO = RecordingRule(
    "g6:pipeline_fatal_ratio_15m",
    f'sum(increase({UNITS_TOTAL}{{status="MISSING"}}[15m])) / sum(increase({UNITS_TOTAL}[15m]))',
    "Units that ended MISSING over all units due. A skipped unit is due and is not fatal.",
)


_SINCE = "g6:session_since_unixtime"
_IS_OPEN = f"max by (exchange) ({MARKET_OPEN}) == 1"
SESSION_SINCE = RecordingRule(
    _SINCE,
    # It reads what it was before, over two minutes: a restart of g6 serve does not begin it anew.
    f"last_over_time({_SINCE}[2m]) and on (exchange) ({_IS_OPEN}) or time() + 0 * ({_IS_OPEN})",
    "Wall time since which an exchange has been seen in session. Nothing is missed before it.",
)


def _ages() -> str:
    """Return the seconds since each index had a chain, of those whose exchange is in session.

    An exchange counts as in session once it has been open for three minutes: at the open the last
    chain is yesterday's. So it is where a stopped system starts again: there, and where an index
    never had a chain, the seconds count from when the session was first seen.
    """
    ages: list[str] = []
    for exchange in ("NSE", "BSE"):
        names = "|".join(name for name, index in INDICES.items() if index.exchange == exchange)
        is_open = f'min(min_over_time({MARKET_OPEN}{{exchange="{exchange}"}}[3m])) == 1'
        last = f'{INDEX_LAST_SUCCESS_UNIXTIME}{{index=~"{names}"}}'
        seen = f'scalar({SESSION_SINCE}{{exchange="{exchange}"}})'
        ages.append(f"((time() - clamp_min({last}, {seen})) and on () ({is_open}))")
    return f"max by (index) ({' or '.join(ages)})"


INDEX_AGE = RecordingRule(
    "g6:index_age_seconds",
    _ages(),
    "Wall seconds since the index had a chain, while its exchange is in session.",
)
IV_FAILURE_RATIO = RecordingRule(
    "g6:iv_failure_ratio_5m",
    f"sum by (index) (rate({IV_ESTIMATION_FAILURE_TOTAL}[5m]))"
    f" / (sum by (index) (rate({IV_ESTIMATION_FAILURE_TOTAL}[5m]))"
    f" + sum by (index) (rate({IV_ESTIMATION_SUCCESS_TOTAL}[5m])))",
    "Options on which the solver failed over all that it was asked to solve.",
)
PROVIDER_FAILURE_RATIO = RecordingRule(
    "g6:provider_failure_ratio_2m",
    # Before the first refusal there is no series of any other outcome: 1 less the answered share.
    f'1 - sum(rate({PROVIDER_REQUESTS_TOTAL}{{outcome="ok"}}[2m]))'
    f" / sum(rate({PROVIDER_REQUESTS_TOTAL}[2m]))",
    "Requests that the provider did not answer over all requests.",
)
CYCLE_P95 = RecordingRule(
    "g6:cycle_duration_p95_5m",
    f"histogram_quantile(0.95, sum by (le) (rate({CYCLE_DURATION_SECONDS:bucket}[5m])))",
    "Seconds from a cycle's instant to its panels, 95th percentile.",
)
CYCLE_MEAN = RecordingRule(
    "g6:cycle_duration_mean_5m",
    f"sum(rate({CYCLE_DURATION_SECONDS:sum}[5m]))"
    f" / (sum(rate({CYCLE_DURATION_SECONDS:count}[5m])) > 0)",
    "Seconds from a cycle's instant to its panels, mean. None while no cycle closes.",
)
_USUAL = "g6:cycle_duration_ewma"
CYCLE_USUAL = RecordingRule(
    _USUAL,
    # It reads what it was at the evaluation before. PromQL's own holt_winters has another name, and
    # needs a switch, from Prometheus 3 on.
    f"0.01 * {CYCLE_MEAN} + 0.99 * {_USUAL} or {_USUAL} or {CYCLE_MEAN}",
    "What a cycle usually takes: exponentially weighted mean, half of it from 17 minutes.",
)
QUEUE_WAIT_P95 = RecordingRule(
    "g6:queue_wait_p95_5m",
    f"histogram_quantile(0.95, sum by (le, queue) (rate({QUEUE_WAIT_SECONDS:bucket}[5m])))",
    "Seconds that a message waited for a worker, 95th percentile, by queue.",
)
BUS_PUBLISH_P95 = RecordingRule(
    "g6:bus_publish_p95_5m",
    f"histogram_quantile(0.95, sum by (le, bus) (rate({BUS_PUBLISH_LATENCY_MS:bucket}[5m])))",
    "Milliseconds from a publisher's stamp to the append, 95th percentile.",
)

OBJECTIVE = 0.999
"""Share of due units of an index that are to end OK in session."""
BURN_WINDOWS = ("5m", "30m", "1h", "6h")
"""Windows over which the error budget is looked at: a fast pair pages, a slow pair is a ticket."""
DAY = "1d"
"""Window over which the home dashboard shows what is left of a budget."""


def _error_ratio(window: str) -> RecordingRule:
    due = f"sum by (index) (increase({UNITS_TOTAL}[{window}]))"
    good = f'sum by (index) (increase({UNITS_TOTAL}{{status="OK"}}[{window}]))'
    return RecordingRule(
        f"g6:slo_units_error_ratio_{window}",
        f"1 - ({good} / {due})",
        f"Units of an index that did not end OK over all due, {window}.",
    )


def _stale_ratio(window: str) -> RecordingRule:
    return RecordingRule(
        f"g6:slo_stale_ratio_{window}",
        f"avg_over_time({INDEX_IS_STALE}[{window}])",
        f"Share of the session in which the index had no chain of the last two cycles, {window}.",
    )


INDEX_IS_STALE = RecordingRule(
    "g6:slo_index_is_stale",
    f"{INDEX_AGE} > bool on () group_left () clamp_min(2 * max({CYCLE_STEP_SECONDS}), 30)",
    "1 while the newest chain of the index is older than two cycles, in session.",
)
ERROR_RATIOS = {window: _error_ratio(window) for window in (*BURN_WINDOWS, DAY)}
STALE_RATIOS = {window: _stale_ratio(window) for window in (*BURN_WINDOWS, DAY)}


STREAM_PROMPT = "0.25"
"""Seconds within which an event is to reach its listeners, a bound of the histogram's buckets."""


def _slow_ratio(window: str) -> RecordingRule:
    prompt = f'sum(increase({SSE_FLUSH_LATENCY_SECONDS:bucket}{{le="{STREAM_PROMPT}"}}[{window}]))'
    sent = f"sum(increase({SSE_FLUSH_LATENCY_SECONDS:count}[{window}]))"
    return RecordingRule(
        f"g6:slo_stream_slow_ratio_{window}",
        f"1 - {prompt} / ({sent} > 0)",
        f"Events that took more than {STREAM_PROMPT} s to their listeners over all sent, {window}.",
    )


SLOW_RATIOS = {window: _slow_ratio(window) for window in (*BURN_WINDOWS, DAY)}


def _p95(name: str, buckets: str, purpose: str) -> RecordingRule:
    expression = f"histogram_quantile(0.95, sum by (le) (rate({buckets}[5m])))"
    return RecordingRule(name, expression, purpose)


SSE_QUEUE_P95 = _p95(
    "g6_sse_http_event_queue_latency_p95_5m",
    f"{SSE_HTTP_EVENT_QUEUE_LATENCY_SECONDS:bucket}",
    "Seconds from an encoded event to the last listener that reads, 95th percentile.",
)
SSE_FLUSH_P95 = _p95(
    "g6_sse_flush_latency_p95_5m",
    f"{SSE_FLUSH_LATENCY_SECONDS:bucket}",
    "Seconds from the publisher's stamp to the last listener that reads, 95th percentile.",
)
_DIFFS = f'sum(increase({SSE_EVENTS_TOTAL}{{type="panel_diff"}}[15m]))'
SSE_DIFF_RATIO = RecordingRule(
    "g6_sse_panel_diff_ratio_15m",
    f'{_DIFFS} / ({_DIFFS} + sum(increase({SSE_EVENTS_TOTAL}{{type="snapshot"}}[15m])))',
    "Differences of panels over differences and snapshots that listeners were sent.",
)
SSE_SECURITY_DROPS = RecordingRule(
    "g6_sse_http_security_drop_rate_5m",
    f"sum(rate({SSE_HTTP_REFUSALS_TOTAL}[5m]))",
    "Requests a second that were refused for want of a token, by address, agent or rate.",
)
MEMORY_IS_LEVEL = RecordingRule(
    "g6_memory_pressure_is_level",
    f'count_values("level", {MEMORY_PRESSURE_LEVEL})',
    "1 for the level of memory pressure in force, by the level as a label.",
)
MEMORY_TRANSITION = RecordingRule(
    "g6_memory_pressure_transition",
    f"changes({MEMORY_PRESSURE_LEVEL}[5m])",
    "How often the level of memory pressure changed in five minutes.",
)

RULES = (
    MARKET_IS_OPEN,
    SESSION_SINCE,
    INDEX_AGE,
    FATAL_RATIO,
    IV_FAILURE_RATIO,
    PROVIDER_FAILURE_RATIO,
    CYCLE_P95,
    CYCLE_MEAN,
    CYCLE_USUAL,
    QUEUE_WAIT_P95,
    BUS_PUBLISH_P95,
    INDEX_IS_STALE,
    *ERROR_RATIOS.values(),
    *STALE_RATIOS.values(),
    *SLOW_RATIOS.values(),
    SSE_QUEUE_P95,
    SSE_FLUSH_P95,
    SSE_DIFF_RATIO,
    SSE_SECURITY_DROPS,
    MEMORY_IS_LEVEL,
    MEMORY_TRANSITION,
)
