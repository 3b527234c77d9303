"""Alerts of the provider, its login and its tick stream."""

from g6.observability.catalogue.alerting import AlertingRule, Urgency
from g6.observability.catalogue.alerts.collection_alerts import CYCLE_STALLED, IN_SESSION, OF_ANY
from g6.observability.catalogue.families.cycle_families import (
    MARKET_PACE,
    NEWEST_CYCLE_UNIXTIME,
)
from g6.observability.catalogue.families.option_families import (
    INDEX_ATM_STRIKE,
    INDEX_NEAR_OI,
    INDEX_SPOT,
)
from g6.observability.catalogue.families.provider_families import (
    INSTRUMENTS_FAULTY,
    PROVIDER_BREAKER_STATE,
    PROVIDER_BUDGET_LEFT,
    PROVIDER_REQUESTS_TOTAL,
    TICKER_CONNECTED,
    TICKER_LAST_FRAME_AGE_SECONDS,
    TICKER_TICKS_PER_SECOND,
    TOKEN_EXPIRES_UNIXTIME,
)
from g6.observability.catalogue.families.quality_families import (
    FORWARD_FALLBACK,
    IV_ITERATIONS_HISTOGRAM,
    IV_MAX_ITERATIONS,
)
from g6.observability.catalogue.rules import IV_FAILURE_RATIO, PROVIDER_FAILURE_RATIO

AT_PACE = f"and on () (max({MARKET_PACE}) == 1)"
"""A market that goes at a speed of its own is not measured by minutes of wall time."""
_CYCLE = f"max({NEWEST_CYCLE_UNIXTIME})"
CLOSING_AUCTION = f"((hour({_CYCLE}) * 60 + minute({_CYCLE}) >= 585) < 620)"
"""15:15 to 15:50 in India, in minutes of UTC of the newest cycle.

The index stands still then on every day. Options trade on until 15:40. On simulated days the index
was frozen then, and on an expiry day the nearest forward came from elsewhere for ten minutes after
the settlement fix at 15:30.
"""

PROVIDER_DOWN = AlertingRule(
    "G6ProviderDown",
    # The breaker of a provider that stays away is half open at every trial. Asked at the instant,
    # the condition came and went, and the alert was told after 100 s instead of 40.
    # After a pause the first few requests are all there is: two of three that failed are no outage.
    f'(max(max_over_time({PROVIDER_BREAKER_STATE}{{state="open"}}[30s])) == 1'
    f" or {PROVIDER_FAILURE_RATIO} > 0.5 and sum(increase({PROVIDER_REQUESTS_TOTAL}[2m])) > 5)"
    f" {IN_SESSION}",
    "10s",
    Urgency.PAGE,
    "the provider does not answer" + OF_ANY,
    "No quotes come. Cycles end MISSING with the reason provider or are SKIPPED by the breaker.",
    "g6 status; g6 check",
    "provider.md",
    inhibited_by=("G6MetricsDown", "G6RedisDown", "G6HeartbeatLost", "G6TokenExpiring"),
    keep="90s",
)
TOKEN_EXPIRING = AlertingRule(
    "G6TokenExpiring",
    f"{TOKEN_EXPIRES_UNIXTIME} - time() < 1800 {IN_SESSION}",
    # The heartbeat of workers that start may be told before they have logged in.
    "15s",
    Urgency.PAGE,
    "the access token ends in {{ $value | humanizeDuration }}" + OF_ANY,
    "Without a token the provider refuses every request.",
    "g6 login",
    "token.md",
    needs="login",
    keep="90s",
)
TICKER_SILENT = AlertingRule(
    "G6TickerSilent",
    # A mute connection is renewed every few seconds (ticker.silent_seconds) and is open each time,
    # its last frame new to it: only the ticks tell.
    f"(min by (connection) ({TICKER_CONNECTED}) == 0"
    f" or max by (connection) ({TICKER_LAST_FRAME_AGE_SECONDS}) > 30"
    f" or max by (connection) (max_over_time({TICKER_TICKS_PER_SECOND}[30s])) == 0) {IN_SESSION}",
    "30s",
    Urgency.TICKET,
    "connection {{ $labels.connection }} of the tick stream brings nothing",
    "REST bridges a few instruments only; the others have old quotes.",
    "g6 status --json; g6 login if the stream refuses the token",
    "provider.md",
    inhibited_by=("G6MetricsDown", "G6RedisDown", "G6TokenExpiring"),
    needs="ticker",
)
BUDGET_EXHAUSTED = AlertingRule(
    "G6RateBudgetExhausted",
    f"min by (family) ({PROVIDER_BUDGET_LEFT}) < 5 {IN_SESSION}",
    "2m",
    Urgency.TICKET,
    "{{ $labels.family }}: {{ $value }} requests are left in this minute",
    "Collections wait for request slots and may miss their deadline.",
    "g6 status --json; collect fewer strikes or a longer interval",
    "late.md",
)
IV_FAILURE_SURGE = AlertingRule(
    "G6IVFailureSurge",
    f"{IV_FAILURE_RATIO} > 0.05",
    "5m",
    Urgency.TICKET,
    "{{ $labels.index }}: the solver fails on {{ $value | humanizePercentage }} of the options",
    "These options have no implied volatility and no Greeks.",
    "g6 analyze {{ $labels.index }}",
    "iv-failures.md",
)
USUAL_ITERATIONS = 100
"""The default of greeks.iv_max_iterations: a heartbeat of an earlier version does not say it."""
ITERATIONS_HIGH = AlertingRule(
    "G6IVIterationsHigh",
    f"sum(rate({IV_ITERATIONS_HISTOGRAM:sum}[10m]))"
    f" / sum(rate({IV_ITERATIONS_HISTOGRAM:count}[10m]))"
    f" > 0.8 * (max({IV_MAX_ITERATIONS}) or vector({USUAL_ITERATIONS}))",
    "10m",
    Urgency.NOTE,
    "the solver takes {{ $value }} iterations an option",
    "At greeks.iv_max_iterations it gives up: this is more than 0.8 of them.",
    "g6 analyze INDEX",
    "iv-failures.md",
)

