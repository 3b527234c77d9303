"""The stream to listeners: what they were sent, how late, and what became of slow ones."""

from g6.observability.catalogue.family import Family

FANOUT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 0.75, 1.0)
BACKOFF = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)

SSE_LISTENERS = Family(
    "stream",
    "g6_sse_listeners",
    "gauge",
    (),
    "connections",
    "stream.fanout",
    "Connections of the stream that are open.",
)
SSE_EVENTS_TOTAL = Family(
    "stream",
    "g6_sse_events_total",
    "counter",
    ("type=stream_event",),
    "events",
    "stream.fanout",
    "Events written to listeners, one for each that got it, by type.",
)
SSE_SNAPSHOTS_TOTAL = Family(
    "stream",
    "g6_sse_snapshots_total",
    "counter",
    ("reason=snapshot",),
    "events",
    "stream.fanout",
    "Snapshots by why: connected, resync, replay; lost and slow: the listener lost events.",
)
SSE_RESUMED_TOTAL = Family(
    "stream",
    "g6_sse_resumed_total",
    "counter",
    (),
    "connections",
    "stream.fanout",
    "Listeners that came back and lost nothing.",
)
SSE_RECONNECTS_TOTAL = Family(
    "stream",
    "g6_sse_reconnects_total",
    "counter",
    ("reason=reconnect",),
    "connections",
    "stream.fanout",
    "Listeners that came back, by why, as the reference clients say.",
)
SSE_BACKOFF_SECONDS = Family(
    "stream",
    "g6_sse_backoff_seconds",
    "histogram",
    (),
    "seconds",
    "stream.fanout",
    "How long a listener waited before it came back, as the reference clients say.",
    buckets=BACKOFF,
)
SSE_PUB_DIFF_BUILD_SECONDS = Family(
    "stream",
    "g6_sse_pub_diff_build_seconds",
    "histogram",
    (),
    "seconds",
    "stream.fanout",
    "Finding what changed in the panels of a cycle.",
    buckets=FANOUT,
)
SSE_SERIALIZE_SECONDS = Family(
    "stream",
    "g6_sse_serialize_seconds",
    "histogram",
    (),
    "seconds",
    "stream.fanout",
    "Encoding the events of a cycle, once for all listeners.",
    buckets=FANOUT,
)
SSE_PUB_EMIT_LATENCY_SECONDS = Family(
    "stream",
    "g6_sse_pub_emit_latency_seconds",
    "histogram",
    (),
    "seconds",
    "stream.fanout",
    "From the publisher's stamp to the encoded event.",
    buckets=FANOUT,
)
SSE_HTTP_EVENT_QUEUE_LATENCY_SECONDS = Family(
    "stream",
    "g6_sse_http_event_queue_latency_seconds",
    "histogram",
    (),
    "seconds",
    "stream.fanout",
    "From the encoded event to the last listener that reads.",
    buckets=FANOUT,
)
SSE_FLUSH_LATENCY_SECONDS = Family(
    "stream",
    "g6_sse_flush_latency_seconds",
    "histogram",
    (),
    "seconds",
    "stream.fanout",
    "From the publisher's stamp to the write to the last listener that reads.",
    buckets=FANOUT,
)
SSE_APPLIED_LATENCY_SECONDS = Family(
    "stream",
    "g6_sse_applied_latency_seconds",
    "histogram",
    (),
    "seconds",
    "stream.fanout",
    "From the publisher's stamp to a listener's word that it has applied a traced event.",
    buckets=FANOUT,
)
SSE_TRACE_STAGES_TOTAL = Family(
    "stream",
    "g6_sse_trace_stages_total",
    "counter",
    ("stage=trace_stage",),
    "events",
    "stream.fanout",
    "Stages that traced events came through.",
)
SSE_EVENTS_TRUNCATED_TOTAL = Family(
    "stream",
    "g6_sse_events_truncated_total",
    "counter",
    (),
    "events",
    "stream.fanout",
    "Events that were too large and were sent without their data.",
)
SSE_HTTP_REFUSALS_TOTAL = Family(
    "stream",
    "g6_sse_http_refusals_total",
    "counter",
    ("reason=refusal",),
    "requests",
    "stream.fanout",
    "Requests that the web and metrics ports refused, by why.",
)
EVENTS_BACKPRESSURE_TOTAL = Family(
    "stream",
    "g6_events_backpressure_events_total",
    "counter",
    ("reason=backpressure",),
    "events",
    "stream.fanout",
    "Listeners that were slow (warn) or cut off (degrade), and batches left out (drop).",
)
EVENTS_DEGRADED_MODE = Family(
    "stream",
    "g6_events_degraded_mode",
    "gauge",
    (),
    "boolean",
    "stream.fanout",
    "1 while a listener is sent nothing because it does not read.",
)
ADAPTIVE_BACKLOG_RATIO = Family(
    "stream",
    "g6_adaptive_backlog_ratio",
    "gauge",
    (),
    "ratio",
    "stream.fanout",
    "What waits for the slowest listener over what may wait.",
)
ADAPTIVE_TRANSITIONS_TOTAL = Family(
    "stream",
    "g6_adaptive_transitions_total",
    "counter",
    ("reason=transition",),
    "changes",
    "stream.fanout",
    "Listeners that became slow (enter), read again (exit), or began to and stopped (abort).",
)
SERIAL_CACHE_HITS_TOTAL = Family(
    "stream",
    "g6_serial_cache_hits_total",
    "counter",
    (),
    "events",
    "stream.fanout",
    "Events that were written to a further listener without being encoded again.",
)
SERIAL_CACHE_MISSES_TOTAL = Family(
    "stream",
    "g6_serial_cache_misses_total",
    "counter",
    (),
    "events",
    "stream.fanout",
    "Events that were encoded.",
)
SERIAL_CACHE_EVICTIONS_TOTAL = Family(
    "stream",
    "g6_serial_cache_evictions_total",
    "counter",
    (),
    "events",
    "stream.fanout",
    "Events that gave way to newer ones: who has missed them gets a snapshot.",
)
SERIAL_CACHE_SIZE = Family(
    "stream",
    "g6_serial_cache_size",
    "gauge",
    (),
    "events",
    "stream.fanout",
    "Encoded events that who comes back can still be sent.",
)
SERIAL_CACHE_HIT_RATIO = Family(
    "stream",
    "g6_serial_cache_hit_ratio",
    "gauge",
    (),
    "ratio",
    "stream.fanout",
    "Events written without being encoded over all written, since the last report.",
    primed=False,
)

