"""The quality of quotes and of implied volatilities."""

from g6.observability.catalogue.family import Family

QUOTES_REJECTED_TOTAL = Family(
    "quality",
    "g6_quotes_rejected_total",
    "counter",
    ("index", "reason=quality"),
    "options",
    "unit.report analyse",
    "Options whose quote carries a quality flag, once per flag.",
)
EXPIRY_CONTRACTS_LEFT_OUT_TOTAL = Family(
    "quality",
    "g6_expiry_contracts_left_out_total",
    "counter",
    ("reason=contract_reason",),
    "contracts",
    "unit.report collect",
    (
        "Listed contracts whose symbol contradicts their columns, once per cycle: left out, or "
        "salvaged; expired ones too."
    ),
)
DATA_GAPS_TOTAL = Family(
    "quality",
    "g6_data_gaps_total",
    "counter",
    ("index", "reason=cause"),
    "gaps",
    "gap.opened",
    "Gaps opened.",
)
COVERAGE_RATIO = Family(
    "quality",
    "g6_coverage_ratio",
    "gauge",
    ("index", "bucket"),
    "ratio",
    "unit.report analyse",
    "Strikes that came over strikes wanted, newest cycle.",
    primed=False,
)
FORWARD_FALLBACK = Family(
    "quality",
    "g6_forward_fallback",
    "gauge",
    ("index",),
    "boolean",
    "unit.report analyse",
    "1 while the forward of the nearest expiry is not from put-call parity.",
    primed=False,
)
IV_ESTIMATION_SUCCESS_TOTAL = Family(
    "IV",
    "g6_iv_estimation_success_total",
    "counter",
    ("index", "expiry"),
    "options",
    "unit.report analyse",
    "Options with an implied volatility.",
)
IV_ESTIMATION_FAILURE_TOTAL = Family(
    "IV",
    "g6_iv_estimation_failure_total",
    "counter",
    ("index", "expiry"),
    "options",
    "unit.report analyse",
    "Options on which the solver did not converge.",
)
IV_UNAVAILABLE_TOTAL = Family(
    "IV",
    "g6_iv_unavailable_total",
    "counter",
    ("index", "reason=iv_reason"),
    "options",
    "unit.report analyse",
    "Options that have no implied volatility to find, by reason.",
)
IV_ESTIMATION_AVG_ITERATIONS = Family(
    "IV",
    "g6_iv_estimation_avg_iterations",
    "gauge",
    ("index", "expiry"),
    "iterations",
    "unit.report analyse",
    "Mean solver iterations per option solved, newest cycle.",
    primed=False,
)
IV_ITERATIONS_HISTOGRAM = Family(
    "IV",
    "g6_iv_iterations_histogram",
    "histogram",
    (),
    "iterations",
    "unit.report analyse",
    "Solver iterations per option solved.",
    buckets=(1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0),
)
IV_MAX_ITERATIONS = Family(
    "IV",
    "g6_iv_max_iterations",
    "gauge",
    (),
    "iterations",
    "heartbeat",
    "Iterations after which the solver gives up, as the running system is configured.",
    primed=False,
)
IV_SOLVE_SECONDS = Family(
    "IV",
    "g6_iv_solve_seconds",
    "histogram",
    (),
    "seconds",
    "unit.report analyse",
    "Time to price one unit's chain: prices, forwards, volatilities, Greeks.",
    buckets=(0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0),
)
RISK_AGG_ROWS = Family(
    "quality",
    "g6_risk_agg_rows",
    "gauge",
    ("index",),
    "options",
    "unit.report analyse",
    "Options in the sums of exposures and risk: those with a volatility and open interest.",
    primed=False,
)

FAMILIES = (
    QUOTES_REJECTED_TOTAL,
    EXPIRY_CONTRACTS_LEFT_OUT_TOTAL,
    DATA_GAPS_TOTAL,
    COVERAGE_RATIO,
    FORWARD_FALLBACK,
    IV_ESTIMATION_SUCCESS_TOTAL,
    IV_ESTIMATION_FAILURE_TOTAL,
    IV_UNAVAILABLE_TOTAL,
    IV_ESTIMATION_AVG_ITERATIONS,
    IV_ITERATIONS_HISTOGRAM,
    IV_MAX_ITERATIONS,
    IV_SOLVE_SECONDS,
    RISK_AGG_ROWS,
)
