"""Alerts of cycles and units: what is missing, late or in part."""

from g6.observability.catalogue.alerting import AlertingRule, Urgency
from g6.observability.catalogue.families.cycle_families import (
    CYCLE_SKIPPED_TOTAL,
    CYCLE_STEP_SECONDS,
    LAST_SUCCESS_CYCLE_UNIXTIME,
    MISSING_UNIT_UNIXTIME,
)
from g6.observability.catalogue.families.quality_families import COVERAGE_RATIO
from g6.observability.catalogue.rules import (
    ERROR_RATIOS,
    FATAL_RATIO,
    MARKET_IS_OPEN,
    MISSING_RATIO,
    OBJECTIVE,
    PARTIAL_RATIO,
)

IN_SESSION = f"and on () (min_over_time({MARKET_IS_OPEN}[3m]) == 1)"
"""Holds an alert back until the market has been open for three minutes.

At the open the last success is yesterday's: a rule that asked only whether the market is open
would page every morning.
"""

_NEWEST_SERIES = f"topk(1, {MISSING_UNIT_UNIXTIME}{{index='%s'}})"
NEWEST = (
    '{{ with printf "' + _NEWEST_SERIES + '" $labels.index | query }}'
    ", the newest {{ with first . }}{{ . | value | humanizeTimestamp }}"
    ' ({{ . | label "reason" }}){{ end }}{{ end }}'
)
"""Names the newest cycle of the index that ended MISSING, and the reason."""

CYCLE_STALLED = AlertingRule(
    "G6CycleStalled",
    f"time() - {LAST_SUCCESS_CYCLE_UNIXTIME} > clamp_min(3 * {CYCLE_STEP_SECONDS}, 30)"
    f" {IN_SESSION}",
    "0s",
    Urgency.PAGE,
    "no cycle has analysed anything for {{ $value | humanizeDuration }}",
    "Every index loses its quotes, which cannot be collected later.",
    "g6 status; g6 ps",
    "no-worker.md",
)
INDEX_MISSING = AlertingRule(
    "G6IndexMissing",
    f"{MISSING_RATIO} > 0.5 {IN_SESSION}",
    "30s",
    Urgency.PAGE,
    "{{ $labels.index }}: {{ $value | humanizePercentage }} of its units ended MISSING" + NEWEST,
    "This index loses its quotes, which cannot be collected later.",
    "g6 data gaps --index {{ $labels.index }}; g6 trace CYCLE",
    "index-missing.md",
    inhibited_by=("G6CycleStalled",),
)
CYCLE_PARTIAL = AlertingRule(
    "G6CyclePartial",
    f"{PARTIAL_RATIO} > 0.5 {IN_SESSION}",
    "2m",
    Urgency.TICKET,
    "{{ $labels.index }}: {{ $value | humanizePercentage }} of its units ended PARTIAL",
    "Strikes or expiries are missing from the stored chains of this index.",
    "g6 data gaps --index {{ $labels.index }}; g6 trace CYCLE",
    "partial.md",
)
CYCLE_OVERRUN = AlertingRule(
    "G6CycleOverrun",
    f'sum by (index) (increase({CYCLE_SKIPPED_TOTAL}{{reason="overrun"}}[5m])) > 1',
    "0s",
    Urgency.TICKET,
    "{{ $labels.index }}: a cycle was still under way when the next one was due",
    "The next cycle is skipped, so every second instant may be lost.",
    "g6 ps; g6 trace CYCLE shows which stage takes the time",
    "overrun.md",
)
COVERAGE_LOW = AlertingRule(
    "G6CoverageLow",
    f"{COVERAGE_RATIO} < 0.8 {IN_SESSION}",
    "5m",
    Urgency.TICKET,
    "{{ $labels.index }} {{ $labels.bucket }}: {{ $value | humanizePercentage }} of the strikes",
    "Figures over the whole chain (PCR, max pain, exposures) lack these strikes.",
    "g6 chain {{ $labels.index }}; g6 trace CYCLE",
    "partial.md",
    inhibited_by=("G6CyclePartial",),
)
FATAL_SPIKE = AlertingRule(
    "G6PipelineFatalSpike",
    f"{FATAL_RATIO} > 0.05",
    "10m",
    Urgency.TICKET,
    "{{ $value | humanizePercentage }} of the units of 15 minutes ended MISSING",
    "Instants of the day have no chain.",
    "g6 data gaps",
    "index-missing.md",
    inhibited_by=("G6IndexMissing", "G6CycleStalled"),
)
FATAL_SUSTAINED = AlertingRule(
    "G6PipelineFatalSustained",
    f"{FATAL_RATIO} > 0.10",
    "5m",
    Urgency.PAGE,
    "{{ $value | humanizePercentage }} of the units of 15 minutes ended MISSING",
    "More than one instant in ten has no chain.",
    "g6 data gaps",
    "index-missing.md",
    inhibited_by=("G6IndexMissing", "G6CycleStalled"),
)


def _budget(id: str, short: str, long: str, factor: float, urgency: Urgency) -> AlertingRule:
    """Return the alert of an error budget that burns `factor` times too fast over both windows."""
    limit = f"{factor * (1 - OBJECTIVE):.4g}"
    return AlertingRule(
        id,
        f"{ERROR_RATIOS[short]} > {limit} and {ERROR_RATIOS[long]} > {limit}",
        "0s" if urgency is Urgency.PAGE else "5m",
        urgency,
        "{{ $labels.index }}: {{ $value | humanizePercentage }} of its units did not end OK",
        f"The error budget of {1 - OBJECTIVE:.1%} burns {factor:g} times too fast over {long}.",
        "g6 data gaps --index {{ $labels.index }}",
        "error-budget.md",
        inhibited_by=("G6IndexMissing", "G6CycleStalled", "G6CyclePartial"),
    )


BUDGET_FAST = _budget("G6ErrorBudgetFast", "5m", "1h", 14.4, Urgency.PAGE)
BUDGET_SLOW = _budget("G6ErrorBudgetSlow", "30m", "6h", 6.0, Urgency.TICKET)

ALERTS = (
    CYCLE_STALLED,
    INDEX_MISSING,
    CYCLE_PARTIAL,
    CYCLE_OVERRUN,
    COVERAGE_LOW,
    FATAL_SPIKE,
    FATAL_SUSTAINED,
    BUDGET_FAST,
    BUDGET_SLOW,
)
