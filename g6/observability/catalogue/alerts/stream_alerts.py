"""Alerts of the stream to listeners."""

from g6.observability.catalogue.alerting import AlertingRule, Urgency
from g6.observability.catalogue.alerts.collection_alerts import FAST, FAST_BURN, SLOW, SLOW_BURN
from g6.observability.catalogue.families.stream_families import (
    ADAPTIVE_TRANSITIONS_TOTAL,
    EVENTS_BACKPRESSURE_TOTAL,
    EVENTS_DEGRADED_MODE,
    SSE_FLUSH_LATENCY_SECONDS,
    SSE_HTTP_REFUSALS_TOTAL,
    SSE_TRACE_STAGES_TOTAL,
)
from g6.observability.catalogue.rules import (
    OBJECTIVE,
    SLOW_RATIOS,
    SSE_DIFF_RATIO,
    SSE_FLUSH_P95,
    SSE_QUEUE_P95,
    SSE_SECURITY_DROPS,
    STREAM_PROMPT,
)

PAGE = "stream.md"
LATE = "What listeners see is late. Rows, panels and metrics are not affected."
REFUSED = "Somebody asks who may not, or a client has lost its token."


def _late(
    id: str, expression: str, urgency: Urgency, summary: str, worse: tuple[str, ...] = ()
) -> AlertingRule:
    """Return an alert of events that come late. A critical one silences the other of its kind."""
    return AlertingRule(
        id,
        expression,
        "2m",
        urgency,
        summary,
        LATE,
        "g6 ps; g6 bench stream --json",
        PAGE,
        inhibited_by=("G6MetricsDown", "G6RedisDown", *worse),
        needs="stream",
    )


QUEUE_HIGH = _late(
    "G6SseQueueLatencyHigh",
    f"{SSE_QUEUE_P95} > 0.4",
    Urgency.NOTE,
    "encoded events wait {{ $value }} s for listeners (p95)",
    ("G6SseQueueLatencyCritical",),
)
QUEUE_CRITICAL = _late(
    "G6SseQueueLatencyCritical",
    f"{SSE_QUEUE_P95} > 0.75",
    Urgency.TICKET,
    "encoded events wait {{ $value }} s for listeners (p95)",
)
FLUSH_HIGH = _late(
    "FlushLatencyHigh",
    f"{SSE_FLUSH_P95} > 0.1",
    Urgency.NOTE,
    "events reach listeners {{ $value }} s after they were published (p95)",
    ("FlushLatencyCritical",),
)
FLUSH_CRITICAL = _late(
    "FlushLatencyCritical",
    f"{SSE_FLUSH_P95} > 0.25",
    Urgency.TICKET,
    "events reach listeners {{ $value }} s after they were published (p95)",
)


def _budget(id: str, factor: float, windows: tuple[str, str], urgency: Urgency) -> AlertingRule:
    """Return the alert of a budget of prompt events that burns too fast, in both windows."""
    short, long = windows
    limit = f"{factor * (1 - OBJECTIVE):.4g}"
    is_fast = windows == FAST
    # One slow event of the few that an hour of a slow interval has is no rate.
    several = f"increase({SSE_FLUSH_LATENCY_SECONDS:count}[{long}])"
    return AlertingRule(
        id,
        f"{SLOW_RATIOS[short]} > {limit} and {SLOW_RATIOS[long]} > {limit}"
        f" and {SLOW_RATIOS[long]} * sum({several}) > 1.5",
        "3m" if is_fast else "5m",
        urgency,
        f"{{{{ $value | humanizePercentage }}}} of the events need over {STREAM_PROMPT} s"
        " to their listeners",
        f"The error budget of {1 - OBJECTIVE:.1%} burns {factor:g} times too fast over {long}.",
        "g6 ps; g6 bench stream --json",
        PAGE,
        inhibited_by=(
            "G6MetricsDown",
            "G6RedisDown",
            FLUSH_CRITICAL.id,
            *(() if is_fast else ("G6StreamBudgetFast",)),
        ),
        needs="stream",
    )


