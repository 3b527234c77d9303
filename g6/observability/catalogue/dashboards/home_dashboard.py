"""The home dashboard: is it healthy, is it complete, is it late."""

from collections.abc import Mapping

from g6.observability.catalogue.dashboard import (
    Dashboard,
    DashboardPanel,
    PanelQuery,
    newest,
    quantile,
    select,
)
from g6.observability.catalogue.families.cycle_families import (
    CYCLE_DURATION_SECONDS,
    LAST_SUCCESS_CYCLE_UNIXTIME,
    MARKET_OPEN,
    UNITS_TOTAL,
)
from g6.observability.catalogue.families.option_families import DATA_STALENESS_SECONDS
from g6.observability.catalogue.families.quality_families import COVERAGE_RATIO
from g6.observability.catalogue.families.storage_families import DISK_FREE_BYTES
from g6.observability.catalogue.families.worker_families import QUEUE_LENGTH, WORKER_UP
from g6.observability.catalogue.rules import (
    DAY,
    ERROR_RATIOS,
    INDEX_AGE,
    OBJECTIVE,
    SLOW_RATIOS,
    STALE_RATIOS,
    STREAM_PROMPT,
    RecordingRule,
)

_DUE = f"sum by (index) (increase({select(UNITS_TOTAL)}[1h]))"
_OK_UNITS = select(UNITS_TOTAL, 'status="OK"')
_OK = f"sum by (index) (increase({_OK_UNITS}[1h]))"

_ALLOWED = f"{1 - OBJECTIVE:.4g}"


def _left(ratios: Mapping[str, RecordingRule]) -> str:
    """Return the query of what is left of a day's budget."""
    return f"clamp_min(1 - {ratios[DAY]} / {_ALLOWED}, -1)"


HOME = Dashboard(
    "g6-home",
    "G6: home",
    "Is it healthy, is it complete, is it late.",
    (
        DashboardPanel(
            "Market",
            "1 while the exchange is in session.",
            "bool",
            (newest(MARKET_OPEN, "exchange"),),
            kind="stat",
            width=4,
        ),
        DashboardPanel(
            "Since the last cycle",
            "Seconds since a cycle closed in which an index was analysed.",
            "s",
            (PanelQuery(f"time() - max({select(LAST_SUCCESS_CYCLE_UNIXTIME)})", "age"),),
            kind="stat",
            width=4,
        ),
        DashboardPanel(
            "Workers up",
            "Workers that answer.",
            "short",
            (PanelQuery(f"sum({select(WORKER_UP)})", "workers"),),
            kind="stat",
            width=4,
        ),
        DashboardPanel(
            "Messages waiting",
            "Messages in all queues.",
            "short",
            (PanelQuery(f"sum({select(QUEUE_LENGTH)})", "messages"),),
            kind="stat",
            width=4,
        ),
        DashboardPanel(
            "Disk",
            "Room left where the data directory is.",
            "bytes",
            (PanelQuery(f"min({select(DISK_FREE_BYTES)})", "free"),),
            kind="stat",
            width=4,
        ),
        DashboardPanel(
            "Alerts firing",
            "Alerts that fire now, by urgency. Watchdog, a note, fires always.",
            "short",
            (
                PanelQuery(
                    'count by (severity) (ALERTS{alertstate="firing"})',
                    "{{severity}}",
                ),
            ),
            kind="stat",
            width=4,
        ),
        DashboardPanel(
            "Complete: units that ended OK, last hour",
            "Share of the units of an index that were due and ended OK.",
            "percentunit",
            (PanelQuery(f"{_OK} / {_DUE}", "{{index}}"),),
            kind="bargauge",
        ),
        DashboardPanel(
            "Error budget burnt, times the allowed rate",
            f"At 1 the objective of {OBJECTIVE:.1%} is just met, over an hour: of units that end "
            "OK, and of the time in which the newest chain is fresh.",
            "short",
            (
                PanelQuery(f"{ERROR_RATIOS['1h']} / {_ALLOWED}", "{{index}} units"),
                PanelQuery(f"{STALE_RATIOS['1h']} / {_ALLOWED}", "{{index}} freshness"),
            ),
        ),
        DashboardPanel(
            "Error budget left, of the last day",
            f"1 is untouched, 0 is spent, -1 is twice as much or worse. {1 - OBJECTIVE:.1%} of the "
            "day's units may end otherwise than OK, and as much of the session may be without a "
            "fresh chain.",
            "percentunit",
            (
                PanelQuery(_left(ERROR_RATIOS), "{{index}} units"),
                PanelQuery(_left(STALE_RATIOS), "{{index}} freshness"),
            ),
            kind="bargauge",
        ),
        DashboardPanel(
            "Stream: error budget burnt and left",
            f"Of events that are to reach their listeners within {STREAM_PROMPT} s: burnt over an "
            "hour, times the allowed rate, and what is left of the last day.",
            "short",
            (
                PanelQuery(f"{SLOW_RATIOS['1h']} / {_ALLOWED}", "burnt"),
                PanelQuery(_left(SLOW_RATIOS), "left"),
            ),
            needs="stream",
        ),
        DashboardPanel(
            "Age of the newest chain",
            "Wall seconds since the index had a chain, in session. Two cycles are late.",
            "s",
            (PanelQuery(str(INDEX_AGE), "{{index}}"),),
        ),
        DashboardPanel(
            "Late: from the instant to the panels",
            "Wall seconds from a cycle's instant to its panels in Redis.",
            "s",
            (quantile(CYCLE_DURATION_SECONDS, 0.5), quantile(CYCLE_DURATION_SECONDS, 0.95)),
        ),
        DashboardPanel(
            "Units by how they ended",
            "Units a minute, by status.",
            "short",
            (
                PanelQuery(
                    f"60 * sum by (status) (rate({select(UNITS_TOTAL)}[$__rate_interval]))",
                    "{{status}}",
                ),
            ),
        ),
        DashboardPanel(
            "Age of the newest data",
            "How far the newest cycle is ahead of the newest data of the index, in market time.",
            "s",
            (newest(DATA_STALENESS_SECONDS, "index"),),
        ),
        DashboardPanel(
            "Coverage",
            "Strikes that came over strikes asked for, the worst bucket of each index.",
            "percentunit",
            (PanelQuery(f"min by (index) ({select(COVERAGE_RATIO)})", "{{index}}"),),
        ),
    ),
)
