"""Dashboards of the quality of analytics, and of the provider."""

from g6.observability.catalogue.dashboard import (
    Dashboard,
    DashboardPanel,
    PanelQuery,
    newest,
    quantile,
    rate,
    rounded_up,
    select,
)
from g6.observability.catalogue.families.provider_families import (
    EXPIRY_CACHE_HITS,
    EXPIRY_CACHE_MISSES,
    PROVIDER_BREAKER_STATE,
    PROVIDER_BUDGET_LEFT,
    PROVIDER_MODE,
    PROVIDER_RATE_WAIT_SECONDS,
    PROVIDER_REQUEST_SECONDS,
    PROVIDER_REQUESTS_TOTAL,
    PROVIDER_RETRIES_TOTAL,
    TICKER_CONNECTED,
    TICKER_LAST_FRAME_AGE_SECONDS,
    TICKER_RECONNECTS_TOTAL,
    TICKER_TICKS_PER_SECOND,
    TICKER_TOKENS,
    TOKEN_EXPIRES_UNIXTIME,
)
from g6.observability.catalogue.families.quality_families import (
    EXPIRY_CONTRACTS_LEFT_OUT_TOTAL,
    IV_ESTIMATION_AVG_ITERATIONS,
    IV_ESTIMATION_FAILURE_TOTAL,
    IV_ESTIMATION_SUCCESS_TOTAL,
    IV_ITERATIONS_HISTOGRAM,
    IV_SOLVE_SECONDS,
    IV_UNAVAILABLE_TOTAL,
    QUOTES_REJECTED_TOTAL,
    RISK_AGG_ROWS,
)
from g6.observability.catalogue.rules import IV_FAILURE_RATIO

ANALYTICS = Dashboard(
    "g6-analytics",
    "G6: analytics quality",
    "Implied volatilities: how many, how many not, and why.",
    (
        DashboardPanel(
            "Volatilities found",
            "Options a second with an implied volatility, by index.",
            "cps",
            (rate(IV_ESTIMATION_SUCCESS_TOTAL, "index"),),
        ),
        DashboardPanel(
            "Solver failures",
            "Options a second on which the solver did not converge, by index.",
            "cps",
            (rate(IV_ESTIMATION_FAILURE_TOTAL, "index"),),
        ),
        DashboardPanel(
            "Failure ratio",
            "Failures over all that the solver was asked, five minutes.",
            "percentunit",
            (PanelQuery(str(IV_FAILURE_RATIO), "{{index}}"),),
        ),
        DashboardPanel(
            "No volatility to find, by reason",
            "Options a second that have none.",
            "cps",
            (rate(IV_UNAVAILABLE_TOTAL, "reason"),),
        ),
        DashboardPanel(
            "Iterations an option",
            "Mean solver iterations per option solved, newest cycle.",
            "short",
            (newest(IV_ESTIMATION_AVG_ITERATIONS, "index", "expiry"),),
        ),
        DashboardPanel(
            "Iterations, quantiles",
            "Solver iterations per option solved.",
            "short",
            tuple(
                rounded_up(quantile(IV_ITERATIONS_HISTOGRAM, share)) for share in (0.5, 0.95, 0.99)
            ),
        ),
        DashboardPanel(
            "Time to price a chain",
            "Prices, forwards, volatilities and Greeks of one unit.",
            "s",
            tuple(quantile(IV_SOLVE_SECONDS, share) for share in (0.5, 0.95)),
        ),
        DashboardPanel(
            "Quality flags",
            "Options a second whose quote carries a flag, by flag.",
            "cps",
            (rate(QUOTES_REJECTED_TOTAL, "reason"),),
        ),
        DashboardPanel(
            "Contracts left out",
            "Listed contracts a second whose symbol contradicts their columns.",
            "cps",
            (rate(EXPIRY_CONTRACTS_LEFT_OUT_TOTAL, "reason"),),
        ),
        DashboardPanel(
            "Options in exposures and risk",
            "Those with a volatility and open interest, newest cycle, by index.",
            "short",
            (newest(RISK_AGG_ROWS, "index"),),
        ),
    ),
)

PROVIDER = Dashboard(
    "g6-provider",
    "G6: provider and ticker",
    "Requests, limits, login and the tick stream.",
    (
        DashboardPanel(
            "Requests",
            "Requests a second, by endpoint and outcome.",
            "reqps",
            (rate(PROVIDER_REQUESTS_TOTAL, "endpoint", "outcome"),),
        ),
        DashboardPanel(
            "Request time, p95",
            "Time of one request.",
            "s",
            (quantile(PROVIDER_REQUEST_SECONDS, 0.95, "endpoint"),),
        ),
        DashboardPanel(
            "Waiting for request slots, p95",
            "Time that one collection waited.",
            "s",
            (quantile(PROVIDER_RATE_WAIT_SECONDS, 0.95, "endpoint"),),
        ),
        DashboardPanel(
            "Requests made again",
            "Retries a second, by reason.",
            "reqps",
            (rate(PROVIDER_RETRIES_TOTAL, "reason"),),
        ),
        DashboardPanel(
            "Requests left in this minute",
            "By family of endpoints.",
            "short",
            (newest(PROVIDER_BUDGET_LEFT, "family"),),
        ),
        DashboardPanel(
            "Kind of market",
            "1 for the kind that is collected.",
            "bool",
            (newest(PROVIDER_MODE, "mode"),),
            kind="state-timeline",
        ),
        DashboardPanel(
            "Circuit breaker",
            "1 for the state that all workers share.",
            "bool",
            (newest(PROVIDER_BREAKER_STATE, "state"),),
            kind="state-timeline",
        ),
        DashboardPanel(
            "Token ends in",
            "Time until the access token ends.",
            "s",
            (PanelQuery(f"max({select(TOKEN_EXPIRES_UNIXTIME)}) - time()", "token"),),
            kind="stat",
            needs="login",
        ),
        DashboardPanel(
            "Listings that needed no download",
            "Share of all listings asked for.",
            "percentunit",
            (
                PanelQuery(
                    f"sum(rate({select(EXPIRY_CACHE_HITS)}[$__rate_interval]))"
                    f" / (sum(rate({select(EXPIRY_CACHE_HITS)}[$__rate_interval]))"
                    f" + sum(rate({select(EXPIRY_CACHE_MISSES)}[$__rate_interval])))",
                    "share",
                ),
            ),
        ),
        DashboardPanel(
            "Stream: connections",
            "1 while the connection is open.",
            "bool",
            (newest(TICKER_CONNECTED, "connection"),),
            kind="state-timeline",
            needs="ticker",
        ),
        DashboardPanel(
            "Stream: age of the last frame",
            "The feed's own heartbeats included.",
            "s",
            (newest(TICKER_LAST_FRAME_AGE_SECONDS, "connection"),),
            needs="ticker",
        ),
        DashboardPanel(
            "Stream: ticks a second",
            "By connection.",
            "cps",
            (newest(TICKER_TICKS_PER_SECOND, "connection"),),
            needs="ticker",
        ),
        DashboardPanel(
            "Stream: instruments",
            "Instruments that the connection is subscribed to.",
            "short",
            (newest(TICKER_TOKENS, "connection"),),
            needs="ticker",
        ),
        DashboardPanel(
            "Stream: connections lost",
            "Connections a second that were lost and made again, by reason.",
            "cps",
            (rate(TICKER_RECONNECTS_TOTAL, "reason"),),
            needs="ticker",
        ),
    ),
)
