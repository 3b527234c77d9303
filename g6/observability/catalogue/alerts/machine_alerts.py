"""Alerts of queues, workers, hosts, sinks, disks, panels and the bus."""

from g6.domain.reports.bus_flow import MOST_EVENTS
from g6.observability.catalogue.alerting import AlertingRule, Urgency
from g6.observability.catalogue.alerts.collection_alerts import IN_SESSION
from g6.observability.catalogue.families.storage_families import (
    DISK_FREE_BYTES,
    PANELS_INTEGRITY_OK,
    SINK_WAITING_SECONDS,
    WRITE_ERRORS_TOTAL,
)
from g6.observability.catalogue.families.worker_families import (
    BEAT_UP,
    BUS_EVENTS_DROPPED_TOTAL,
    BUS_QUEUE_LIMIT_EVENTS,
    BUS_SUBSCRIBER_LAG_EVENTS,
    BUS_THROTTLED_TOTAL,
    CLOCK_SKEW_SECONDS,
    HEARTBEAT_OVERDUE_UNIXTIME,
    MEMORY_PRESSURE_LEVEL,
    QUEUE_OLDEST_MESSAGE_AGE_SECONDS,
    REDIS_UP,
    WORKER_UP,
)
from g6.observability.catalogue.rules import BUS_PUBLISH_P95

_LIMIT = f"on () group_left () (max({BUS_QUEUE_LIMIT_EVENTS}) or vector({MOST_EVENTS}))"
"""Events that the stream holds before it drops the oldest.

It is always full after some time: what counts is how much of it is unread. The heartbeat of an
earlier version does not say the limit, which was then always the most.
"""

