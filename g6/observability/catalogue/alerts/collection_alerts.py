"""Alerts of cycles and units: what is missing, late or in part."""

from collections.abc import Mapping

from g6.observability.catalogue.alerting import AlertingRule, Urgency
from g6.observability.catalogue.families.cycle_families import (
    CYCLE_SKIPPED_TOTAL,
    CYCLE_STEP_SECONDS,
    LAST_SUCCESS_CYCLE_UNIXTIME,
    LOST_UNIT_UNIXTIME,
    UNIT_STATE,
    UNITS_TOTAL,
)
from g6.observability.catalogue.families.quality_families import COVERAGE_RATIO
from g6.observability.catalogue.rules import (
    CYCLE_MEAN,
    CYCLE_USUAL,
    ERROR_RATIOS,
    FATAL_RATIO,
    INDEX_AGE,
    MARKET_IS_OPEN,
    OBJECTIVE,
    SESSION_SINCE,
    STALE_RATIOS,
    RecordingRule,
)

_SINCE = f"min({SESSION_SINCE})"
IN_SESSION = (
    f"and on () (min_over_time({MARKET_IS_OPEN}[3m]) == 1 and on () time() - {_SINCE} > 30)"
)
"""Holds an alert back until the market has been open for three minutes.

At the open the last success is yesterday's: a rule that asked only whether the market is open
would page every morning. A system that starts in session says for some seconds what it was when it
was stopped: a token that has ended, a provider that does not answer.
"""

_LOST = f"{UNIT_STATE}{{status=~'PARTIAL|MISSING|SKIPPED'%s}} == 1"
_NAMED = f"topk(1, {LOST_UNIT_UNIXTIME} and on (index) ({_LOST}))"
_CYCLE = '{{ (. | value | toTime).Format "2006-01-02T15:04:05Z" }} ({{ . | label "reason" }})'


def _newest(of_index: bool) -> str:
    """Return the template that names the newest cycle that was lost, and why, as `g6 status` does.

    Nothing is said where the newest units are whole: of what never closed nobody knows the cycle.
    """
    matcher = ",index='%s'" if of_index else ""
    argument = " $labels.index" if of_index else ""
    question = f'printf "{_NAMED % matcher}"{argument}' if of_index else f'"{_NAMED % matcher}"'
    return (
        "{{ with " + question + " | query }}, newest: {{ with first . }}"
        '{{ . | label "index" }} ' + _CYCLE + "{{ end }}{{ end }}"
    )


OF_INDEX = _newest(of_index=True)
OF_ANY = _newest(of_index=False)

NAMED_LOSSES = (
    "G6CycleStalled",
    "G6IndexMissing",
    "G6CyclePartial",
    "G6RedisDown",
    "G6HeartbeatLost",
    "G6ProviderDown",
    "G6TokenExpiring",
    "G6MetricsDown",
)
"""Alerts that say by name what was lost, and why."""


_BUDGETS = (
    "G6ErrorBudgetFast",
    "G6FreshnessBudgetFast",
    "G6ErrorBudgetSlow",
    "G6FreshnessBudgetSlow",
)
"""The alerts of budgets: each is silenced by those before it."""
_FAST_BURNS = _BUDGETS[:2]


def _unexplained(window: str, *more: str) -> str:
    """Return what holds an alert over a long window back where an alert named the loss within it.

    Ratios over long windows stay high after a fault is mended: without this each fault paged a
    second time, minutes after its end. `more` are further alerts that name it.
    """
    names = "|".join((*NAMED_LOSSES, *more))
    named = f'ALERTS{{alertstate="firing",alertname=~"{names}"}}'
    return f"unless on () (count(count_over_time({named}[{window}])) > 0)"


