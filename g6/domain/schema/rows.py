"""Every column that is written anywhere, defined once: headers, Arrow schemas, the reference page and tests come from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["instant", "date", "text", "float", "iv", "integer", "flags"]
"""float is float64, iv float32, integer int64 (nullable), flags int32; text is dictionary-encoded."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name`, `kind`, `unit` ("" for none), `meaning`."""

    name: str
    kind: Kind
    unit: str
    meaning: str


def _columns(text: str) -> tuple[Column, ...]:
    rows = [[part.strip() for part in line.split("|")] for line in text.strip().splitlines()]
    return tuple(Column(name, kind, unit, meaning) for name, kind, unit, meaning in rows)  # type: ignore[arg-type]


SCHEMA_VERSION = 1

CHAIN_PLAIN = _columns("""
timestamp | instant | UTC | the cycle's instant
observed_at | instant | UTC | latest receive instant of the unit; of a backfilled row the repair's
underlying | text | | name of the index
expiry | date | IST | last trading day
bucket | text | | first bucket this expiry fills, or its date or nth_N
bucket_mask | flags | | every bucket this expiry fills: 1 this_week, 2 next_week, 4 this_month, 8 next_month
offset | integer | strikes | listed strikes from ATM, 0 at the money
strike | float | points | strike price
spot | float | points | last price of the index
spot_source | text | | live, frozen (closing auction), stale, none where there is no spot, or disputed where a source gives several
spot_age_seconds | float | s | cycle's instant less the index's own time
future | float | points | last price of the nearest index future
vix | float | % | India VIX
forward | float | points | forward of this expiry
forward_source | text | | parity, parity_last, future, carry or spot_rate
forward_spread | float | points | median absolute deviation of the parity forward over its strikes
atm | float | points | listed strike nearest to the forward, with hysteresis
years_to_expiry | float | years of 365 d | time to the settlement fix
rate | float | fraction | continuously compounded risk-free rate used
dte | integer | days | calendar days to expiry, 0 on the day
lot_size | integer | units | contract size of this expiry
model | text | | black76, nse or bse
config_id | text | | the configuration this row was made under
tick_size | float | points | smallest step of a premium
""")

CHAIN_SIDE = _columns("""
symbol | text | | trading symbol, empty where this side is not listed
token | integer | | the broker's instrument number
last | float | points | last traded price, however old
bid | float | points | best bid
ask | float | points | best ask
bid_quantity | integer | units | quantity at the best bid
ask_quantity | integer | units | quantity at the best ask
buy_quantity | integer | units | total pending buy quantity
sell_quantity | integer | units | total pending sell quantity
price | float | points | the price that was analysed
price_source | text | | mid or last, empty for none
time_value | float | points | price less discounted intrinsic value on the forward
open | float | points | day's first trade
high | float | points | day's high
low | float | points | day's low
close | float | points | previous session's close
volume | integer | units | day's cumulative volume
oi | integer | units | open interest
oi_prev | integer | units | open interest at the end of the previous session
oi_day_high | integer | units | day's highest open interest
oi_day_low | integer | units | day's lowest open interest
average_price | float | points | day's volume-weighted average price
last_trade_time | instant | UTC | time of the last trade
quote_time | instant | UTC | the exchange's time up to which this quote stood
age_seconds | float | s | cycle's instant less quote_time
source | text | | stream, rest, replay, sim or backfill; replay_units or replay_contracts where a person said what a table counts
quality | flags | | 1 stale, 2 untraded today, 4 no two-sided book, 8 crossed, 16 below intrinsic, 32 wide, 64 missing, 128 repaired, 256 age unknown, 512 impossible open interest, 1024 last price zero or less, 2048 thin, 4096 last price far from where it was quoted
iv | iv | fraction per sqrt(year) | implied volatility
iv_bid | iv | fraction per sqrt(year) | implied volatility of the bid
iv_ask | iv | fraction per sqrt(year) | implied volatility of the ask
iv_status | text | | ok, shared, fallback, or why there is none (at_payoff: within rounding of the payoff); empty where this side is not listed
delta | iv | per unit | change of the premium per point of spot
gamma | iv | 1/points | change of delta per point
theta | iv | points per day | change of the premium per calendar day
vega | iv | points per 1 % | change of the premium per 1 % of volatility
rho | iv | points per 1 % | change of the premium per 1 % of rate
bid_depth | integer | units | quantity of the five best bids; none where the source gives the best alone
ask_depth | integer | units | quantity of the five best asks; none where the source gives the best alone
microprice | iv | points | mid of the best levels, each weighted by the other side's quantity; none without two sides
liquidity | iv | 0 to 1 | 1 / (1 + spread / (0.1 × mid)) to three decimals; 0 without two sides or a trade today
""")