INSTRUMENTS_STALE = AlertingRule(
    "G6InstrumentsStale",
    f"max by (exchange) ({INSTRUMENTS_FAULTY}) == 1",
    "1m",
    Urgency.TICKET,
    "{{ $labels.exchange }}: today's list of instruments could not be loaded",
    "Contracts listed today are not collected; those of the older list are.",
    "g6 check; g6 status --json",
    "instruments-stale.md",
    needs="login",
)
SPOT_FROZEN = AlertingRule(
    "G6SpotFrozen",
    # A price that does not come is NaN, which changes as little: it is missing, not frozen. Nor is
    # it where no cycle was closed in these minutes.
    f"changes({INDEX_SPOT}[2m]) == 0 and {INDEX_SPOT} > 0 and {INDEX_SPOT} offset 2m"
    f" and on () (max(changes({NEWEST_CYCLE_UNIXTIME}[2m])) > 0)"
    f" {AT_PACE} {IN_SESSION}"
    f" unless on () {CLOSING_AUCTION}",
    "0s",
    Urgency.TICKET,
    "{{ $labels.index }}: the index has not moved for two minutes",
    "Strikes at the money and forwards may be of an old price.",
    "g6 chain {{ $labels.index }}; g6 check",
    "frozen.md",
    inhibited_by=(*CYCLE_STALLED.inhibited_by, "G6CycleStalled", "G6IndexMissing"),
)
OI_FROZEN = AlertingRule(
    "G6OIFrozen",
    # The strikes near the money are others when the money moves, and so is their sum: that is no
    # change of interest. On a frozen feed of a simulated session it moved twice in six minutes.
    f"changes({INDEX_NEAR_OI}[6m]) <= on (index) changes({INDEX_ATM_STRIKE}[6m])"
    f" and on (index) changes({INDEX_ATM_STRIKE}[6m]) <= 2"
    f" and {INDEX_NEAR_OI} offset 6m {AT_PACE} {IN_SESSION}"
    f" unless on () {CLOSING_AUCTION}",
    "0s",
    Urgency.TICKET,
    "{{ $labels.index }}: no open interest near the money has changed for six minutes",
    "PCR, walls and max pain stand still because the feed does.",
    "g6 interest {{ $labels.index }}",
    "frozen.md",
    inhibited_by=(*CYCLE_STALLED.inhibited_by, "G6CycleStalled", "G6IndexMissing"),
    keep="30s",
)
FORWARD_FALLBACK_LONG = AlertingRule(
    "G6ForwardFallback",
    f"{FORWARD_FALLBACK} == 1 {IN_SESSION} unless on () {CLOSING_AUCTION}",
    "5m",
    Urgency.NOTE,
    "{{ $labels.index }}: the nearest forward is not from put-call parity",
    "It is from the future or from carry, and volatilities lean on it.",
    "g6 analyze {{ $labels.index }}",
    "forward-fallback.md",
)

ALERTS = (
    PROVIDER_DOWN,
    TOKEN_EXPIRING,
    TICKER_SILENT,
    BUDGET_EXHAUSTED,
    IV_FAILURE_SURGE,
    ITERATIONS_HIGH,
    INSTRUMENTS_STALE,
    SPOT_FROZEN,
    OI_FROZEN,
    FORWARD_FALLBACK_LONG,
)