CYCLE_STALLED = AlertingRule(
    "G6CycleStalled",
    # Of a system that starts in session the last success is yesterday's, or there is none yet.
    f"time() - clamp_min({LAST_SUCCESS_CYCLE_UNIXTIME}, scalar({_SINCE}))"
    f" > clamp_min(3 * {CYCLE_STEP_SECONDS}, 30) {IN_SESSION}",
    "0s",
    Urgency.PAGE,
    "no cycle has analysed anything for {{ $value | humanizeDuration }}" + OF_ANY,
    "Every index loses its quotes, which cannot be collected later.",
    "g6 status; g6 ps",
    "no-worker.md",
    inhibited_by=(
        "G6MetricsDown",
        "G6RedisDown",
        "G6HeartbeatLost",
        "G6ProviderDown",
        "G6TokenExpiring",
    ),
)
_ROOTS = (*CYCLE_STALLED.inhibited_by, CYCLE_STALLED.id)
INDEX_MISSING = AlertingRule(
    "G6IndexMissing",
    f"{INDEX_AGE} > on () group_left () clamp_min(2 * max({CYCLE_STEP_SECONDS}), 30)",
    "15s",
    Urgency.PAGE,
    "{{ $labels.index }}: no chain for {{ $value | humanizeDuration }}" + OF_INDEX,
    "This index loses its quotes, which cannot be collected later.",
    "g6 data gaps --index {{ $labels.index }}; g6 trace CYCLE",
    "index-missing.md",
    inhibited_by=_ROOTS,
)
CYCLE_PARTIAL = AlertingRule(
    "G6CyclePartial",
    f'{UNIT_STATE}{{status="PARTIAL"}} == 1 {IN_SESSION}',
    "2m",
    Urgency.TICKET,
    "{{ $labels.index }}: its chains are PARTIAL" + OF_INDEX,
    "Strikes or expiries are missing from the stored chains of this index.",
    "g6 data gaps --index {{ $labels.index }}; g6 trace CYCLE",
    "partial.md",
    inhibited_by=(*_ROOTS, "G6MemoryPressureCritical"),
)
CYCLE_OVERRUN = AlertingRule(
    "G6CycleOverrun",
    f'sum by (index) (increase({CYCLE_SKIPPED_TOTAL}{{reason="overrun"}}[5m])) > 1'
    f" {_unexplained('5m')}",
    "0s",
    Urgency.TICKET,
    "{{ $labels.index }}: a cycle was still under way when the next one was due" + OF_INDEX,
    "The next cycle is skipped, so every second instant may be lost.",
    "g6 ps; g6 trace CYCLE shows which stage takes the time",
    "overrun.md",
)
CYCLE_SLOWER = AlertingRule(
    "G6CycleSlower",
    # What was usual ten minutes ago knows nothing of a step since, and is there from then on only.
    # A cycle that leaves nine tenths of its interval is in nobody's way, however it changed.
    f"{CYCLE_MEAN} > 2 * {CYCLE_USUAL} offset 10m"
    f" and {CYCLE_MEAN} > 0.1 * max({CYCLE_STEP_SECONDS}) {IN_SESSION}",
    "5m",
    Urgency.NOTE,
    "cycles take {{ $value | humanizeDuration }}, more than twice what is usual",
    "Nothing is lost yet. Deadlines come nearer by as much.",
    "g6 trace CYCLE shows which stage takes the time",
    "slower.md",
    inhibited_by=_ROOTS,
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
_SEVERAL_MISSING = (
    f'and on () max(sum by (index) (increase({UNITS_TOTAL}{{status="MISSING"}}[15m]))) > 1.5'
)
"""One unit lost of the first nine is more than a tenth: a start would wake a person for it."""
FATAL_SPIKE = AlertingRule(
    "G6PipelineFatalSpike",
    f"{FATAL_RATIO} > 0.05 {_SEVERAL_MISSING} {_unexplained('15m')}",
    "10m",
    Urgency.TICKET,
    "{{ $value | humanizePercentage }} of the units of 15 minutes ended MISSING" + OF_ANY,
    "Instants of the day have no chain.",
    "g6 data gaps",
    "index-missing.md",
    inhibited_by=(
        *_ROOTS,
        "G6IndexMissing",
        "G6PipelineFatalSustained",
        "G6ErrorBudgetFast",
        "G6ErrorBudgetSlow",
    ),
)
FATAL_SUSTAINED = AlertingRule(
    "G6PipelineFatalSustained",
    f"{FATAL_RATIO} > 0.10 {_SEVERAL_MISSING} {_unexplained('15m')}",
    "5m",
    Urgency.PAGE,
    "{{ $value | humanizePercentage }} of the units of 15 minutes ended MISSING" + OF_ANY,
    "More than one instant in ten has no chain.",
    "g6 data gaps",
    "index-missing.md",
    inhibited_by=(*_ROOTS, "G6IndexMissing", "G6ErrorBudgetFast"),
)


def _budget(
    id: str, ratios: Mapping[str, RecordingRule], windows: tuple[str, str], urgency: Urgency
) -> AlertingRule:
    """Return the alert of an error budget that burns too fast over both of two windows."""
    short, long = windows
    is_fast = urgency is Urgency.PAGE
    factor = FAST_BURN if is_fast else SLOW_BURN
    limit = f"{factor * (1 - OBJECTIVE):.4g}"
    faster = _BUDGETS[: _BUDGETS.index(id)]
    explained = _unexplained(long, *(() if is_fast else _FAST_BURNS))
    what = "do not end OK" if ratios is ERROR_RATIOS else "were due and not fresh"
    # One unit of an hour's sixty is 1.7 % of them: a single loss would wake a person.
    several = ""
    if is_fast and ratios is ERROR_RATIOS:
        lost = f'increase({UNITS_TOTAL}{{status!="OK"}}[{long}])'
        several = f" and sum by (index) ({lost}) > 1.5"
    return AlertingRule(
        id,
        f"{ratios[short]} > {limit} and {ratios[long]} > {limit}{several} {explained}",
        # Longer than any alert that names the loss holds, G6CyclePartial's two minutes included.
        "3m" if is_fast else "5m",
        urgency,
        f"{{{{ $labels.index }}}}: {{{{ $value | humanizePercentage }}}} of its units {what}"
        + OF_INDEX,
        f"The error budget of {1 - OBJECTIVE:.1%} burns {factor:g} times too fast over {long}.",
        "g6 data gaps --index {{ $labels.index }}",
        "error-budget.md",
        # Lost units are not fresh either, and a fast burn is a slow one too.
        inhibited_by=(*_ROOTS, INDEX_MISSING.id, CYCLE_PARTIAL.id, *faster),
        # The ratios of 15 minutes, which it silences, have forgotten the loss by then.
        keep="15m" if is_fast else "",
    )


FAST_BURN = 14.4
"""A month's budget is gone in two days: 2 % of it in an hour, as Google's SRE workbook has it."""
SLOW_BURN = 6.0
"""A month's budget is gone in five days: 5 % of it in six hours."""
FAST = ("5m", "1h")
SLOW = ("30m", "6h")
BUDGET_FAST = _budget("G6ErrorBudgetFast", ERROR_RATIOS, FAST, Urgency.PAGE)
BUDGET_SLOW = _budget("G6ErrorBudgetSlow", ERROR_RATIOS, SLOW, Urgency.TICKET)
FRESHNESS_FAST = _budget("G6FreshnessBudgetFast", STALE_RATIOS, FAST, Urgency.PAGE)
FRESHNESS_SLOW = _budget("G6FreshnessBudgetSlow", STALE_RATIOS, SLOW, Urgency.TICKET)

ALERTS = (
    CYCLE_STALLED,
    INDEX_MISSING,
    CYCLE_PARTIAL,
    CYCLE_OVERRUN,
    CYCLE_SLOWER,
    COVERAGE_LOW,
    FATAL_SPIKE,
    FATAL_SUSTAINED,
    BUDGET_FAST,
    BUDGET_SLOW,
    FRESHNESS_FAST,
    FRESHNESS_SLOW,
)