SCRAPE_DOWN = AlertingRule(
    "G6MetricsDown",
    'up{job="g6"} == 0',
    "30s",
    Urgency.PAGE,
    "{{ $labels.instance }} does not answer: g6 serve is away",
    "Nothing is known of the system, and no other alert can fire.",
    "g6 ps; g6 serve",
    "serve-down.md",
    # On its return the totals are as old as its absence until the bus is read again.
    keep="30s",
)
REDIS_DOWN = AlertingRule(
    "G6RedisDown",
    f"{REDIS_UP} == 0",
    "10s",
    Urgency.PAGE,
    "Redis does not answer g6 serve",
    "Nothing is collected while it is away. The cycles between become SKIPPED (redis_down).",
    "redis-cli -u URL PING; g6 config show --origin",
    "redis-down.md",
    inhibited_by=("G6MetricsDown",),
    # Longer than it takes until heartbeats come again and G6HeartbeatLost, which is kept itself, is
    # over: kept as long as that, a Redis that came back after 50 s paged for the heartbeat.
    keep="150s",
)
HEARTBEAT_LOST = AlertingRule(
    "G6HeartbeatLost",
    # A start may take a minute. Until its first heartbeat it is 0, or as it was at the last stop.
    f"(time() > {HEARTBEAT_OVERDUE_UNIXTIME} and {HEARTBEAT_OVERDUE_UNIXTIME} > 0"
    f" and {HEARTBEAT_OVERDUE_UNIXTIME} offset 1m)"
    f" or ({HEARTBEAT_OVERDUE_UNIXTIME} == 0 and {HEARTBEAT_OVERDUE_UNIXTIME} offset 1m == 0)",
    "10s",
    Urgency.PAGE,
    "no heartbeat: no beat runs, or no worker serves the queue maintenance",
    "Cycles are not sent, or not closed. Every index loses its quotes.",
    "g6 ps; celery -A g6 beat; celery -A g6 worker -Q maintenance",
    "no-beat.md",
    inhibited_by=("G6MetricsDown", "G6RedisDown"),
    keep="90s",
)
WATCHDOG = AlertingRule(
    "Watchdog",
    "vector(1)",
    "0s",
    Urgency.NOTE,
    "the pager works",
    "Always fires. A dead man's switch outside raises an alarm when it stops.",
    "amtool alert query",
    "watchdog.md",
)
QUEUE_BACKLOG = AlertingRule(
    "G6QueueBacklog",
    # Reruns wait in the queue manual, by the hundred, and compaction holds up the files' worker.
    f'max by (queue) ({QUEUE_OLDEST_MESSAGE_AGE_SECONDS}{{queue!~"manual|persist"}}) > 30'
    f' or max by (queue) ({QUEUE_OLDEST_MESSAGE_AGE_SECONDS}{{queue="persist"}}) > 45',
    "15s",
    Urgency.PAGE,
    "the oldest message of queue {{ $labels.queue }} has waited {{ $value | humanizeDuration }}",
    "Units of this queue miss their deadlines.",
    "g6 ps; start workers: celery -A g6 worker -Q {{ $labels.queue }}",
    "no-worker.md",
    inhibited_by=("G6MetricsDown", "G6RedisDown", "G6HeartbeatLost", "G6CycleStalled"),
)
WORKER_DOWN = AlertingRule(
    "G6WorkerDown",
    f"max by (worker) ({WORKER_UP}) == 0",
    "1m",
    Urgency.TICKET,
    "worker {{ $labels.worker }} does not answer",
    "Its queues have fewer workers, or none.",
    "g6 ps",
    "no-worker.md",
    inhibited_by=("G6MetricsDown", "G6RedisDown", "G6HeartbeatLost"),
)
BEAT_DOWN = AlertingRule(
    "G6BeatDown",
    # Heartbeats tell it, and a beat asks for them: without another that lives nothing is told, and
    # G6HeartbeatLost fires.
    f"max by (beat) ({BEAT_UP}) == 0",
    "1m",
    Urgency.TICKET,
    "{{ $labels.beat }} gives no sign of life, and another beat sends the cycles",
    "Nothing is lost yet. No cycle is sent any more when the other beat dies too.",
    "g6 ps; celery -A g6 beat",
    "no-beat.md",
    inhibited_by=("G6MetricsDown", "G6RedisDown", "G6HeartbeatLost"),
)
SINK_FAILING = AlertingRule(
    "G6SinkFailing",
    f"sum by (sink, reason) (increase({WRITE_ERRORS_TOTAL}[2m])) > 0",
    "30s",
    Urgency.PAGE,
    "sink {{ $labels.sink }} refuses rows: {{ $labels.reason }}",
    "Rows are not stored until it takes them again.",
    "g6 data size; df -h",
    "disk-full.md",
)
SINK_AWAY = AlertingRule(
    "G6SinkAway",
    f"max by (sink) ({SINK_WAITING_SECONDS}) > 60",
    "30s",
    Urgency.TICKET,
    "points have waited for {{ $labels.sink }} for {{ $value | humanizeDuration }}",
    "Dashboards that read it show no newer cycles. Nothing is lost.",
    "g6 influx status",
    "sink-away.md",
    needs="influx",
    inhibited_by=("G6MetricsDown",),
)
DISK_LOW = AlertingRule(
    "G6DiskLow",
    f"{DISK_FREE_BYTES} < 64e6",
    "1m",
    Urgency.PAGE,
    "the disk of the data directory has {{ $value | humanize1024 }}B left",
    "A day may take more. When it is full, rows are not stored.",
    "g6 data size; g6 data compact; g6 retention plan --keep-days 90",
    "disk-full.md",
    inhibited_by=("G6SinkFailing",),
)
CLOCK_SKEW = AlertingRule(
    "G6ClockSkew",
    f"abs({CLOCK_SKEW_SECONDS}) > 0.2",
    "1m",
    Urgency.TICKET,
    "the clock of {{ $labels.host }} differs by {{ $value }} s from Redis'",
    "Its cycles begin early or expire.",
    "timedatectl set-ntp true",
    "expired.md",
)
MEMORY_PRESSURE = AlertingRule(
    "G6MemoryPressureCritical",
    f"max({MEMORY_PRESSURE_LEVEL}) >= 3",
    "1m",
    Urgency.PAGE,
    "workers fill their memory: strikes are left out (level {{ $value }})",
    "Strikes far from the money are not collected; at level 4 only the nearest expiry is.",
    "g6 ps; g6 status --json",
    "memory-pressure.md",
)
PANELS_INTEGRITY = AlertingRule(
    "G6PanelsIntegrity",
    f"{PANELS_INTEGRITY_OK} == 0",
    "0s",
    Urgency.TICKET,
    "a panel file is not as the manifest says",
    "A reader of the files sees something that G6 did not write.",
    "g6 panels verify",
    "panels-integrity.md",
)