FAMILIES = (
    SSE_LISTENERS,
    SSE_EVENTS_TOTAL,
    SSE_SNAPSHOTS_TOTAL,
    SSE_RESUMED_TOTAL,
    SSE_RECONNECTS_TOTAL,
    SSE_BACKOFF_SECONDS,
    SSE_PUB_DIFF_BUILD_SECONDS,
    SSE_SERIALIZE_SECONDS,
    SSE_PUB_EMIT_LATENCY_SECONDS,
    SSE_HTTP_EVENT_QUEUE_LATENCY_SECONDS,
    SSE_FLUSH_LATENCY_SECONDS,
    SSE_APPLIED_LATENCY_SECONDS,
    SSE_TRACE_STAGES_TOTAL,
    SSE_EVENTS_TRUNCATED_TOTAL,
    SSE_HTTP_REFUSALS_TOTAL,
    EVENTS_BACKPRESSURE_TOTAL,
    EVENTS_DEGRADED_MODE,
    ADAPTIVE_BACKLOG_RATIO,
    ADAPTIVE_TRANSITIONS_TOTAL,
    SERIAL_CACHE_HITS_TOTAL,
    SERIAL_CACHE_MISSES_TOTAL,
    SERIAL_CACHE_EVICTIONS_TOTAL,
    SERIAL_CACHE_SIZE,
    SERIAL_CACHE_HIT_RATIO,
)
