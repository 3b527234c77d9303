"""Trends, term structure and volatility rank on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import LAKH, in_india, number, percent
from g6.studies.stored.dossier import FIGURES, Dossier

LABELS: Mapping[str, tuple[str, float, int]] = {
    "spot": ("index", 1, 1),
    "forward": ("forward", 1, 1),
    "basis": ("forward − index", 1, 2),
    "vix": ("India VIX", 1, 2),
    "atm_iv_this_week": ("ATM IV this week, %", 100, 2),
    "atm_iv_this_month": ("ATM IV this month, %", 100, 2),
    "straddle_nearest": ("straddle, nearest", 1, 2),
    "em_sd": ("move to expiry, ±", 1, 1),
    "rr25": ("risk reversal 25Δ, %", 100, 2),
    "bf25": ("butterfly 25Δ, %", 100, 2),
    "pcr_this_week": ("PCR this week", 1, 3),
    "pcr_this_month": ("PCR this month", 1, 3),
    "max_pain_nearest": ("max pain", 1, 0),
    "support": ("support", 1, 0),
    "resistance": ("resistance", 1, 0),
    "oi_calls": ("OI calls, lakh", 1 / LAKH, 1),
    "oi_puts": ("OI puts, lakh", 1 / LAKH, 1),
}
"""By the figure: its name for a person, the factor to the unit that is shown, and its places."""


def parts(document: Dossier, _: NoView) -> Iterator[Part]:
    """Yield trends, then volatilities by maturity and their rank."""
    yield Line(f"{document.index} · {in_india(document.cycle)}")
    yield _trends_table(document)
    maturities = document.constant_maturity.items()
    constant = ", ".join(f"{days} d {percent(iv)}" for days, iv in maturities)
    between = ", ".join(map(percent, document.forward_volatility)) or "–"
    yield f"ATM IV at constant maturity, %: {constant}; between expiries: {between}"
    rank = document.iv_rank
    yield Line(
        f"IV rank {percent(rank.rank)} %, percentile {percent(rank.percentile)} %, "
        f"of {rank.n_days} stored days"
    )
    yield (
        "points unless a line says otherwise; low and high are of the longest window; "
        "support and resistance: most OI of puts and calls"
    )


def _trends_table(document: Dossier) -> Table:
    """Return one line per figure: its change over each window, its range over the longest."""
    windows = sorted({trend.seconds for trend in document.trends})
    changes = [f"Δ\n{seconds / 60:g} min" for seconds in windows]
    table = plain_table()
    table.add_column("\nfigure", no_wrap=True)
    for name in ("\nnow", *changes, "\nlow", "\nhigh"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in FIGURES:
        table.add_row(*_line(document, name, windows))
    return table


def _line(document: Dossier, name: str, windows: list[float]) -> list[str]:
    trends = {trend.seconds: trend for trend in document.trends if trend.name == name}
    # Low and high are those of the longest window: the others lie within.
    longest = trends[windows[-1]]
    label, factor, places = LABELS[name]
    return [
        label,
        number(factor * longest.last, places),
        *(number(factor * trends[seconds].change, places, sign=True) for seconds in windows),
        number(factor * longest.low, places),
        number(factor * longest.high, places),
    ]
