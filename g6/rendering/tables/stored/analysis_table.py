"""What stored chains say on a terminal: figures by expiry, exposures, risk, breadth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

from rich.table import Table

from g6.domain.figures import breadth, exposures
from g6.domain.figures.by_expiry import ExpiryFigures
from g6.domain.figures.exposure_summary import ExposureSummary
from g6.domain.figures.open_interest import InterestLevel
from g6.rendering.contract_words import exposure_legend
from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import (
    CRORE,
    LAKH,
    WHOLE_CHAIN,
    in_india,
    lacks_whole_chain,
    lakh,
    number,
    points,
    spelled,
)
from g6.studies.stored.analysis import Analysis, IndexAnalysis

NUMBERS: Sequence[tuple[str, str, int]] = (
    ("forward", "forward", 2),
    ("ATM", "atm", 0),
    ("PCR by OI", "pcr", 3),
    ("PCR by volume", "pcr_volume", 3),
    ("max pain", "max_pain", 0),
    ("straddle at ATM", "straddle", 2),
    ("move ±, 1σ (68 %)", "em_sd", 1),
    ("move ±, straddle (50 %)", "em_straddle", 1),
    ("move ±, one session", "em_session", 1),
)
"""Lines of the table of figures that are one number: label, field, places."""
PERCENTAGES: Sequence[tuple[str, str]] = (
    ("ATM IV, %", "atm_iv"),
    ("risk reversal 25Δ, %", "rr25"),
    ("butterfly 25Δ, %", "bf25"),
    ("slope, % a σ", "slope"),
    ("curvature, % a σ²", "curvature"),
)
"""Lines that are a fraction shown in percent: label, field."""


EXPOSURES: Sequence[tuple[str, str]] = (
    ("GEX\nper 1 %", "gex"),
    ("DEX\n", "dex"),
    ("VEX\nper vol point", "vex"),
    ("vanna\nper vol point", "vanna"),
    ("charm\nper day", "charm"),
    ("vomma\nper vol point", "vomma"),
)
"""Columns of the table of exposures: heading and field."""


def parts(document: Analysis, _: NoView) -> Iterator[Part]:
    """Yield each index's figures, then how many indices stand above their marks."""
    for index in document.indices:
        yield from _index_parts(index)
    market = document.market_breadth
    # Of one index the three shares say what its own figures say.
    if len(document.indices) < 2:
        return
    yield (
        f"of the indices above the open {_share(market.above_open)}, above the previous close "
        f"{_share(market.above_close)}; futures above their VWAP "
        f"{_share(market.futures_above_vwap)}"
    )


def _index_parts(index: IndexAnalysis) -> Iterator[Part]:
    yield f"[bold]{index.index}[/bold] · {in_india(index.cycle)} · spot {number(index.spot)}"
    yield figures_table(index.expiries)
    yield Line(
        "points unless a line says otherwise; σ: one standard deviation to the expiry\n"
        "support: highest put OI below the forward; resistance: highest call OI above it"
    )
    if any(lacks_whole_chain(expiry.pcr, expiry.atm) for expiry in index.expiries):
        yield Line(WHOLE_CHAIN)
    sums = index.exposures
    yield f"\nexposures of {sums.options} options in ₹ crore"
    yield exposures_table(sums)
    yield Line(exposure_legend(sums.convention))
    yield from _levels(sums)
    yield from _rising(index.breadth)
    yield "\nrisk: open interest × Greek, by expiry and moneyness"
    yield risk_table(index.risk)


def _rising(shares: breadth.Breadth) -> Iterator[str]:
    yield (
        "rising since the previous close: "
        f"call prices {_share(shares.call_premium)}, call OI {_share(shares.call_oi)}, "
        f"put prices {_share(shares.put_premium)}, put OI {_share(shares.put_oi)}"
    )


def _share(share: breadth.Share) -> str:
    return f"{share.count} of {share.known}"


def exposures_table(sums: ExposureSummary) -> Table:
    """Return the sums over all expiries in one line."""
    table = plain_table()
    for head, _ in EXPOSURES:
        table.add_column(head, justify="right", no_wrap=True)
    cells = [number(getattr(sums, name) / CRORE, 1, sign=True) for _, name in EXPOSURES]
    table.add_row(*cells)
    return table


def _levels(sums: ExposureSummary) -> Iterator[Line]:
    """Yield gamma walls and flip, and where it lies between the strikes of the highest OI."""
    yield Line(
        f"gamma walls (most GEX): calls {points(sums.wall_call)}, puts {points(sums.wall_put)}"
    )
    # Far outside them it says more of the convention of who holds what than of the market.
    low, high = sorted((sums.interest_put, sums.interest_call))
    outside = max(low - sums.flip, sums.flip - high)
    if outside > 0:
        where = f"{number(outside, 0)} points outside the highest OI"
    else:
        where = "between the highest OI" if isfinite(outside) else "nowhere near"
    put = points(sums.interest_put)
    call = points(sums.interest_call)
    yield Line(f"highest OI of all expiries: calls {call}, puts {put}")
    flip = number(sums.flip, 0)
    yield Line(f"GEX changes sign (flip) at {flip}, {where}: {spelled(sums.regime)}")


def figures_table(expiries: Sequence[ExpiryFigures]) -> Table:
    """Return one column per expiry, one line per figure."""
    table = plain_table()
    table.add_column("")
    for expiry in expiries:
        head = f"{expiry.expiry:%d %b}\n{spelled(expiry.bucket)}"
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
    interest = lakh(level.oi, 1)
    deviations = number(level.deviations, 1, sign=True)
    return f"{points(level.strike)}\n{interest}, {deviations}"


def risk_table(risks: Sequence[exposures.Risk]) -> Table:
    """Return one line per expiry bucket and moneyness class."""
    table = plain_table()
    for name in ("\nexpiry", "\nmoney"):
        table.add_column(name, no_wrap=True)
    heads = ("\noptions", "delta\nlakh", "gamma\nlakh", "theta\n₹ crore a day", "vega\n₹ crore")
    for name in heads:
        table.add_column(name, justify="right", no_wrap=True)
    for risk in risks:
        table.add_row(
            spelled(risk.bucket),
            spelled(risk.moneyness),
            f"{risk.options:,}",
            number(risk.delta / LAKH, 1),
            number(risk.gamma / LAKH, 3),
            number(risk.theta / CRORE, 1),
            number(risk.vega / CRORE, 1),
        )
    return table
