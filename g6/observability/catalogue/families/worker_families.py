"""The bus of events, queues, workers and hosts."""

from g6.observability.catalogue.family import SECONDS, Family

BUS_EVENTS_PUBLISHED_TOTAL = Family(
    "bus",
    "g6_bus_events_published_total",
    "counter",
    ("bus",),
    "events",
    "the bus",
    "Events appended to the stream.",
)
BUS_EVENTS_DROPPED_TOTAL = Family(
    "bus",
    "g6_bus_events_dropped_total",
    "counter",
    ("bus", "reason=drop"),
    "events",
    "the bus",
    (
        "Events the recorder could not count: trimmed before it read them, or not what their type "
        "says. Missed: trimmed before another subscriber read them."
    ),
)
BUS_FILTERED_TOTAL = Family(
    "bus",
    "g6_bus_filtered_total",
    "counter",
    ("bus", "subscriber"),
    "events",
    "bus.subscriber",
    "Events that a subscriber passed by, since it takes others by type and key.",
)
BUS_THROTTLED_TOTAL = Family(
    "bus",
    "g6_bus_throttled_total",
    "counter",
    ("bus",),
    "events",
    "every event",
    "Events whose publisher waited because every subscriber was half a stream behind.",
)
BUS_QUEUE_RETAINED_EVENTS = Family(
    "bus",
    "g6_bus_queue_retained_events",
    "gauge",
    ("bus",),
    "events",
    "heartbeat",
    "Events the stream holds.",
)
BUS_QUEUE_LIMIT_EVENTS = Family(
    "bus",
    "g6_bus_queue_limit_events",
    "gauge",
    ("bus",),
    "events",
    "heartbeat",
    "Events the stream holds before it drops the oldest, as the running system is configured.",
    primed=False,
)
BUS_SUBSCRIBER_LAG_EVENTS = Family(
    "bus",
    "g6_bus_subscriber_lag_events",
    "gauge",
    ("bus", "subscriber"),
    "events",
    "the bus, heartbeat",
    "Events published and not yet read, as XINFO GROUPS has them.",
    shown="beat",
)
BUS_PUBLISH_LATENCY_MS = Family(
    "bus",
    "g6_bus_publish_latency_ms",
    "histogram",
    ("bus",),
    "milliseconds",
    "every event",
    "From the publisher's stamp to the server's append; the server's clock ticks in milliseconds.",
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0),
)
REDIS_UP = Family(
    "bus",
    "g6_redis_up",
    "gauge",
    (),
    "boolean",
    "the scrape",
    "1 while g6 serve reads the bus, which is in Redis.",
    primed=False,
)
HEARTBEAT_OVERDUE_UNIXTIME = Family(
    "workers",
    "g6_heartbeat_overdue_unixtime",
    "gauge",
    (),
    "seconds",
    "heartbeat",
    "Wall time from which the next heartbeat is overdue: 20 s or three heartbeats after the last.",
)
QUEUE_LENGTH = Family(
    "workers",
    "g6_queue_length",
    "gauge",
    ("queue",),
    "messages",
    "heartbeat",
    "Messages waiting; queue unreadable: texts that were none, the last 100 kept.",
)
QUEUE_OLDEST_MESSAGE_AGE_SECONDS = Family(
    "workers",
    "g6_queue_oldest_message_age_seconds",
    "gauge",
    ("queue",),
    "seconds",
    "heartbeat",
    "Wall seconds since the oldest waiting message was sent; 0 when none waits.",
)
QUEUE_WAIT_SECONDS = Family(
    "workers",
    "g6_queue_wait_seconds",
    "histogram",
    ("queue",),
    "seconds",
    "unit.report",
    "From being sent to being run.",
    buckets=SECONDS,
)
WORKER_UP = Family(
    "workers",
    "g6_worker_up",
    "gauge",
    ("worker",),
    "boolean",
    "heartbeat",
    "1 while the worker answers.",
    shown="beat",
)
BEAT_UP = Family(
    "workers",
    "g6_beat_up",
    "gauge",
    ("beat",),
    "boolean",
    "heartbeat",
    "1 while the beat gives signs of life; beat-2@a is the one of host a with G6_INSTANCE=2.",
    shown="beat",
)
TASK_FAILURES_TOTAL = Family(
    "workers",
    "g6_task_failures_total",
    "counter",
    ("task", "reason=cause"),
    "tasks",
    "unit.report",
    "Stages that ended their unit as MISSING, by reason.",
)
CLOCK_SKEW_SECONDS = Family(
    "workers",
    "g6_clock_skew_seconds",
    "gauge",
    ("host",),
    "seconds",
    "heartbeat",
    "Host's clock less the server's.",
    shown="beat",
)
PROCESS_RESIDENT_BYTES = Family(
    "workers",
    "g6_process_resident_bytes",
    "gauge",
    ("worker",),
    "bytes",
    "heartbeat",
    "Memory of a worker and its children, shared pages by their share.",
    shown="beat",
)
PROCESS_CPU_RATIO = Family(
    "workers",
    "g6_process_cpu_ratio",
    "gauge",
    ("worker",),
    "cores",
    "heartbeat",
    "Processor time a worker and its children use, in cores.",
    shown="beat",
)
MEMORY_PRESSURE_LEVEL = Family(
    "workers",
    "g6_memory_pressure_level",
    "gauge",
    (),
    "level",
    "heartbeat",
    (
        "What is cut back for memory: 1 series of single options, 2 Greeks as well, 3 far strikes "
        "as well, 4 all but the nearest expiry."
    ),
)
MEMORY_PRESSURE_SHARE = Family(
    "workers",
    "g6_memory_pressure_share",
    "gauge",
    (),
    "ratio",
    "heartbeat",
    "Memory of the workers over what they may take, of the fullest host.",
    primed=False,
)
BUILD_INFO = Family(
    "workers",
    "g6_build_info",
    "gauge",
    ("version", "git_commit", "config_hash", "build_time"),
    "constant",
    "start",
    "1; the labels say what runs.",
)

FAMILIES = (
    BUS_EVENTS_PUBLISHED_TOTAL,
    BUS_EVENTS_DROPPED_TOTAL,
    BUS_FILTERED_TOTAL,
    BUS_THROTTLED_TOTAL,
    BUS_QUEUE_RETAINED_EVENTS,
    BUS_QUEUE_LIMIT_EVENTS,
    BUS_SUBSCRIBER_LAG_EVENTS,
    BUS_PUBLISH_LATENCY_MS,
    REDIS_UP,
    HEARTBEAT_OVERDUE_UNIXTIME,
    QUEUE_LENGTH,
    QUEUE_OLDEST_MESSAGE_AGE_SECONDS,
    QUEUE_WAIT_SECONDS,
    WORKER_UP,
    BEAT_UP,
    TASK_FAILURES_TOTAL,
    CLOCK_SKEW_SECONDS,
    PROCESS_RESIDENT_BYTES,
    PROCESS_CPU_RATIO,
    MEMORY_PRESSURE_LEVEL,
    MEMORY_PRESSURE_SHARE,
    BUILD_INFO,
)
