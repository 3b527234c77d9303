"""Every figure that G6 derives, as a contract: what it is called everywhere, its unit, its sign, its convention, its definition.

An id is the name of the figure's column in the overview, or `subject.field` for what stands in no row. Figures of one option are
columns of the chain, defined in `rows`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["CONTRACTS", "Contract", "as_document", "as_page"]


@dataclass(frozen=True, slots=True)
class Contract:
    """One figure. `sign`: what a positive value means, or that it has none; `convention`: the assumption behind it, or ""."""

    id: str
    unit: str
    sign: str
    convention: str
    definition: str


def _contracts(text: str) -> tuple[Contract, ...]:
    rows = [[part.strip() for part in line.split("|")] for line in text.strip().splitlines()]
    return tuple(Contract(*row) for row in rows)


CONTRACTS = _contracts("""
pcr_this_week | ratio | not negative | whole chain | Σ put OI / Σ call OI over all strikes listed for the bucket; unknown OI adds nothing; NaN without calls or while more than 5 % of the strikes are not known
pcr_next_week | ratio | not negative | whole chain | as pcr_this_week
pcr_this_month | ratio | not negative | whole chain | as pcr_this_week
pcr_next_month | ratio | not negative | whole chain | as pcr_this_week
pcr_nearest | ratio | not negative | whole chain | as pcr_this_week, of the nearest expiry whose settlement fix lies ahead
pcr_window_nearest | ratio | not negative | strikes around ATM | Σ put OI / Σ call OI over the window of configured offsets of the nearest expiry
pcr_volume_nearest | ratio | not negative | whole chain | Σ put volume / Σ call volume of the day, nearest expiry
oi_strikes | strikes | not negative | | strikes with known OI on either side: what the sums hold
oi_calls | units | not negative | contracts × lot | Σ call OI of the nearest expiry
oi_puts | units | not negative | contracts × lot | Σ put OI of the nearest expiry
oi_age_seconds | s | not negative | market time | cycle − the cycle with which the oldest open interest of the whole chain came; under a window strikes beyond it are asked for in turn
max_pain_nearest | points | positive | lower strike on a tie | the listed strike at which Σ OI × intrinsic value over both sides is least
support | points | positive | nearest the forward on a tie | strike below the forward with the most put OI, whole chain
resistance | points | positive | nearest the forward on a tie | strike above the forward with the most call OI, whole chain
atm_iv_this_week | fraction per √year | positive | out-of-the-money sides | volatility at the forward, linear in strike between the two strikes around it
atm_iv_next_week | fraction per √year | positive | out-of-the-money sides | as atm_iv_this_week
atm_iv_this_month | fraction per √year | positive | out-of-the-money sides | as atm_iv_this_week
atm_iv_next_month | fraction per √year | positive | out-of-the-money sides | as atm_iv_this_week
atm_iv_nearest | fraction per √year | positive | out-of-the-money sides | as atm_iv_this_week, of the nearest expiry whose settlement fix lies ahead
straddle_nearest | points | positive | mids where there is a book | call + put at ATM of the nearest expiry
em_sd | points | positive | lognormal, 68 % of outcomes | F σ √T to the settlement fix
em_straddle | points | positive | about half of outcomes | 0.85 × straddle
rr25 | fraction per √year | positive: calls dearer | forward delta | IV(25Δ call) − IV(25Δ put), each linear in delta between strikes, and from the forward to the first of them; NaN when 25Δ lies outside the strikes
bf25 | fraction per √year | positive: wings dearer | forward delta | (IV(25Δ call) + IV(25Δ put)) / 2 − ATM IV
basis | points | positive: future above index | nearest future | future − spot
change_pct | % | positive: up | | 100 × (spot / previous close − 1)
day_width | points | not negative | | day's high − low of the index
expiry.em_session | points | positive | 252 sessions a year | F σ / √252
expiry.slope | fraction per √year per σ | negative: downside dearer | x = ln(K/F)/(σ_ATM √T) | slope at the forward of the parabola through the volatilities at 25Δ put, ATM and 25Δ call
expiry.curvature | fraction per √year per σ² | positive: wings dearer | as expiry.slope | second derivative of the same parabola
expiry.support_deviations | σ | negative: below the forward | standard deviations to the fix | (strike − forward) / (F σ √T)
exposures.gex | ₹ per 1 % move | positive: dealers long gamma | dealer_short_puts_long_calls | Σ ± γ · OI · S*² / 100, calls +, puts −; S* = F e^{−rT}
exposures.dex | ₹ | the holder's: positive long | holder | Σ δ · OI · S*
exposures.vex | ₹ per 1 % of volatility | the holder's: positive long | holder | Σ vega · OI
exposures.vanna | ₹ of delta per 1 % of volatility | calls +, puts − | dealer_short_puts_long_calls | Σ ± vanna · OI · S*
exposures.charm | ₹ of delta per day | calls +, puts − | dealer_short_puts_long_calls | Σ ± charm · OI · S*
exposures.vomma | ₹ of vega per 1 % of volatility | the holder's: positive long | holder | Σ vomma · OI
exposures.wall_call | points | positive | lower strike on a tie | strike with the largest call GEX over all expiries
exposures.wall_put | points | positive | lower strike on a tie | strike with the largest put GEX, by size, over all expiries
exposures.interest_call | points | positive | lower strike on a tie | strike with the most call OI over all expiries
exposures.interest_put | points | positive | lower strike on a tie | strike with the most put OI over all expiries
exposures.flip | points | positive | each option's σ held | root of net GEX over the index within ±10 %, the nearest to spot; else NaN
exposures.regime | word | | dealer_short_puts_long_calls | long_gamma when net GEX is positive, short_gamma when negative
risk.delta | units | the holder's | own σ; moneyness φ ln(K/F)/(σ√T) | Σ delta · OI by moneyness class and expiry bucket
risk.gamma | units per point | the holder's | as risk.delta | Σ gamma · OI
risk.theta | ₹ per day | the holder's: negative loses | as risk.delta | Σ theta · OI
risk.vega | ₹ per 1 % of volatility | the holder's | as risk.delta | Σ vega · OI
risk.rho | ₹ per 1 % of rate | the holder's | as risk.delta | Σ rho · OI
surface.iv | fraction per √year | positive | no butterfly, no calendar arbitrage | volatility at strike and time inside the hull of the quoted strikes, NaN outside; total variance linear in time
surface.quality | 0 to 1 | | one half at half a volatility point | 1 / (1 + (residual / 0.005)²); NaN under five strikes
open_interest.change | units | positive: opened | never under 180 s | OI − OI before (previous session, open or N minutes); zero before the day's first publication is unknown
open_interest.build_up | word | | neutral under one tick or 0.5 % of OI | by premium and OI: up up long_build_up, down up short_build_up, up down short_covering, down down long_unwinding
open_interest.z_score | deviations | positive: more than usual | median and MAD of its own steps | (step − median) / (1.4826 · MAD); NaN under five steps
series.rank | fraction | | previous 252 sessions | (x − min)/(max − min) of 30-day constant-maturity ATM IV; NaN under 20 days; n_days beside it
series.percentile | fraction | | previous 252 sessions | share of days below x; NaN under 20 days
series.interest | ratio, points, units | not negative | chosen strikes, or all; nearest expiry unless one is named | PCR, volume PCR, max pain and sums by cycle over the chosen strikes alone
series.straddle | points | positive | nearest expiry | ATM straddle by cycle; rolled marks a change of strike or expiry
term_structure.constant_maturity | fraction per √year | positive | 7, 14, 30 calendar days | ATM volatility, total variance linear in time between expiries; NaN outside them
term_structure.forward_volatility | fraction per √year | positive | | √((σ₂²T₂ − σ₁²T₁)/(T₂ − T₁)); NaN where total variance falls
spreads.spread | points | not negative | two-sided, uncrossed books | ask − bid; median, 90th percentile and worst per strike over cycles, median in ticks, % of mid and volatility per expiry
spreads.microprice | points | positive | best level, other side's quantity | (bid · ask quantity + ask · bid quantity) / (bid quantity + ask quantity); NaN without two sides; column `microprice`
spreads.liquidity | 0 to 1 | not negative | one half at a spread of a tenth of the mid | 1 / (1 + spread / (0.1 · mid)); 0 without two sides or a trade today; column `liquidity`
expected_moves.bands | points | positive | 68 %, 68 % and 50 % of outcomes | F σ/√252 around the index for a session; F σ √T and 0.85 × straddle around the forward to the fix
expected_moves.coverage | fraction | not negative | drawn at the last cycle before 15:15 | share of stored days on which the index at the next reference (session) or at the fix (expiry) lay within the band
breadth.market | count of known | not negative | | indices above the day's open, above the previous close; futures above the day's VWAP
breadth.since_close | count of known | not negative | by side | options with a higher last price than the previous close (traded today), and with more OI than the previous session
""")  # fmt: skip


def as_document() -> list[dict[str, Any]]:
    """Return the contracts for machines: one mapping each, keys as in `Contract`."""
    return [asdict(each) for each in CONTRACTS]


def as_page() -> str:
    """Return the contracts as a Markdown table."""
    head = "# Metric contracts\n\nAn id without a point is a column of the overview row. `contracts.json` holds the same.\n"
    lines = [
        f"| `{each.id}` | {each.unit} | {each.sign} | {each.convention} | {each.definition} |"
        for each in CONTRACTS
    ]
    return (
        "\n".join(
            [
                head,
                "| id | unit | sign | convention | definition |",
                "|---|---|---|---|---|",
                *lines,
            ]
        )
        + "\n"
    )
