"""Dashboards of collection and of one index."""

from g6.observability.catalogue.dashboard import (
    OF_INDEX,
    Dashboard,
    DashboardPanel,
    PanelQuery,
    newest,
    quantile,
    rate,
    select,
)
from g6.observability.catalogue.families.cycle_families import (
    CYCLE_DURATION_SECONDS,
    CYCLE_SKIPPED_TOTAL,
    CYCLE_START_LATENESS_SECONDS,
    CYCLES_TOTAL,
    OLDEST_OPEN_UNIT_AGE_SECONDS,
    STAGE_DURATION_SECONDS,
    UNITS_TOTAL,
)
from g6.observability.catalogue.families.option_families import (
    DATA_STALENESS_SECONDS,
    EXPIRY_MISSING_MASK,
    INDEX_ATM_IV,
    INDEX_ATM_STRIKE,
    INDEX_OPTIONS_PROCESSED,
    INDEX_OPTIONS_PROCESSED_TOTAL,
    INDEX_PCR,
    INDEX_SPOT,
)
from g6.observability.catalogue.families.provider_families import QUOTE_SOURCE_TOTAL
from g6.observability.catalogue.families.quality_families import (
    COVERAGE_RATIO,
    DATA_GAPS_TOTAL,
    QUOTES_REJECTED_TOTAL,
)
from g6.observability.catalogue.rules import CYCLE_MEAN, CYCLE_USUAL

_ONE = (OF_INDEX,)

COLLECTION = Dashboard(
    "g6-collection",
    "G6: collection",
    "Cycles, their stages and what they cost.",
    (
        DashboardPanel(
            "Cycles by how they ended",
            "Cycles a second, by status.",
            "cps",
            (rate(CYCLES_TOTAL, "status"),),
        ),
        DashboardPanel(
            "Cycle duration",
            "Wall seconds from a cycle's instant to its panels in Redis.",
            "s",
            tuple(quantile(CYCLE_DURATION_SECONDS, share) for share in (0.5, 0.95, 0.99)),
        ),
        DashboardPanel(
            "Cycle duration beside the usual",
            "Mean of five minutes, and what it usually is: G6CycleSlower tells of twice that.",
            "s",
            (PanelQuery(str(CYCLE_MEAN), "mean"), PanelQuery(str(CYCLE_USUAL), "usual")),
        ),
        DashboardPanel(
            "Start lateness",
            "Wall seconds from a cycle's instant to its first stage running.",
            "s",
            tuple(quantile(CYCLE_START_LATENESS_SECONDS, share) for share in (0.5, 0.95)),
        ),
        DashboardPanel(
            "Stage duration, p95",
            "Run time of one stage of one unit.",
            "s",
            (quantile(STAGE_DURATION_SECONDS, 0.95, "stage"),),
        ),
        DashboardPanel(
            "Units by status and index",
            "Units a second, by index and status.",
            "cps",
            (rate(UNITS_TOTAL, "index", "status"),),
        ),
        DashboardPanel(
            "Units skipped, by reason",
            "Units that were never begun.",
            "cps",
            (rate(CYCLE_SKIPPED_TOTAL, "reason"),),
        ),
        DashboardPanel(
            "Age of the oldest open unit",
            "Wall seconds since the oldest unit that is still open fell due.",
            "s",
            (PanelQuery(f"max({select(OLDEST_OPEN_UNIT_AGE_SECONDS)})", "age"),),
        ),
        DashboardPanel(
            "Options a second",
            "Options with a quote, by index.",
            "cps",
            (rate(INDEX_OPTIONS_PROCESSED_TOTAL, "index"),),
        ),
        DashboardPanel(
            "Gaps opened, by reason",
            "Gaps a second, by reason.",
            "cps",
            (rate(DATA_GAPS_TOTAL, "reason"),),
        ),
        DashboardPanel(
            "Cycle durations as a heat map",
            "Cycles a second by how long they took.",
            "s",
            (
                PanelQuery(
                    f"sum by (le) (rate({select(CYCLE_DURATION_SECONDS, part='bucket')}"
                    "[$__rate_interval]))",
                    "{{le}}",
                ),
            ),
            kind="heatmap",
            width=24,
        ),
    ),
)

INDEX = Dashboard(
    "g6-index",
    "G6: index detail",
    "One index: price, ratios, coverage and quality.",
    (
        DashboardPanel(
            "Spot and strike at the money",
            "Last price of the index, and the strike at the money of the nearest expiry.",
            "short",
            (
                newest(INDEX_SPOT, "index", matchers=_ONE),
                PanelQuery(
                    f"max by (index) ({select(INDEX_ATM_STRIKE, OF_INDEX)})", "{{index}} ATM"
                ),
            ),
            width=24,
        ),
        DashboardPanel(
            "Put over call open interest",
            "PCR of the whole chain, by bucket.",
            "short",
            (newest(INDEX_PCR, "index", "bucket", matchers=_ONE),),
        ),
        DashboardPanel(
            "Volatility at the money",
            "Implied volatility at the money, per square root of a year.",
            "percentunit",
            (newest(INDEX_ATM_IV, "index", "bucket", matchers=_ONE),),
        ),
        DashboardPanel(
            "Options with a quote",
            "Options with a quote in the newest cycle.",
            "short",
            (newest(INDEX_OPTIONS_PROCESSED, "index", matchers=_ONE),),
        ),
        DashboardPanel(
            "Coverage",
            "Strikes that came over strikes asked for.",
            "percentunit",
            (newest(COVERAGE_RATIO, "index", "bucket", matchers=_ONE),),
        ),
        DashboardPanel(
            "Age of the newest data",
            "How far the newest cycle is ahead of the newest data, in market time.",
            "s",
            (newest(DATA_STALENESS_SECONDS, "index", matchers=_ONE),),
        ),
        DashboardPanel(
            "Quality flags",
            "Options a second whose quote carries a flag.",
            "cps",
            (rate(QUOTES_REJECTED_TOTAL, "index", "reason", matchers=_ONE),),
        ),
        DashboardPanel(
            "Sources of quotes",
            "Options a second, by where their quote came from.",
            "cps",
            (rate(QUOTE_SOURCE_TOTAL, "index", "source", matchers=_ONE),),
        ),
        DashboardPanel(
            "Buckets missing",
            "Bits: 1 this_week, 2 next_week, 4 this_month, 8 next_month.",
            "short",
            (newest(EXPIRY_MISSING_MASK, "index", matchers=_ONE),),
            kind="state-timeline",
        ),
    ),
    has_index=True,
)