_WORSE = {
    "G6BusDropRateElevated": ("G6BusDropRateCritical",),
    "G6BusPublishLatencyHigh": ("G6BusPublishLatencyCritical",),
    "G6BusQueueSaturationHigh": ("G6BusQueueSaturationCritical",),
    "G6BusSubscriberLagHigh": ("G6BusQueueSaturationHigh", "G6BusQueueSaturationCritical"),
}
"""The alerts that silence another, since they say the same and more."""
_KEPT = {
    # The lesser one's limit is passed for longer: its ticket came after the page was over.
    "G6BusDropRateCritical": "5m",
    "G6BusPublishLatencyCritical": "5m",
    "G6BusQueueSaturationHigh": "1m",
    "G6BusQueueSaturationCritical": "1m",
}


def _bus(id: str, expression: str, hold: str, urgency: Urgency, summary: str) -> AlertingRule:
    """Return an alert of the bus."""
    return AlertingRule(
        id,
        expression,
        hold,
        urgency,
        summary,
        "Totals and screens lack what was dropped or come late.",
        "g6 status --json; g6 ps",
        "bus.md",
        inhibited_by=_WORSE.get(id, ()),
        keep=_KEPT.get(id, ""),
    )


_DROPS = f"sum by (bus) (rate({BUS_EVENTS_DROPPED_TOTAL}[5m]))"
BUS_DROPS = _bus(
    "G6BusDropRateElevated",
    f"{_DROPS} > 5",
    "10m",
    Urgency.TICKET,
    "{{ $value }} events a second are dropped before they are counted",
)
BUS_DROPS_CRITICAL = _bus(
    "G6BusDropRateCritical",
    f"{_DROPS} > 20",
    "5m",
    Urgency.PAGE,
    "{{ $value }} events a second are dropped before they are counted",
)
BUS_SLOW = _bus(
    "G6BusPublishLatencyHigh",
    f"{BUS_PUBLISH_P95} > 10 {IN_SESSION}",
    "5m",
    Urgency.TICKET,
    "publishing an event takes {{ $value }} ms (p95)",
)
BUS_SLOW_CRITICAL = _bus(
    "G6BusPublishLatencyCritical",
    f"{BUS_PUBLISH_P95} > 25 {IN_SESSION}",
    "5m",
    Urgency.PAGE,
    "publishing an event takes {{ $value }} ms (p95)",
)
BUS_LAG = _bus(
    "G6BusSubscriberLagHigh",
    f"max by (subscriber) ({BUS_SUBSCRIBER_LAG_EVENTS}) > 5000",
    "15m",
    Urgency.TICKET,
    "{{ $labels.subscriber }} is {{ $value }} events behind",
)
BUS_SATURATED = _bus(
    "G6BusQueueSaturationHigh",
    f"max by (subscriber) ({BUS_SUBSCRIBER_LAG_EVENTS}) > {_LIMIT} * 0.9",
    "1m",
    Urgency.TICKET,
    "{{ $labels.subscriber }} has {{ $value }} events to read, and the bus is about to drop them",
)
BUS_SATURATED_CRITICAL = _bus(
    "G6BusQueueSaturationCritical",
    f"max by (subscriber) ({BUS_SUBSCRIBER_LAG_EVENTS}) > {_LIMIT} * 0.97",
    # A g6 serve that was away reads a full bus in some ten seconds.
    "15s",
    Urgency.PAGE,
    "{{ $labels.subscriber }} has {{ $value }} events to read, and the bus drops them",
)
BUS_THROTTLED = _bus(
    "G6BusThrottled",
    f"sum by (bus) (rate({BUS_THROTTLED_TOTAL}[5m])) > 0.1",
    "5m",
    Urgency.TICKET,
    "publishers wait for subscribers: {{ $value }} events a second",
)

ALERTS = (
    WATCHDOG,
    SCRAPE_DOWN,
    REDIS_DOWN,
    HEARTBEAT_LOST,
    QUEUE_BACKLOG,
    WORKER_DOWN,
    BEAT_DOWN,
    SINK_FAILING,
    SINK_AWAY,
    DISK_LOW,
    CLOCK_SKEW,
    MEMORY_PRESSURE,
    PANELS_INTEGRITY,
    BUS_DROPS,
    BUS_DROPS_CRITICAL,
    BUS_SLOW,
    BUS_SLOW_CRITICAL,
    BUS_LAG,
    BUS_SATURATED,
    BUS_SATURATED_CRITICAL,
    BUS_THROTTLED,
)
