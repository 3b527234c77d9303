"""What the work costs: bytes, processor time and events, and how long a backlog would take."""

from g6.observability.catalogue.dashboard import (
    Dashboard,
    DashboardPanel,
    PanelQuery,
    newest,
    select,
)
from g6.observability.catalogue.families.cycle_families import CYCLES_TOTAL
from g6.observability.catalogue.families.option_families import INDEX_OPTIONS_PROCESSED_TOTAL
from g6.observability.catalogue.families.storage_families import (
    BYTES_WRITTEN_TOTAL,
    ROWS_WRITTEN_TOTAL,
    SINK_BACKLOG_POINTS,
    WRITE_SECONDS,
)
from g6.observability.catalogue.families.worker_families import (
    BUS_EVENTS_PUBLISHED_TOTAL,
    PROCESS_CPU_RATIO,
    QUEUE_LENGTH,
    QUEUE_WAIT_SECONDS,
)


def _rate(series: str, by: str = "") -> str:
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate({series}[$__rate_interval]))"


_BYTES = select(BYTES_WRITTEN_TOTAL)
_RUN = select(QUEUE_WAIT_SECONDS, part="count")

EFFICIENCY = Dashboard(
    "g6-efficiency",
    "G6: efficiency",
    "What a row, a write, an option and a cycle cost, and how long a backlog would take.",
    (
        DashboardPanel(
            "Bytes a row",
            "Bytes written over rows written, by sink.",
            "bytes",
            (
                PanelQuery(
                    f"{_rate(_BYTES, 'sink')} / {_rate(select(ROWS_WRITTEN_TOTAL), 'sink')}",
                    "{{sink}}",
                ),
            ),
        ),
        DashboardPanel(
            "Diff bytes a write",
            "Bytes by which one write changes the files of all sinks together."
            " What a file has already is not written, and counts as none.",
            "bytes",
            (
                PanelQuery(
                    f"{_rate(_BYTES)} / {_rate(select(WRITE_SECONDS, part='count'))}", "bytes"
                ),
            ),
        ),
        DashboardPanel(
            "Time to empty a backlog",
            "Messages waiting over messages run a second, by queue.",
            "s",
            (
                PanelQuery(
                    f"max by (queue) ({select(QUEUE_LENGTH)}) / on (queue) {_rate(_RUN, 'queue')}",
                    "{{queue}}",
                ),
            ),
        ),
        DashboardPanel(
            "Options not yet stored",
            "Options that are analysed and that the sink has not stored yet.",
            "short",
            (newest(SINK_BACKLOG_POINTS, "sink"),),
        ),
        DashboardPanel(
            "Processor time an option",
            "Processor time of all workers over options analysed.",
            "s",
            (
                PanelQuery(
                    f"sum({select(PROCESS_CPU_RATIO)})"
                    f" / {_rate(select(INDEX_OPTIONS_PROCESSED_TOTAL))}",
                    "an option",
                ),
            ),
        ),
        DashboardPanel(
            "Events a cycle",
            "Events published over cycles closed, heartbeats included.",
            "short",
            (
                PanelQuery(
                    f"{_rate(select(BUS_EVENTS_PUBLISHED_TOTAL))} / {_rate(select(CYCLES_TOTAL))}",
                    "a cycle",
                ),
            ),
        ),
    ),
)
