"""One case an alert: series, and the instants at which it must be silent, firing and silent again.

Values are written as promtool has them: `1x40` is 1 and then 1 forty times more, 15 seconds apart;
`0+1x40` goes up by 1 each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

OPEN = ('g6_market_open{exchange="NSE"}', "1x400")
AT_PACE = ("g6_market_pace", "1x400")
STEP = ("g6_cycle_step_seconds", "60x400")


@dataclass(frozen=True, slots=True)
class Case:
    """What one alert does over a few series.

    Attributes:
        series: Name and values.
        silent: An instant before it fires.
        firing: An instant at which it fires.
        resolved: An instant after it, at which it is silent again. Empty where it never is.
        labels: Labels that the alert must carry.
    """

    alert: str
    series: tuple[tuple[str, str], ...]
    silent: str
    firing: str
    resolved: str
    labels: str = ""


def _units(index: str, status: str, values: str) -> tuple[str, str]:
    return f'g6_units_total{{index="{index}",status="{status}"}}', values


def _late(first: int, last: int, every: int) -> str:
    """Return wall times of an index's chains: a minute apart, some of them 150 s apart.

    Each of those is then 135 s old for one evaluation, which is stale and too short for
    G6IndexMissing. They begin `every` seconds apart, from `first` to `last`.
    """
    instants: list[str] = []
    newest = 0
    for second in range(0, 120 * 60, 15):
        is_late = first <= newest < last and (newest - first) % every < 60
        if second - newest >= (150 if is_late else 60):
            newest = second
        instants.append(str(newest))
    return " ".join(instants)


def _summed(durations: Iterable[float]) -> str:
    """Return the sum of a histogram to which a cycle of so many seconds comes at each step."""
    return " ".join(f"{total:.3f}" for total in accumulate(durations))


_CLOSED = ("g6_cycle_duration_seconds_count", "0+1x480")
_TOOK = "g6_cycle_duration_seconds_sum"
SLOW_DRIFT = (
    ('g6_market_open{exchange="NSE"}', "1x480"),
    ("g6_cycle_step_seconds", "60x480"),
    _CLOSED,
    (_TOOK, _summed(4.0 + 8.0 * step / 480 for step in range(480))),
)
"""Cycles that take 4 s at first and 12 s two hours later: no step."""

CASES = (
    Case("Watchdog", (OPEN,), "", "1m", ""),
    Case("G6MetricsDown", (('up{job="g6",instance="a"}', "1x8 0x8 1x20"),), "1m", "4m", "6m"),
    Case("G6RedisDown", (("g6_redis_up", "1x8 0x8 1x20"),), "1m", "4m", "7m"),
    Case(
        "G6HeartbeatLost",
        (("g6_heartbeat_overdue_unixtime", "40+15x8 160x8 400+15x20"),),
        "2m",
        "4m",
        "7m",
    ),
    Case(
        "G6QueueBacklog",
        (('g6_queue_oldest_message_age_seconds{queue="analytics"}', "0x8 80x20 0x20"),),
        "1m",
        "5m",
        "9m",
        'queue="analytics"',
    ),
    Case(
        "G6WorkerDown",
        (('g6_worker_up{worker="persist@a"}', "1x8 0x20 1x20"),),
        "1m",
        "5m",
        "9m",
        'worker="persist@a"',
    ),
    Case(
        "G6BeatDown",
        (('g6_beat_up{beat="beat@a"}', "1x60"), ('g6_beat_up{beat="beat@b"}', "1x8 0x20 1x20")),
        "1m",
        "5m",
        "9m",
        'beat="beat@b"',
    ),
    Case(
        "G6SinkFailing",
        (('g6_write_errors_total{sink="csv",reason="disk_full"}', "0x8 1+1x12 13x40"),),
        "1m",
        "5m",
        "10m",
        'sink="csv",reason="disk_full"',
    ),
    Case(
        "G6SinkAway",
        (('g6_sink_waiting_seconds{sink="influx"}', "0x8 300x20 0x20"),),
        "1m",
        "5m",
        "9m",
        'sink="influx"',
    ),
    Case("G6DiskLow", (("g6_disk_free_bytes", "1e9x8 1e6x20 1e9x20"),), "1m", "5m", "9m"),
    Case(
        "G6ClockSkew",
        (('g6_clock_skew_seconds{host="b"}', "0.01x8 -0.5x20 0.01x20"),),
        "1m",
        "5m",
        "9m",
        'host="b"',
    ),
    Case(
        "G6MemoryPressureCritical",
        (("g6_memory_pressure_level", "0x8 3x20 2x20"),),
        "1m",
        "5m",
        "9m",
    ),
    Case("G6PanelsIntegrity", (("g6_panels_integrity_ok", "1x8 0x8 1x20"),), "1m", "3m", "6m"),
    Case(
        "G6BusDropRateElevated",
        (
            (
                'g6_bus_events_dropped_total{bus="events",reason="trimmed"}',
                "0x8 0+150x80 12000x80",
            ),
        ),
        "1m",
        "15m",
        "30m",
    ),
    Case(
        "G6BusDropRateCritical",
        (
            (
                'g6_bus_events_dropped_total{bus="events",reason="trimmed"}',
                "0x8 0+450x80 36000x80",
            ),
        ),
        "1m",
        "12m",
        "30m",
    ),
    *(
        Case(
            alert,
            (
                OPEN,
                (f'g6_bus_publish_latency_ms_bucket{{bus="events",le="{low}"}}', "0x400"),
                (
                    f'g6_bus_publish_latency_ms_bucket{{bus="events",le="{high}"}}',
                    "0x8 0+20x60 1200x80",
                ),
                (
                    'g6_bus_publish_latency_ms_bucket{bus="events",le="+Inf"}',
                    "0x8 0+20x60 1200x80",
                ),
            ),
            "1m",
            "12m",
            "30m",
        )
        for alert, low, high in (
            ("G6BusPublishLatencyHigh", "10", "25"),
            ("G6BusPublishLatencyCritical", "25", "50"),
        )
    ),
    Case(
        "G6BusSubscriberLagHigh",
        (('g6_bus_subscriber_lag_events{bus="events",subscriber="recorder"}', "0x8 6000x80 0x9"),),
        "1m",
        "20m",
        "24m",
        'subscriber="recorder"',
    ),
    *(
        Case(
            alert,
            (
                (
                    'g6_bus_subscriber_lag_events{bus="events",subscriber="recorder"}',
                    f"0x8 {lag}x20 0x20",
                ),
                ('g6_bus_queue_limit_events{bus="events"}', f"{limit}x48"),
            ),
            "1m",
            "5m",
            "9m",
            'subscriber="recorder"',
        )
        for alert, lag, limit in (
            ("G6BusQueueSaturationHigh", 18_500, 20_000),
            ("G6BusQueueSaturationCritical", 5_900, 6_000),
        )
    ),
    Case(
        "G6BusThrottled",
        (('g6_bus_throttled_total{bus="events"}', "0x8 0+15x60 900x80"),),
        "1m",
        "12m",
        "30m",
        'bus="events"',
    ),
    Case(
        # Wall time in promtool begins at 0: 4 minutes after the last success it is 300.
        "G6CycleStalled",
        (OPEN, STEP, ("g6_last_success_cycle_unixtime", "0 60x20 600x20")),
        "2m",
        "5m",
        "6m",
    ),
    Case(
        # At 6 minutes the last chain is 4 minutes old: its wall time is an instant of promtool's.
        "G6IndexMissing",
        (OPEN, STEP, ('g6_index_last_success_unixtime{index="NIFTY"}', "0x7 120x20 450x20")),
        "3m",
        "6m",
        "8m",
        'index="NIFTY"',
    ),
    Case(
        "G6CyclePartial",
        (OPEN, ('g6_unit_state{index="NIFTY",status="PARTIAL"}', "0x16 1x20 0x20")),
        "3m",
        "7m",
        "10m",
        'index="NIFTY"',
    ),
    Case(
        "G6CycleOverrun",
        (('g6_cycle_skipped_total{index="NIFTY",reason="overrun"}', "0x8 1x3 2x3 3x60"),),
        "1m",
        "5m",
        "12m",
        'index="NIFTY"',
    ),
    Case(
        # From 40 minutes on cycles take 12 s and not 4 s, until that is what is usual.
        "G6CycleSlower",
        (
            OPEN,
            STEP,
            _CLOSED,
            (_TOOK, _summed(4.0 if step < 160 else 12.0 for step in range(400))),
        ),
        "42m",
        "49m",
        "80m",
    ),
    Case(
        "G6CoverageLow",
        (OPEN, ('g6_coverage_ratio{index="NIFTY",bucket="this_week"}', "1x16 0.5x40 1x40")),
        "3m",
        "12m",
        "16m",
        'index="NIFTY",bucket="this_week"',
    ),
    Case(
        "G6PipelineFatalSpike",
        (_units("NIFTY", "OK", "0+1x400"), _units("NIFTY", "MISSING", "0x40 0+0.2x100 20x200")),
        "9m",
        "34m",
        "60m",
    ),
    Case(
        "G6PipelineFatalSustained",
        (_units("NIFTY", "OK", "0+1x400"), _units("NIFTY", "MISSING", "0x40 0+0.4x100 40x200")),
        "9m",
        "30m",
        "60m",
    ),
    Case(
        "G6ErrorBudgetFast",
        (
            _units("NIFTY", "OK", "0+1x240 240x60 240+1x300"),
            _units("NIFTY", "MISSING", "0x240 0+1x60 60x300"),
        ),
        "50m",
        "70m",
        "110m",
        'index="NIFTY"',
    ),
    Case(
        # One unit in a hundred: too few for the fast pair.
        "G6ErrorBudgetSlow",
        (
            _units("NIFTY", "OK", "0+0.99x400"),
            _units("NIFTY", "MISSING", "0x8 0+0.01x200 2x200"),
        ),
        "1m",
        "30m",
        "95m",
        'index="NIFTY"',
    ),
    Case(
        "G6FreshnessBudgetFast",
        (OPEN, STEP, ('g6_index_last_success_unixtime{index="NIFTY"}', _late(3_000, 4_560, 150))),
        "50m",
        "70m",
        "110m",
        'index="NIFTY"',
    ),
    Case(
        "G6FreshnessBudgetSlow",
        (OPEN, STEP, ('g6_index_last_success_unixtime{index="NIFTY"}', _late(1_800, 4_900, 1_500))),
        "20m",
        "85m",
        "117m",
        'index="NIFTY"',
    ),
    Case(
        "G6ProviderDown",
        (OPEN, ('g6_provider_breaker_state{state="open"}', "0x16 1x20 0x20")),
        "3m",
        "7m",
        "12m",
    ),
    Case(
        "G6TokenExpiring",
        (OPEN, ("g6_token_expires_unixtime", "86400x20 300x10 86400x20")),
        "4m",
        "6m",
        "10m",
    ),
    Case(
        "G6TickerSilent",
        (OPEN, ('g6_ticker_connected{connection="1"}', "1x16 0x20 1x20")),
        "3m",
        "7m",
        "12m",
        'connection="1"',
    ),
    Case(
        "G6RateBudgetExhausted",
        (OPEN, ('g6_provider_budget_left{family="quote"}', "180x16 1x20 180x20")),
        "3m",
        "8m",
        "12m",
        'family="quote"',
    ),
    Case(
        "G6IVFailureSurge",
        (
            ('g6_iv_estimation_success_total{index="NIFTY",expiry="this_week"}', "0+400x200"),
            (
                'g6_iv_estimation_failure_total{index="NIFTY",expiry="this_week"}',
                "0x40 0+40x60 2400x100",
            ),
        ),
        "9m",
        "22m",
        "40m",
        'index="NIFTY"',
    ),
    Case(
        "G6IVIterationsHigh",
        (
            ("g6_iv_iterations_histogram_sum", "0+2000x40 80000+38000x100 3880000+2000x100"),
            ("g6_iv_iterations_histogram_count", "0+400x240"),
            ("g6_iv_max_iterations", "100x240"),
        ),
        "9m",
        "33m",
        "58m",
    ),
    Case(
        "G6InstrumentsStale",
        (('g6_instruments_faulty{exchange="BSE"}', "0x8 1x20 0x20"),),
        "1m",
        "5m",
        "9m",
        'exchange="BSE"',
    ),
    Case(
        "G6SpotFrozen",
        (
            OPEN,
            AT_PACE,
            ("g6_newest_cycle_unixtime", "0+15x80"),
            ('g6_index_spot{index="NIFTY"}', "24000+1x16 24016x20 24016+1x40"),
        ),
        "3m",
        "8m",
        "12m",
        'index="NIFTY"',
    ),
    Case(
        "G6OIFrozen",
        (
            OPEN,
            AT_PACE,
            ('g6_index_near_oi{index="NIFTY"}', "5000+25x40 6000x40 6000+25x40"),
            ('g6_index_atm_strike{index="NIFTY"}', "24000x60 24050x100"),
        ),
        "9m",
        "19m",
        "24m",
        'index="NIFTY"',
    ),
    Case(
        "G6ForwardFallback",
        (OPEN, ('g6_forward_fallback{index="NIFTY"}', "0x16 1x40 0x20")),
        "3m",
        "12m",
        "16m",
        'index="NIFTY"',
    ),
    *(
        Case(
            alert,
            (
                (f'{family}_bucket{{le="{low}"}}', "0x400"),
                (f'{family}_bucket{{le="{high}"}}', "0x8 0+20x60 1200x80"),
                (f'{family}_bucket{{le="+Inf"}}', "0x8 0+20x60 1200x80"),
            ),
            "1m",
            "12m",
            "30m",
        )
        for alert, family, low, high in (
            ("G6SseQueueLatencyHigh", "g6_sse_http_event_queue_latency_seconds", "0.4", "0.5"),
            ("G6SseQueueLatencyCritical", "g6_sse_http_event_queue_latency_seconds", "0.75", "1.0"),
            ("FlushLatencyHigh", "g6_sse_flush_latency_seconds", "0.1", "0.25"),
            ("FlushLatencyCritical", "g6_sse_flush_latency_seconds", "0.25", "0.4"),
        )
    ),
    *(
        Case(
            alert,
            (
                # One event in twenty takes longer than a quarter second for a while.
                (
                    'g6_sse_flush_latency_seconds_bucket{le="0.25"}',
                    f"0+20x40 800+19x{slow} {800 + 19 * slow}+20x1200",
                ),
                ("g6_sse_flush_latency_seconds_count", "0+20x2000"),
            ),
            "9m",
            "24m",
            resolved,
        )
        for alert, slow, resolved in (
            ("G6StreamBudgetFast", 60, "50m"),
            ("G6StreamBudgetSlow", 60, "80m"),
        )
    ),
    Case(
        "G6SsePanelDiffRatioLow",
        (
            ('g6_sse_events_total{type="panel_diff"}', "0+5x400"),
            ('g6_sse_events_total{type="snapshot"}', "0+5x100 500x300"),
        ),
        "1m",
        "20m",
        "50m",
    ),
    Case(
        "G6SseDrops",
        (('g6_events_backpressure_events_total{reason="drop"}', "0x8 0+30x80 2400x80"),),
        "1m",
        "12m",
        "30m",
    ),
    *(
        Case(
            alert,
            (
                (
                    f'g6_sse_http_refusals_total{{reason="{reason}"}}',
                    f"0x8 0+{step}x60 {step * 60}x80",
                ),
            ),
            "1m",
            "10m",
            "30m",
        )
        for alert, reason, step in (
            ("G6SseSecurityDrops", "address", 30),
            ("G6SseAuthFailures", "auth", 5),
            ("G6SseRateLimited", "rate", 15),
        )
    ),
    Case(
        "AdaptiveDegradedStuck",
        (("g6_events_degraded_mode", "0x8 1x100 0x80"),),
        "10m",
        "20m",
        "30m",
    ),
    Case(
        "AdaptiveNoRecentExits",
        (
            ('g6_adaptive_transitions_total{reason="enter"}', "0x8 0+1x20 20x300"),
            ('g6_adaptive_transitions_total{reason="exit"}', "0x400"),
        ),
        "1m",
        "15m",
        "45m",
    ),
    Case(
        "TraceStagesStalled",
        (
            ('g6_sse_trace_stages_total{stage="publish"}', "0+4x200"),
            ('g6_sse_trace_stages_total{stage="flush"}', "0x60 0+4x140"),
        ),
        "1m",
        "10m",
        "20m",
    ),
)