# A late screen loses no data: neither of them wakes anybody.
STREAM_FAST = _budget("G6StreamBudgetFast", FAST_BURN, FAST, Urgency.TICKET)
STREAM_SLOW = _budget("G6StreamBudgetSlow", SLOW_BURN, SLOW, Urgency.NOTE)
DIFF_RATIO = AlertingRule(
    "G6SsePanelDiffRatioLow",
    f"{SSE_DIFF_RATIO} < 0.85",
    "10m",
    Urgency.NOTE,
    "only {{ $value | humanizePercentage }} of what listeners get are differences",
    "Listeners lose their place and get everything again: they come and go, or do not read.",
    "g6 status --json; g6 ps",
    PAGE,
    needs="stream",
)
DROPS = AlertingRule(
    "G6SseDrops",
    f'sum(rate({EVENTS_BACKPRESSURE_TOTAL}{{reason="drop"}}[5m])) > 1',
    "5m",
    Urgency.NOTE,
    "{{ $value }} batches a second are left out for listeners that do not read",
    "Those listeners get a snapshot once they read again. The others are not affected.",
    "g6 ps",
    PAGE,
)
SECURITY_DROPS = AlertingRule(
    "G6SseSecurityDrops",
    f"{SSE_SECURITY_DROPS} > 1",
    "1m",
    Urgency.TICKET,
    "{{ $value }} requests a second are refused",
    REFUSED,
    "g6 config show --origin --changed",
    PAGE,
)
AUTH_FAILURES = AlertingRule(
    "G6SseAuthFailures",
    f'increase({SSE_HTTP_REFUSALS_TOTAL}{{reason="auth"}}[5m]) > 20',
    "1m",
    Urgency.TICKET,
    "{{ $value }} requests without the token in five minutes",
    REFUSED,
    "g6 config show --origin --changed",
    PAGE,
)
RATE_LIMITED = AlertingRule(
    "G6SseRateLimited",
    f'sum(rate({SSE_HTTP_REFUSALS_TOTAL}{{reason="rate"}}[5m])) > 0.5',
    "2m",
    Urgency.NOTE,
    "{{ $value }} requests a second are refused by serve.requests_per_second",
    "A client asks too often, or several share one address.",
    "g6 config show --origin --changed",
    PAGE,
)
DEGRADED_STUCK = AlertingRule(
    "AdaptiveDegradedStuck",
    f"min_over_time({EVENTS_DEGRADED_MODE}[10m]) == 1",
    "5m",
    Urgency.NOTE,
    "a listener has not read for a quarter hour",
    "It is sent nothing, and a snapshot once it reads. The others are not affected.",
    "g6 ps",
    PAGE,
    inhibited_by=("G6MetricsDown",),
)
NO_EXITS = AlertingRule(
    "AdaptiveNoRecentExits",
    f'increase({ADAPTIVE_TRANSITIONS_TOTAL}{{reason="enter"}}[30m]) > 3'
    f' and on () increase({ADAPTIVE_TRANSITIONS_TOTAL}{{reason="exit"}}[30m]) == 0',
    "5m",
    Urgency.NOTE,
    "listeners stop reading and none has begun again in half an hour",
    "Either they all went away, or the network between does not carry what they are sent.",
    "g6 ps",
    PAGE,
)
TRACES_STALLED = AlertingRule(
    "TraceStagesStalled",
    f'increase({SSE_TRACE_STAGES_TOTAL}{{stage="publish"}}[10m]) > 0'
    f' and on () increase({SSE_TRACE_STAGES_TOTAL}{{stage="flush"}}[10m]) == 0',
    "5m",
    Urgency.TICKET,
    "traced events are made and reach no listener",
    "The loop of g6 serve does not run: nobody is sent anything.",
    "g6 ps; restart g6 serve",
    PAGE,
    inhibited_by=("G6MetricsDown", "G6RedisDown"),
)

ALERTS = (
    QUEUE_HIGH,
    QUEUE_CRITICAL,
    FLUSH_HIGH,
    FLUSH_CRITICAL,
    STREAM_FAST,
    STREAM_SLOW,
    DIFF_RATIO,
    DROPS,
    SECURITY_DROPS,
    AUTH_FAILURES,
    RATE_LIMITED,
    DEGRADED_STUCK,
    NO_EXITS,
    TRACES_STALLED,
)