CHAIN = CHAIN_PLAIN + tuple(
    Column(side + column.name, column.kind, column.unit, f"{word}: {column.meaning}")
    for side, word in (("ce_", "call"), ("pe_", "put"))
    for column in CHAIN_SIDE
)

OVERVIEW = _columns("""
timestamp | instant | UTC | the cycle's instant
observed_at | instant | UTC | latest receive instant of the unit
underlying | text | | name of the index
spot | float | points | last price of the index
spot_source | text | | live, frozen, stale, none where there is no spot, or disputed where a source gives several
spot_age_seconds | float | s | cycle's instant less the index's own time
open | float | points | index: day's open
high | float | points | index: day's high
low | float | points | index: day's low
prev_close | float | points | index: previous close
change_pct | float | % | spot against prev_close
future | float | points | nearest future
future_expiry | date | IST | its expiry
basis | float | points | future less spot
vix | float | % | India VIX
expiry_nearest | date | IST | nearest expiry whose fix lies ahead; the *_nearest figures are its
forward | float | points | forward of expiry_nearest
forward_source | text | | as in the chain
forward_spread | float | points | as in the chain
atm | float | points | ATM of expiry_nearest by forward
atm_spot | float | points | listed strike nearest to spot
pcr_this_week | float | ratio | put OI / call OI, whole chain of this bucket
pcr_next_week | float | ratio | put OI / call OI, whole chain of this bucket
pcr_this_month | float | ratio | put OI / call OI, whole chain of this bucket
pcr_next_month | float | ratio | put OI / call OI, whole chain of this bucket
pcr_window_nearest | float | ratio | put OI / call OI over the strike window
pcr_volume_nearest | float | ratio | put volume / call volume, whole chain
oi_strikes | integer | strikes | strikes with known OI of expiry_nearest, whole chain
max_pain_nearest | float | points | strike with the least intrinsic value of open options
support | float | points | strike with most put OI below the forward
resistance | float | points | strike with most call OI above the forward
oi_calls | integer | units | call OI of expiry_nearest
oi_puts | integer | units | put OI of expiry_nearest
atm_iv_this_week | float | fraction per sqrt(year) | ATM implied volatility of this bucket
atm_iv_next_week | float | fraction per sqrt(year) | ATM implied volatility of this bucket
atm_iv_this_month | float | fraction per sqrt(year) | ATM implied volatility of this bucket
atm_iv_next_month | float | fraction per sqrt(year) | ATM implied volatility of this bucket
straddle_nearest | float | points | call + put at ATM, mids
em_sd | float | points | expected move of one standard deviation to expiry, F σ √T
em_straddle | float | points | 0.85 × straddle
rr25 | float | fraction per sqrt(year) | 25-delta risk reversal, call less put
bf25 | float | fraction per sqrt(year) | 25-delta butterfly, mean less ATM
day_width | float | points | index: day's high less low
expiries_expected | integer | expiries | distinct dates wanted
expiries_collected | integer | expiries | distinct dates that came
expected_mask | flags | | buckets wanted and listed
collected_mask | flags | | buckets that came
missing_mask | flags | | expected and not collected
options | integer | options | options with a quote
rejected | integer | options | options asked for and missing or refused
iv_ok | integer | options | options with an implied volatility of their own or shared
iv_unavailable | integer | options | options that have none to find
iv_failed | integer | options | options the solver failed on
status | text | | OK, PARTIAL, MISSING or SKIPPED
reason | text | | why it is not OK
pcr_nearest | float | ratio | put OI / call OI of expiry_nearest, whole chain
atm_iv_nearest | float | fraction per sqrt(year) | ATM implied volatility of expiry_nearest
oi_age_seconds | float | s | age of the oldest open interest in the whole-chain figures of expiry_nearest; 0: all of this cycle; empty: not whole
quote_age_seconds | float | s | cycle's instant less the newest instant of the index's own data: its freshest option quote, else its print
quote_source | text | | where the option quotes are from, the most frequent first: stream, rest, sim, replay, backfill, import
""")

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
"""Of an offset's CSV file; it grows at its end."""
GREEK_COLUMNS = frozenset(
    f"{side}_{name}"
    for side in ("ce", "pe")
    for name in ("iv", "delta", "theta", "vega", "gamma", "rho")
)


def csv_header(greeks: bool) -> list[str]:
    """Return the header of an offset's CSV file; the Greek columns are there only when Greeks are on."""
    return [name for name in CSV_HEADER if greeks or name not in GREEK_COLUMNS]
