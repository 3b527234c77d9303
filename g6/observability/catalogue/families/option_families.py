"""The newest figures of each index."""

from g6.observability.catalogue.family import Family

INDEX_OPTIONS_PROCESSED = Family(
    "options",
    "g6_index_options_processed",
    "gauge",
    ("index",),
    "options",
    "cycle.report",
    "Options with a quote in the newest cycle.",
)
INDEX_OPTIONS_PROCESSED_TOTAL = Family(
    "options",
    "g6_index_options_processed_total",
    "counter",
    ("index",),
    "options",
    "unit.report analyse",
    "Options with a quote, over all cycles analysed.",
)
INDEX_SPOT = Family(
    "options",
    "g6_index_spot",
    "gauge",
    ("index",),
    "points",
    "cycle.report",
    "Last price of the index.",
    primed=False,
)
INDEX_PCR = Family(
    "options",
    "g6_index_pcr",
    "gauge",
    ("index", "bucket"),
    "ratio",
    "cycle.report",
    "Put over call open interest, whole chain of this bucket.",
    primed=False,
)
INDEX_ATM_STRIKE = Family(
    "options",
    "g6_index_atm_strike",
    "gauge",
    ("index",),
    "points",
    "cycle.report",
    "At-the-money strike of the nearest expiry.",
    primed=False,
)
INDEX_ATM_IV = Family(
    "options",
    "g6_index_atm_iv",
    "gauge",
    ("index", "bucket"),
    "fraction",
    "cycle.report",
    "At-the-money implied volatility, per square root of a year.",
    primed=False,
)
EXPIRY_MISSING_MASK = Family(
    "options",
    "g6_expiry_missing_mask",
    "gauge",
    ("index",),
    "bits",
    "cycle.report",
    "Buckets expected and not collected: 1 this_week, 2 next_week, 4 this_month, 8 next_month.",
)
DATA_STALENESS_SECONDS = Family(
    "options",
    "g6_data_staleness_seconds",
    "gauge",
    ("index",),
    "seconds",
    "unit.report analyse, cycle.report",
    "Newest cycle's instant less the newest instant of the index's own data, market time.",
    shown="lag",
    primed=False,
)
INDEX_NEAR_OI = Family(
    "options",
    "g6_index_near_oi",
    "gauge",
    ("index",),
    "units",
    "unit.report analyse",
    "Open interest within five strikes of the money of the nearest expiry.",
    primed=False,
)
OPTION_DETAIL_BAND_REJECTIONS_TOTAL = Family(
    "detail",
    "g6_option_detail_band_rejections_total",
    "counter",
    ("index",),
    "options",
    "option.detail",
    "Options that got no series of their own: beyond the band, too many, or memory is short.",
)
OPTION_DETAIL_MODE = Family(
    "detail",
    "g6_option_detail_mode",
    "gauge",
    ("index",),
    "mode",
    "option.detail",
    "Options with series of their own: 0 none, 1 around the money, 2 all.",
    primed=False,
)


def _of_single_options(name: str, unit: str, help: str) -> Family:
    return Family(
        "detail",
        name,
        "gauge",
        ("index", "expiry=expiry_day", "strike", "side"),
        unit,
        "option.detail",
        help,
        primed=False,
        opt_in=True,
    )


OPTION_LAST_PRICE = _of_single_options(
    "g6_option_last_price", "points", "Last price of one option, newest cycle."
)
OPTION_IV = _of_single_options(
    "g6_option_iv", "fraction", "Implied volatility of one option, newest cycle."
)
OPTION_OI = _of_single_options(
    "g6_option_open_interest", "units", "Open interest of one option, newest cycle."
)

FAMILIES = (
    INDEX_OPTIONS_PROCESSED,
    INDEX_OPTIONS_PROCESSED_TOTAL,
    INDEX_SPOT,
    INDEX_PCR,
    INDEX_ATM_STRIKE,
    INDEX_ATM_IV,
    EXPIRY_MISSING_MASK,
    DATA_STALENESS_SECONDS,
    INDEX_NEAR_OI,
    OPTION_DETAIL_BAND_REJECTIONS_TOTAL,
    OPTION_DETAIL_MODE,
    OPTION_LAST_PRICE,
    OPTION_IV,
    OPTION_OI,
)
