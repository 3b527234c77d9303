"""What is written, panels and configurations."""

from g6.observability.catalogue.family import SECONDS, Family

ROWS_WRITTEN_TOTAL = Family(
    "storage",
    "g6_rows_written_total",
    "counter",
    ("sink", "index"),
    "rows",
    "unit.report persist, publish",
    "Rows written; a row written again counts again.",
)
BYTES_WRITTEN_TOTAL = Family(
    "storage",
    "g6_bytes_written_total",
    "counter",
    ("sink",),
    "bytes",
    "unit.report persist, publish",
    "Bytes written, as the sink stores them.",
)
WRITE_ERRORS_TOTAL = Family(
    "storage",
    "g6_write_errors_total",
    "counter",
    ("sink", "reason=write_reason"),
    "writes",
    "unit.report persist, publish, store.refused",
    "Writes that a sink refused, every try counted.",
)
WRITE_SECONDS = Family(
    "storage",
    "g6_write_seconds",
    "histogram",
    ("sink",),
    "seconds",
    "unit.report persist, publish",
    "Time of one write.",
    buckets=SECONDS,
)
TORN_LINES_REPAIRED_TOTAL = Family(
    "storage",
    "g6_torn_lines_repaired_total",
    "counter",
    ("index",),
    "lines",
    "unit.report persist, publish",
    "Half lines that a power cut left, mended by the next write.",
)
DAMAGED_LINES_ASIDE_TOTAL = Family(
    "storage",
    "g6_damaged_lines_aside_total",
    "counter",
    ("index",),
    "lines",
    "unit.report persist, publish",
    "Damaged lines that a write found in a CSV file and moved to the file beside it.",
)
SINK_BACKLOG_POINTS = Family(
    "storage",
    "g6_sink_backlog_points",
    "gauge",
    ("sink",),
    "points",
    "heartbeat, sink.report",
    "Options that are analysed and not stored yet, and points that a server has not taken.",
    primed=False,
)
SINK_UP = Family(
    "storage",
    "g6_sink_up",
    "gauge",
    ("sink",),
    "boolean",
    "sink.report",
    "1 when the server of time series took the last request.",
    primed=False,
)
SINK_WAITING_SECONDS = Family(
    "storage",
    "g6_sink_waiting_seconds",
    "gauge",
    ("sink",),
    "seconds",
    "sink.report",
    "How long the oldest unit has waited for the server of time series.",
    primed=False,
)
SINK_MISSED_SPANS = Family(
    "storage",
    "g6_sink_missed_spans",
    "gauge",
    ("sink",),
    "spans",
    "sink.report",
    "Spans of cycles that are still to be filled from the store.",
    primed=False,
)
SINK_POINTS_SENT_TOTAL = Family(
    "storage",
    "g6_sink_points_sent_total",
    "counter",
    ("sink",),
    "points",
    "sink.report",
    "Points that the server of time series took; a point sent again counts again.",
    primed=False,
)
SINK_REQUESTS_TOTAL = Family(
    "storage",
    "g6_sink_requests_total",
    "counter",
    ("sink",),
    "requests",
    "sink.report",
    "Requests that the server of time series took, at most one for each unit.",
    primed=False,
)
STORAGE_BYTES = Family(
    "storage",
    "g6_storage_bytes",
    "gauge",
    ("kind",),
    "bytes",
    "storage.sizes",
    "Bytes stored, by kind; looked at every quarter hour.",
    primed=False,
)
DISK_FREE_BYTES = Family(
    "storage",
    "g6_disk_free_bytes",
    "gauge",
    (),
    "bytes",
    "heartbeat",
    "Room left where the data directory is.",
    primed=False,
)
PANELS_INTEGRITY_OK = Family(
    "panels",
    "g6_panels_integrity_ok",
    "gauge",
    (),
    "boolean",
    "panels.verify",
    "1 when the last check found every panel as the manifest says.",
    primed=False,
)
PANELS_INTEGRITY_MISMATCHES_TOTAL = Family(
    "panels",
    "g6_panels_integrity_mismatches_total",
    "counter",
    (),
    "panels",
    "panels.verify",
    "Panels that were not as the manifest says.",
)
PANELS_INTEGRITY_CHECKS_TOTAL = Family(
    "panels",
    "g6_panels_integrity_checks_total",
    "counter",
    (),
    "checks",
    "panels.verify",
    "Checks run.",
)
PANELS_INTEGRITY_FAILURES_TOTAL = Family(
    "panels",
    "g6_panels_integrity_failures_total",
    "counter",
    (),
    "checks",
    "panels.verify",
    "Checks that could not run.",
)
PANELS_INTEGRITY_LAST_ELAPSED_SECONDS = Family(
    "panels",
    "g6_panels_integrity_last_elapsed_seconds",
    "gauge",
    (),
    "seconds",
    "panels.verify",
    "Time the last check took.",
    primed=False,
)
PANELS_INTEGRITY_LAST_GAP_SECONDS = Family(
    "panels",
    "g6_panels_integrity_last_gap_seconds",
    "gauge",
    (),
    "seconds",
    "panels.verify",
    "Time between the last two checks.",
    shown="lap",
    primed=False,
)
PANELS_INTEGRITY_LAST_SUCCESS_AGE_SECONDS = Family(
    "panels",
    "g6_panels_integrity_last_success_age_seconds",
    "gauge",
    (),
    "seconds",
    "panels.verify",
    "Time since the last check that found nothing.",
    shown="age",
    primed=False,
)
CONFIG_DEPRECATED_KEYS_TOTAL = Family(
    "configuration",
    "g6_config_deprecated_keys_total",
    "counter",
    ("key",),
    "refusals",
    "alert",
    "Configurations that were refused for a retired setting, by setting.",
)

FAMILIES = (
    ROWS_WRITTEN_TOTAL,
    BYTES_WRITTEN_TOTAL,
    WRITE_ERRORS_TOTAL,
    WRITE_SECONDS,
    TORN_LINES_REPAIRED_TOTAL,
    DAMAGED_LINES_ASIDE_TOTAL,
    SINK_BACKLOG_POINTS,
    SINK_UP,
    SINK_WAITING_SECONDS,
    SINK_MISSED_SPANS,
    SINK_POINTS_SENT_TOTAL,
    SINK_REQUESTS_TOTAL,
    STORAGE_BYTES,
    DISK_FREE_BYTES,
    PANELS_INTEGRITY_OK,
    PANELS_INTEGRITY_MISMATCHES_TOTAL,
    PANELS_INTEGRITY_CHECKS_TOTAL,
    PANELS_INTEGRITY_FAILURES_TOTAL,
    PANELS_INTEGRITY_LAST_ELAPSED_SECONDS,
    PANELS_INTEGRITY_LAST_GAP_SECONDS,
    PANELS_INTEGRITY_LAST_SUCCESS_AGE_SECONDS,
    CONFIG_DEPRECATED_KEYS_TOTAL,
)
