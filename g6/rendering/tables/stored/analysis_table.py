"""What stored chains say on a terminal: figures by expiry, exposures, risk, breadth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from math import isfinite

from rich.table import Table

from g6.domain.figures import breadth, exposures
from g6.domain.figures.by_expiry import ExpiryFigures
from g6.domain.figures.exposure_summary import ExposureSummary
from g6.domain.figures.open_interest import InterestLevel
from g6.rendering.contract_words import exposure_legend
from g6.rendering.parts import Line, Part, plain_table
from g6.rendering.tables.stored.strike_window import AllLines
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
    stale_words,
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
LEFT_OUT = frozenset({"slope", "curvature"})
"""Fields that a low screen has no line for."""
UNITS = "points unless a line says otherwise; σ: one standard deviation to the expiry"
FIGURE_LINES = 20
"""Lines of one index of which a screen shows figures alone."""
OTHER_LINES = 28
"""Lines that stand beside them where everything is shown, on notes too, but the lines of risk."""
LINES_BELOW = 3
"""The line of the units, the one that says what is not shown, and that of the cursor."""


@dataclass(frozen=True, slots=True)
class AnalysisView:
    """Whether everything is shown."""

    all_: AllLines = False


@dataclass(frozen=True, slots=True)
class FittedAnalysis(AnalysisView):
    """How many lines a screen has."""

    lines: int = 0


VIEW = AnalysisView


def fitted(view: AnalysisView, height: int) -> AnalysisView:
    """Return a view of what fits so many lines."""
    return view if view.all_ else FittedAnalysis(lines=height)


EXPOSURES: Sequence[tuple[str, str]] = (
    ("GEX\nper 1 %", "gex"),
    ("DEX\n", "dex"),
    ("VEX\nper vol point", "vex"),
    ("vanna\nper vol point", "vanna"),
    ("charm\nper day", "charm"),
    ("vomma\nper vol point", "vomma"),
)
"""Columns of the table of exposures: heading and field."""


def parts(document: Analysis, view: AnalysisView) -> Iterator[Part]:
    """Yield each index's figures, then how many indices stand above their marks."""
    if isinstance(view, FittedAnalysis) and _lines(document) > view.lines:
        yield from _screen(document, view.lines)
        return
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


def _lines(document: Analysis) -> int:
    """Return how many lines everything takes."""
    return sum(FIGURE_LINES + OTHER_LINES + len(index.risk) for index in document.indices)


def _screen(document: Analysis, lines: int) -> Iterator[Part]:
    """Yield the figures by expiry of as many indices as fit, at least of one."""
    most = max(1, (lines - LINES_BELOW) // FIGURE_LINES)
    indices = document.indices[:most]
    for index in indices:
        yield _heading(index)
        yield figures_table(index.expiries, LEFT_OUT)
    yield Line(UNITS)
    rest = "exposures and risk: --all"
    count = len(document.indices)
    if len(indices) < count:
        rest = f"{len(indices)} of {count} indices, without {rest}"
    yield Line(rest)


def _heading(index: IndexAnalysis) -> str:
    words = f"[bold]{index.index}[/bold] · {in_india(index.cycle)} · spot {number(index.spot)}"
    age = stale_words(index.stale_seconds)
    return f"{words} · {age}" if age else words


def _index_parts(index: IndexAnalysis) -> Iterator[Part]:
    yield _heading(index)
    yield figures_table(index.expiries)
    yield Line(
        f"{UNITS}\nsupport: highest put OI below the forward; resistance: highest call OI above it"
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


def figures_table(expiries: Sequence[ExpiryFigures], without: Set[str] = frozenset()) -> Table:
    """Return one column per expiry, one line per figure.

    Args:
        expiries: The expiries.
        without: Fields of percentages that are left out.
    """
    table = plain_table()
    table.add_column("")
    for expiry in expiries:
        head = f"{expiry.expiry:%d %b}\n{spelled(expiry.bucket)}"
        table.add_column(head, justify="right", no_wrap=True)
    for label, name, places in NUMBERS:
        table.add_row(label, *(number(getattr(expiry, name), places) for expiry in expiries))
    for label, name in PERCENTAGES:
        if name in without:
            continue
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
