"""Dashboards of storage, workers, the bus and the panel files."""

from g6.observability.catalogue.dashboard import (
    Dashboard,
    DashboardPanel,
    PanelQuery,
    newest,
    quantile,
    rate,
    select,
)
from g6.observability.catalogue.families.storage_families import (
    BYTES_WRITTEN_TOTAL,
    DAMAGED_LINES_ASIDE_TOTAL,
    DISK_FREE_BYTES,
    PANELS_INTEGRITY_CHECKS_TOTAL,
    PANELS_INTEGRITY_FAILURES_TOTAL,
    PANELS_INTEGRITY_LAST_ELAPSED_SECONDS,
    PANELS_INTEGRITY_LAST_SUCCESS_AGE_SECONDS,
    PANELS_INTEGRITY_MISMATCHES_TOTAL,
    PANELS_INTEGRITY_OK,
    ROWS_WRITTEN_TOTAL,
    STORAGE_BYTES,
    TORN_LINES_REPAIRED_TOTAL,
    WRITE_ERRORS_TOTAL,
    WRITE_SECONDS,
)
from g6.observability.catalogue.families.worker_families import (
    BEAT_UP,
    BUS_EVENTS_DROPPED_TOTAL,
    BUS_EVENTS_PUBLISHED_TOTAL,
    BUS_FILTERED_TOTAL,
    BUS_PUBLISH_LATENCY_MS,
    BUS_QUEUE_RETAINED_EVENTS,
    BUS_SUBSCRIBER_LAG_EVENTS,
    BUS_THROTTLED_TOTAL,
    CLOCK_SKEW_SECONDS,
    MEMORY_PRESSURE_LEVEL,
    MEMORY_PRESSURE_SHARE,
    PROCESS_CPU_RATIO,
    PROCESS_RESIDENT_BYTES,
    QUEUE_LENGTH,
    QUEUE_OLDEST_MESSAGE_AGE_SECONDS,
    QUEUE_WAIT_SECONDS,
    TASK_FAILURES_TOTAL,
    WORKER_UP,
)

_BYTES = f"sum by (sink) (rate({select(BYTES_WRITTEN_TOTAL)}[$__rate_interval]))"
_ROWS = f"sum by (sink) (rate({select(ROWS_WRITTEN_TOTAL)}[$__rate_interval]))"

STORAGE = Dashboard(
    "g6-storage",
    "G6: storage",
    "What is written, what it costs and what is left of the disk.",
    (
        DashboardPanel(
            "Rows written",
            "Rows a second, by sink. A row written again counts again.",
            "wps",
            (rate(ROWS_WRITTEN_TOTAL, "sink"),),
        ),
        DashboardPanel(
            "Bytes written",
            "Bytes a second, as the sink stores them.",
            "Bps",
            (rate(BYTES_WRITTEN_TOTAL, "sink"),),
        ),
        DashboardPanel(
            "Bytes a row",
            "Bytes written over rows written, by sink.",
            "bytes",
            (PanelQuery(f"{_BYTES} / {_ROWS}", "{{sink}}"),),
        ),
        DashboardPanel(
            "Time of a write",
            "Time of one write.",
            "s",
            (quantile(WRITE_SECONDS, 0.5), quantile(WRITE_SECONDS, 0.95)),
        ),
        DashboardPanel(
            "Writes refused",
            "Writes a second that a sink refused, by sink and reason.",
            "wps",
            (rate(WRITE_ERRORS_TOTAL, "sink", "reason"),),
        ),
        DashboardPanel(
            "Lines mended",
            "Half lines mended, and damaged lines set aside, a second.",
            "cps",
            (
                PanelQuery(
                    f"sum(rate({select(TORN_LINES_REPAIRED_TOTAL)}[$__rate_interval]))", "mended"
                ),
                PanelQuery(
                    f"sum(rate({select(DAMAGED_LINES_ASIDE_TOTAL)}[$__rate_interval]))",
                    "set aside",
                ),
            ),
        ),
        DashboardPanel(
            "Bytes stored",
            "By kind; looked at every quarter hour.",
            "bytes",
            (newest(STORAGE_BYTES, "kind"),),
        ),
        DashboardPanel(
            "Room left",
            "Where the data directory is.",
            "bytes",
            (PanelQuery(f"min({select(DISK_FREE_BYTES)})", "free"),),
        ),
    ),
)

