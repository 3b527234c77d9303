"""What stored chains say on a terminal: figures by expiry, exposures, risk, breadth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from math import isfinite

from rich.table import Table

from g6.domain.figures import breadth, exposures
from g6.domain.figures.by_expiry import ExpiryFigures
from g6.domain.figures.open_interest import InterestLevel
from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import CRORE, LAKH, in_india, number
from g6.studies.stored.analysis import Analysis, ExposureSummary, IndexAnalysis

NUMBERS: Sequence[tuple[str, str, int]] = (
    ("forward", "forward", 2),
    ("ATM", "atm", 0),
    ("PCR", "pcr", 3),
    ("PCR volume", "pcr_volume", 3),
    ("max pain", "max_pain", 0),
    ("straddle", "straddle", 2),
    ("EM 68 % (σ)", "em_sd", 1),
    ("EM 50 % (straddle)", "em_straddle", 1),
    ("EM one session", "em_session", 1),
)
"""Lines of the table of figures that are one number: label, field, places."""
PERCENTAGES: Sequence[tuple[str, str]] = (
    ("ATM IV %", "atm_iv"),
    ("RR 25Δ %", "rr25"),
    ("BF 25Δ %", "bf25"),
    ("slope %/σ", "slope"),
    ("curvature %/σ²", "curvature"),
)
"""Lines that are a fraction shown in percent: label, field."""


def parts(document: Analysis, _: NoView) -> Iterator[Part]:
    """Yield each index's figures, then how many indices stand above their marks."""
    for index in document.indices:
        yield from _index_parts(index)
    yield Line(f"market breadth: {_shares(document.market_breadth)}")


def _index_parts(index: IndexAnalysis) -> Iterator[Part]:
    yield f"[bold]{index.index}[/bold]  {in_india(index.cycle)}  spot {number(index.spot)}"
    yield figures_table(index.expiries)
    yield Line(_exposure_lines(index.exposures))
    yield Line(f"rising since the previous close: {_shares(index.breadth)}")
    yield "risk (OI × Greek): delta, gamma in lakh units; theta, vega in ₹ crore"
    yield risk_table(index.risk)


def _shares(shares: breadth.Breadth | breadth.MarketBreadth) -> str:
    words = []
    for field in fields(shares):
        share: breadth.Share = getattr(shares, field.name)
        words.append(f"{field.name.replace('_', ' ')} {share.count} of {share.known}")
    return ", ".join(words)


def _exposure_lines(sums: ExposureSummary) -> str:
    crore = {
        name: number(getattr(sums, name) / CRORE, 1, sign=True) for name in exposures.EXPOSURES
    }
    return (
        f"exposures, ₹ crore ({sums.convention}, {sums.options} options)\n"
        f"  GEX {crore['gex']} per 1 %   DEX {crore['dex']}   VEX {crore['vex']} per vol point\n"
        f"  vanna {crore['vanna']} per vol point   charm {crore['charm']} per day"
        f"   vomma {crore['vomma']} per vol point\n"
        f"  call wall {number(sums.wall_call, 0)}   put wall {number(sums.wall_put, 0)}   "
        f"flip {number(sums.flip, 0)}   {sums.regime.replace('_', ' ')}\n"
        f"  {_band(sums)}"
    )


def _band(sums: ExposureSummary) -> str:
    """Return where the flip lies between the walls of open interest."""
    # Far outside them it says more of the convention of who holds what than of the market.
    low, high = sorted((sums.interest_put, sums.interest_call))
    outside = max(low - sums.flip, sums.flip - high)
    if outside > 0:
        where = f"flip {number(outside, 0)} points outside"
    else:
        where = "flip inside" if isfinite(outside) else "no flip"
    put = number(sums.interest_put, 0)
    call = number(sums.interest_call, 0)
    return f"most put OI {put}, most call OI {call}: {where}"


def figures_table(expiries: Sequence[ExpiryFigures]) -> Table:
    """Return one column per expiry, one line per figure."""
    table = plain_table()
    table.add_column("")
    for expiry in expiries:
        head = f"{expiry.expiry:%d %b}\n{expiry.bucket}"
        table.add_column(head, justify="right", no_wrap=True)
    for label, name, places in NUMBERS:
        table.add_row(label, *(number(getattr(expiry, name), places) for expiry in expiries))
    for label, name in PERCENTAGES:
        table.add_row(label, *(number(100 * getattr(expiry, name), 2) for expiry in expiries))
    for name in ("support", "resistance"):
        levels = [_level(getattr(expiry, name)) for expiry in expiries]
        table.add_row(f"{name}\n  OI lakh, σ away", *levels)
    return table


def _level(level: InterestLevel) -> str:
    interest = number(level.oi / LAKH, 1)
    deviations = number(level.deviations, 1, sign=True)
    return f"{number(level.strike, 0)}\n{interest}, {deviations}"


def risk_table(risks: Sequence[exposures.Risk]) -> Table:
    """Return one line per expiry bucket and moneyness class."""
    table = plain_table()
    for name in ("bucket", "moneyness"):
        table.add_column(name)
    for name in ("options", "delta", "gamma", "theta", "vega"):
        table.add_column(name, justify="right")
    for risk in risks:
        table.add_row(
            risk.bucket,
            risk.moneyness.replace("_", " "),
            str(risk.options),
            number(risk.delta / LAKH, 1),
            number(risk.gamma / LAKH, 3),
            number(risk.theta / CRORE, 1),
            number(risk.vega / CRORE, 1),
        )
    return table
