"""Every column that is written anywhere, defined once.

Headers, Arrow schemas, the reference page and tests come from here. Schemas grow at their end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnKind = Literal["instant", "date", "text", "float", "iv", "integer", "flags"]
"""float is float64, iv float32, integer int64 (nullable), flags int32, text a dictionary."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Its name in every file and table.
        kind: What its values are.
        unit: Empty where there is none.
        meaning: What a value says.
    """

    name: str
    kind: ColumnKind
    unit: str
    meaning: str


SCHEMA_VERSION = 1

CHAIN_PLAIN = (
    Column("timestamp", "instant", "UTC", "the cycle's instant"),
    Column(
        "observed_at",
        "instant",
        "UTC",
        "latest receive instant of the unit; of a backfilled row the repair's",
    ),
    Column("underlying", "text", "", "name of the index"),
    Column("expiry", "date", "IST", "last trading day"),
    Column("bucket", "text", "", "first bucket this expiry fills, or its date or nth_N"),
    Column(
        "bucket_mask",
        "flags",
        "",
        "every bucket this expiry fills: 1 this_week, 2 next_week, 4 this_month, 8 next_month",
    ),
    Column("offset", "integer", "strikes", "listed strikes from ATM, 0 at the money"),
    Column("strike", "float", "points", "strike price"),
    Column("spot", "float", "points", "last price of the index"),
    Column(
        "spot_source",
        "text",
        "",
        "live, frozen (closing auction), stale, none where there is no spot, or disputed where a "
        "source gives several",
    ),
    Column("spot_age_seconds", "float", "s", "cycle's instant less the index's own time"),
    Column("future", "float", "points", "last price of the nearest index future"),
    Column("vix", "float", "%", "India VIX"),
    Column("forward", "float", "points", "forward of this expiry"),
    Column("forward_source", "text", "", "parity, parity_last, future, carry or spot_rate"),
    Column(
        "forward_spread",
        "float",
        "points",
        "median absolute deviation of the parity forward over its strikes",
    ),
    Column("atm", "float", "points", "listed strike nearest to the forward, with hysteresis"),
    Column("years_to_expiry", "float", "years of 365 d", "time to the settlement fix"),
    Column("rate", "float", "fraction", "continuously compounded risk-free rate used"),
    Column("dte", "integer", "days", "calendar days to expiry, 0 on the day"),
    Column("lot_size", "integer", "units", "contract size of this expiry"),
    Column("model", "text", "", "black76, nse or bse"),
    Column("config_id", "text", "", "the configuration this row was made under"),
    Column("tick_size", "float", "points", "smallest step of a premium"),
)
"""Columns of a stored chain that a strike has once."""

CHAIN_SIDE = (
    Column("symbol", "text", "", "trading symbol, empty where this side is not listed"),
    Column("token", "integer", "", "the provider's instrument number"),
    Column("last", "float", "points", "last traded price, however old"),
    Column("bid", "float", "points", "best bid"),
    Column("ask", "float", "points", "best ask"),
    Column("bid_quantity", "integer", "units", "quantity at the best bid"),
    Column("ask_quantity", "integer", "units", "quantity at the best ask"),
    Column("buy_quantity", "integer", "units", "total pending buy quantity"),
    Column("sell_quantity", "integer", "units", "total pending sell quantity"),
    Column("price", "float", "points", "the price that was analysed"),
    Column("price_source", "text", "", "mid or last, empty for none"),
    Column("time_value", "float", "points", "price less discounted intrinsic value on the forward"),
    Column("open", "float", "points", "day's first trade"),
    Column("high", "float", "points", "day's high"),
    Column("low", "float", "points", "day's low"),
    Column("close", "float", "points", "previous session's close"),
    Column("volume", "integer", "units", "day's cumulative volume"),
    Column("oi", "integer", "units", "open interest"),
    Column("oi_prev", "integer", "units", "open interest at the end of the previous session"),
    Column("oi_day_high", "integer", "units", "day's highest open interest"),
    Column("oi_day_low", "integer", "units", "day's lowest open interest"),
    Column("average_price", "float", "points", "day's volume-weighted average price"),
    Column("last_trade_time", "instant", "UTC", "time of the last trade"),
    Column("quote_time", "instant", "UTC", "the exchange's time up to which this quote stood"),
    Column("age_seconds", "float", "s", "cycle's instant less quote_time"),
    Column(
        "source",
        "text",
        "",
        "stream, rest, replay, sim, backfill or import; replay_units or replay_contracts where a "
        "person said what a table counts",
    ),
    Column(
        "quality",
        "flags",
        "",
        "1 stale, 2 untraded today, 4 no two-sided book, 8 crossed, 16 below intrinsic, 32 wide, "
        "64 missing, 128 repaired, 256 age unknown, 512 impossible open interest, 1024 last price "
        "zero or less, 2048 thin, 4096 last price far from where it was quoted",
    ),
    Column("iv", "iv", "fraction per sqrt(year)", "implied volatility"),
    Column("iv_bid", "iv", "fraction per sqrt(year)", "implied volatility of the bid"),
    Column("iv_ask", "iv", "fraction per sqrt(year)", "implied volatility of the ask"),
    Column(
        "iv_status",
        "text",
        "",
        "ok, shared, fallback, or why there is none (at_payoff: within rounding of the payoff); "
        "empty where this side is not listed",
    ),
    Column("delta", "iv", "per unit", "change of the premium per point of spot"),
    Column("gamma", "iv", "1/points", "change of delta per point"),
    Column("theta", "iv", "points per day", "change of the premium per calendar day"),
    Column("vega", "iv", "points per 1 %", "change of the premium per 1 % of volatility"),
    Column("rho", "iv", "points per 1 %", "change of the premium per 1 % of rate"),
    Column(
        "bid_depth",
        "integer",
        "units",
        "quantity of the five best bids; none where the source gives the best alone",
    ),
    Column(
        "ask_depth",
        "integer",
        "units",
        "quantity of the five best asks; none where the source gives the best alone",
    ),
    Column(
        "microprice",
        "iv",
        "points",
        "mid of the best levels, each weighted by the other side's quantity; none without two "
        "sides",
    ),
    Column(
        "liquidity",
        "iv",
        "0 to 1",
        "1 / (1 + spread / (0.1 × mid)) to three decimals; 0 without two sides or a trade today",
    ),
)
"""Columns that a strike has for its call (`ce_…`) and for its put (`pe_…`)."""


def _of_side(prefix: str, word: str) -> tuple[Column, ...]:
    """Return the side columns under their names in files."""
    return tuple(
        Column(prefix + column.name, column.kind, column.unit, f"{word}: {column.meaning}")
        for column in CHAIN_SIDE
    )


CHAIN = (*CHAIN_PLAIN, *_of_side("ce_", "call"), *_of_side("pe_", "put"))
"""Every column of a stored chain, in their order."""

OVERVIEW = (
    Column("timestamp", "instant", "UTC", "the cycle's instant"),
    Column("observed_at", "instant", "UTC", "latest receive instant of the unit"),
    Column("underlying", "text", "", "name of the index"),
    Column("spot", "float", "points", "last price of the index"),
    Column(
        "spot_source",
        "text",
        "",
        "live, frozen, stale, none where there is no spot, or disputed where a source gives "
        "several",
    ),
    Column("spot_age_seconds", "float", "s", "cycle's instant less the index's own time"),
    Column("open", "float", "points", "index: day's open"),
    Column("high", "float", "points", "index: day's high"),
    Column("low", "float", "points", "index: day's low"),
    Column("prev_close", "float", "points", "index: previous close"),
    Column("change_pct", "float", "%", "spot against prev_close"),
    Column("future", "float", "points", "nearest future"),
    Column("future_expiry", "date", "IST", "its expiry"),
    Column("basis", "float", "points", "future less spot"),
    Column("vix", "float", "%", "India VIX"),
    Column(
        "expiry_nearest",
        "date",
        "IST",
        "nearest expiry whose fix lies ahead; the *_nearest figures are its",
    ),
    Column("forward", "float", "points", "forward of expiry_nearest"),
    Column("forward_source", "text", "", "as in the chain"),
    Column("forward_spread", "float", "points", "as in the chain"),
    Column("atm", "float", "points", "ATM of expiry_nearest by forward"),
    Column("atm_spot", "float", "points", "listed strike nearest to spot"),
    Column("pcr_this_week", "float", "ratio", "put OI / call OI, whole chain of this bucket"),
    Column("pcr_next_week", "float", "ratio", "put OI / call OI, whole chain of this bucket"),
    Column("pcr_this_month", "float", "ratio", "put OI / call OI, whole chain of this bucket"),
    Column("pcr_next_month", "float", "ratio", "put OI / call OI, whole chain of this bucket"),
    Column("pcr_window_nearest", "float", "ratio", "put OI / call OI over the strike window"),
    Column("pcr_volume_nearest", "float", "ratio", "put volume / call volume, whole chain"),
    Column(
        "oi_strikes",
        "integer",
        "strikes",
        "strikes with known OI of expiry_nearest, whole chain, also while its sums are empty",
    ),
    Column(
        "max_pain_nearest",
        "float",
        "points",
        "strike with the least intrinsic value of open options",
    ),
    Column("support", "float", "points", "strike with most put OI below the forward"),
    Column("resistance", "float", "points", "strike with most call OI above the forward"),
    Column("oi_calls", "integer", "units", "call OI of expiry_nearest"),
    Column("oi_puts", "integer", "units", "put OI of expiry_nearest"),
    Column(
        "atm_iv_this_week",
        "float",
        "fraction per sqrt(year)",
        "ATM implied volatility of this bucket",
    ),
    Column(
        "atm_iv_next_week",
        "float",
        "fraction per sqrt(year)",
        "ATM implied volatility of this bucket",
    ),
    Column(
        "atm_iv_this_month",
        "float",
        "fraction per sqrt(year)",
        "ATM implied volatility of this bucket",
    ),
    Column(
        "atm_iv_next_month",
        "float",
        "fraction per sqrt(year)",
        "ATM implied volatility of this bucket",
    ),
    Column("straddle_nearest", "float", "points", "call + put at ATM, mids"),
    Column("em_sd", "float", "points", "expected move of one standard deviation to expiry, F σ √T"),
    Column("em_straddle", "float", "points", "0.85 × straddle"),
    Column("rr25", "float", "fraction per sqrt(year)", "25-delta risk reversal, call less put"),
    Column("bf25", "float", "fraction per sqrt(year)", "25-delta butterfly, mean less ATM"),
    Column("day_width", "float", "points", "index: day's high less low"),
    Column("expiries_expected", "integer", "expiries", "distinct dates wanted"),
    Column("expiries_collected", "integer", "expiries", "distinct dates that came"),
    Column("expected_mask", "flags", "", "buckets wanted and listed"),
    Column("collected_mask", "flags", "", "buckets that came"),
    Column("missing_mask", "flags", "", "expected and not collected"),
    Column("options", "integer", "options", "options with a quote"),
    Column("rejected", "integer", "options", "options asked for and missing or refused"),
    Column(
        "iv_ok",
        "integer",
        "options",
        "options with an implied volatility of their own or shared",
    ),
    Column("iv_unavailable", "integer", "options", "options that have none to find"),
    Column("iv_failed", "integer", "options", "options the solver failed on"),
    Column("status", "text", "", "OK, PARTIAL, MISSING or SKIPPED"),
    Column("reason", "text", "", "why it is not OK"),
    Column("pcr_nearest", "float", "ratio", "put OI / call OI of expiry_nearest, whole chain"),
    Column(
        "atm_iv_nearest",
        "float",
        "fraction per sqrt(year)",
        "ATM implied volatility of expiry_nearest",
    ),
    Column(
        "oi_age_seconds",
        "float",
        "s",
        "age of the oldest open interest in the whole-chain figures of expiry_nearest; 0: all of "
        "this cycle; empty: not whole",
    ),
    Column(
        "quote_age_seconds",
        "float",
        "s",
        "cycle's instant less the newest instant of the index's own data: its freshest option "
        "quote, else its print",
    ),
    Column(
        "quote_source",
        "text",
        "",
        "where the option quotes are from, the most frequent first: stream, rest, sim, replay, "
        "backfill, import",
    ),
)
"""Every column of an overview row, in their order."""

CSV_HEADER = [
    "timestamp",
    "index",
    "expiry_tag",
    "expiry",
    "offset",
    "index_price",
    "atm",
    "strike",
    "ce",
    "pe",
    "tp",
    "avg_ce",
    "avg_pe",
    "avg_tp",
    "ce_vol",
    "pe_vol",
    "ce_oi",
    "pe_oi",
    "ce_iv",
    "pe_iv",
    "ce_delta",
    "pe_delta",
    "ce_theta",
    "pe_theta",
    "ce_vega",
    "pe_vega",
    "ce_gamma",
    "pe_gamma",
    "ce_rho",
    "pe_rho",
    "forward",
    "lot_size",
    "bucket_mask",
    "future",
    "vix",
]
"""Columns of an offset's CSV file, which grows at its end."""
CSV_SOURCES = {
    "index": "underlying",
    "expiry_tag": "bucket",
    "index_price": "spot",
    "ce": "ce_last",
    "pe": "pe_last",
    "avg_ce": "ce_average_price",
    "avg_pe": "pe_average_price",
    "ce_vol": "ce_volume",
    "pe_vol": "pe_volume",
}
"""Columns of an offset's CSV file that have another name in a chain row."""
CSV_SUMS = {
    "tp": ("ce_last", "pe_last"),
    "avg_tp": ("ce_average_price", "pe_average_price"),
}
"""Columns of an offset's CSV file that are sums of two columns of a chain row."""
GREEK_COLUMNS = frozenset(
    f"{side}_{name}"
    for side in ("ce", "pe")
    for name in ("iv", "delta", "theta", "vega", "gamma", "rho")
)


def csv_header(greeks: bool) -> list[str]:
    """Return the header of an offset's CSV file.

    Args:
        greeks: Whether Greeks are on. Without them their columns are left out.

    >>> csv_header(greeks=False)[-5:]
    ['forward', 'lot_size', 'bucket_mask', 'future', 'vix']
    """
    return [name for name in CSV_HEADER if greeks or name not in GREEK_COLUMNS]