WORKERS = Dashboard(
    "g6-workers",
    "G6: workers and queues",
    "Queues, workers, memory and clocks.",
    (
        DashboardPanel(
            "Messages waiting",
            "By queue.",
            "short",
            (newest(QUEUE_LENGTH, "queue"),),
        ),
        DashboardPanel(
            "Age of the oldest message",
            "Wall seconds since the oldest waiting message was sent, by queue.",
            "s",
            (newest(QUEUE_OLDEST_MESSAGE_AGE_SECONDS, "queue"),),
        ),
        DashboardPanel(
            "Waiting for a worker, p95",
            "From being sent to being run, by queue.",
            "s",
            (quantile(QUEUE_WAIT_SECONDS, 0.95, "queue"),),
        ),
        DashboardPanel(
            "Time to empty a backlog",
            "Messages waiting over messages run a second, by queue.",
            "s",
            (
                PanelQuery(
                    f"max by (queue) ({select(QUEUE_LENGTH)}) / on (queue) "
                    f"sum by (queue) (rate({select(QUEUE_WAIT_SECONDS, part='count')}"
                    "[$__rate_interval]))",
                    "{{queue}}",
                ),
            ),
        ),
        DashboardPanel(
            "Workers",
            "1 while the worker, or the beat, answers.",
            "bool",
            (newest(WORKER_UP, "worker"), newest(BEAT_UP, "beat")),
            kind="state-timeline",
        ),
        DashboardPanel(
            "Memory",
            "Memory of a worker and its children, shared pages by their share.",
            "bytes",
            (newest(PROCESS_RESIDENT_BYTES, "worker"),),
        ),
        DashboardPanel(
            "Memory pressure",
            "Memory of the workers over what they may take, and the level of what is cut back.",
            "short",
            (
                PanelQuery(f"max({select(MEMORY_PRESSURE_SHARE)})", "share"),
                PanelQuery(f"max({select(MEMORY_PRESSURE_LEVEL)})", "level"),
            ),
        ),
        DashboardPanel(
            "Processor",
            "Cores that a worker and its children use.",
            "short",
            (newest(PROCESS_CPU_RATIO, "worker"),),
        ),
        DashboardPanel(
            "Stages that failed",
            "Stages a second that ended their unit as MISSING, by reason.",
            "cps",
            (rate(TASK_FAILURES_TOTAL, "task", "reason"),),
        ),
        DashboardPanel(
            "Clocks",
            "Host's clock less Redis'.",
            "s",
            (newest(CLOCK_SKEW_SECONDS, "host"),),
        ),
    ),
)

BUS = Dashboard(
    "g6-bus",
    "G6: bus",
    "Events: published, dropped, waiting and late.",
    (
        DashboardPanel(
            "Events published",
            "Events a second.",
            "cps",
            (rate(BUS_EVENTS_PUBLISHED_TOTAL, "bus"),),
        ),
        DashboardPanel(
            "Events dropped",
            "Events a second that were trimmed unread or could not be read.",
            "cps",
            (rate(BUS_EVENTS_DROPPED_TOTAL, "bus", "reason"),),
        ),
        DashboardPanel(
            "Events held",
            "Events that the stream holds.",
            "short",
            (newest(BUS_QUEUE_RETAINED_EVENTS, "bus"),),
        ),
        DashboardPanel(
            "Readers furthest behind",
            "Events published and not yet read, the five largest.",
            "short",
            (
                PanelQuery(
                    f"topk(5, max by (subscriber) ({select(BUS_SUBSCRIBER_LAG_EVENTS)}))",
                    "{{subscriber}}",
                ),
            ),
        ),
        DashboardPanel(
            "Events passed by and publishers held",
            "Events a second that a subscriber takes none of, and events whose publisher waited.",
            "cps",
            (
                rate(BUS_FILTERED_TOTAL, "subscriber"),
                PanelQuery(
                    f"sum(rate({select(BUS_THROTTLED_TOTAL)}[$__rate_interval]))", "throttled"
                ),
            ),
        ),
        DashboardPanel(
            "Publish latency",
            "From the publisher's stamp to the server's append.",
            "ms",
            (quantile(BUS_PUBLISH_LATENCY_MS, 0.5), quantile(BUS_PUBLISH_LATENCY_MS, 0.95)),
        ),
        DashboardPanel(
            "Publish latency as a heat map",
            "Events a second by how long the append took.",
            "ms",
            (
                PanelQuery(
                    f"sum by (le) (rate({select(BUS_PUBLISH_LATENCY_MS, part='bucket')}"
                    "[$__rate_interval]))",
                    "{{le}}",
                ),
            ),
            kind="heatmap",
        ),
    ),
)

PANELS = Dashboard(
    "g6-panels",
    "G6: panels integrity",
    "Whether panel files are as the manifest says.",
    (
        DashboardPanel(
            "Sound",
            "1 when the last check found every panel as the manifest says.",
            "bool",
            (PanelQuery(f"min({select(PANELS_INTEGRITY_OK)})", "sound"),),
            kind="stat",
        ),
        DashboardPanel(
            "Since the last sound check",
            "Time since the last check that found nothing.",
            "s",
            (PanelQuery(f"max({select(PANELS_INTEGRITY_LAST_SUCCESS_AGE_SECONDS)})", "age"),),
            kind="stat",
        ),
        DashboardPanel(
            "Mismatches",
            "Panels a second that were not as the manifest says.",
            "cps",
            (
                PanelQuery(
                    f"sum(rate({select(PANELS_INTEGRITY_MISMATCHES_TOTAL)}[$__rate_interval]))",
                    "panels",
                ),
            ),
        ),
        DashboardPanel(
            "Checks",
            "Checks a second, and checks that could not run.",
            "cps",
            (
                PanelQuery(
                    f"sum(rate({select(PANELS_INTEGRITY_CHECKS_TOTAL)}[$__rate_interval]))", "run"
                ),
                PanelQuery(
                    f"sum(rate({select(PANELS_INTEGRITY_FAILURES_TOTAL)}[$__rate_interval]))",
                    "could not run",
                ),
            ),
        ),
        DashboardPanel(
            "Time of a check",
            "Time that the last check took.",
            "s",
            (PanelQuery(f"max({select(PANELS_INTEGRITY_LAST_ELAPSED_SECONDS)})", "elapsed"),),
        ),
    ),
)
