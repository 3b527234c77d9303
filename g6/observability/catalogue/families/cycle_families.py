"""Cycles and units: how they ended, when and how fast."""

from g6.observability.catalogue.family import SECONDS, Family

CYCLES_TOTAL = Family(
    "cycle",
    "g6_cycles_total",
    "counter",
    ("status",),
    "cycles",
    "cycle.report",
    "Cycles closed, by how they ended; a rerun is not counted again.",
)
CYCLE_DURATION_SECONDS = Family(
    "cycle",
    "g6_cycle_duration_seconds",
    "histogram",
    (),
    "seconds",
    "cycle.report",
    "From the cycle's instant to overview and panels in Redis, wall time.",
    buckets=(0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0),
)
CYCLE_START_LATENESS_SECONDS = Family(
    "cycle",
    "g6_cycle_start_lateness_seconds",
    "histogram",
    (),
    "seconds",
    "cycle.report",
    "From the cycle's instant to its first stage running, wall time.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0),
)
STAGE_DURATION_SECONDS = Family(
    "cycle",
    "g6_stage_duration_seconds",
    "histogram",
    ("stage", "index"),
    "seconds",
    "unit.report",
    "Run time of one stage of one unit; stages of a whole cycle have index all.",
    buckets=SECONDS,
)
LAST_SUCCESS_CYCLE_UNIXTIME = Family(
    "cycle",
    "g6_last_success_cycle_unixtime",
    "gauge",
    (),
    "seconds",
    "cycle.report",
    "Wall time at which the last cycle closed in which an index was analysed; 0 before the first.",
)
CYCLE_SKIPPED_TOTAL = Family(
    "cycle",
    "g6_cycle_skipped_total",
    "counter",
    ("index", "reason=cause"),
    "units",
    "cycle.report",
    "Units that were never begun, by reason.",
)
MARKET_OPEN = Family(
    "cycle",
    "g6_market_open",
    "gauge",
    ("exchange",),
    "boolean",
    "heartbeat",
    "1 while the exchange is in session.",
    # A 0 before the first heartbeat held every alert back for the three minutes after a start.
    primed=False,
)
UNITS_TOTAL = Family(
    "cycle",
    "g6_units_total",
    "counter",
    ("index", "status"),
    "units",
    "cycle.report",
    "Units of closed cycles, by how they ended; a rerun is not counted again.",
)
CYCLE_STEP_SECONDS = Family(
    "cycle",
    "g6_cycle_step_seconds",
    "gauge",
    (),
    "seconds",
    "heartbeat",
    "Wall seconds from one cycle to the next, as the running system has them.",
    primed=False,
)
MARKET_PACE = Family(
    "cycle",
    "g6_market_pace",
    "gauge",
    (),
    "ratio",
    "heartbeat",
    "Market seconds in a wall second: 1 live, and in a simulation at the market's own pace.",
    primed=False,
)
NEWEST_CYCLE_UNIXTIME = Family(
    "cycle",
    "g6_newest_cycle_unixtime",
    "gauge",
    (),
    "seconds",
    "cycle.report",
    "Instant of the newest closed cycle, market time.",
    primed=False,
)
OLDEST_OPEN_UNIT_AGE_SECONDS = Family(
    "cycle",
    "g6_oldest_open_unit_age_seconds",
    "gauge",
    (),
    "seconds",
    "heartbeat",
    "Wall seconds since the oldest unit that is still open fell due; 0 when none is open.",
)
LOST_UNIT_UNIXTIME = Family(
    "cycle",
    "g6_lost_unit_unixtime",
    "gauge",
    ("index", "reason=cause"),
    "seconds",
    "cycle.report",
    "Instant of the newest cycle in which the index did not end OK, by reason, market time.",
    primed=False,
)
UNIT_STATE = Family(
    "cycle",
    "g6_unit_state",
    "gauge",
    ("index", "status"),
    "boolean",
    "cycle.report",
    "1 for how the index ended in the newest closed cycle.",
)
INDEX_LAST_SUCCESS_UNIXTIME = Family(
    "cycle",
    "g6_index_last_success_unixtime",
    "gauge",
    ("index",),
    "seconds",
    "cycle.report",
    "Wall time at which the last cycle closed in which the index has a chain, or was paused by a "
    "person; 0 before the first.",
)

FAMILIES = (
    CYCLES_TOTAL,
    CYCLE_DURATION_SECONDS,
    CYCLE_START_LATENESS_SECONDS,
    STAGE_DURATION_SECONDS,
    LAST_SUCCESS_CYCLE_UNIXTIME,
    CYCLE_SKIPPED_TOTAL,
    MARKET_OPEN,
    UNITS_TOTAL,
    CYCLE_STEP_SECONDS,
    MARKET_PACE,
    NEWEST_CYCLE_UNIXTIME,
    OLDEST_OPEN_UNIT_AGE_SECONDS,
    LOST_UNIT_UNIXTIME,
    UNIT_STATE,
    INDEX_LAST_SUCCESS_UNIXTIME,
)
