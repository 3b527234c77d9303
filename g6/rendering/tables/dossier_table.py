"""Trends, term structure and volatility rank on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import LAKH, in_india, number, percent
from g6.studies.stored.dossier import FIGURES, Dossier

_FOUR_PLACES = ("atm_iv", "rr", "bf", "pcr")
"""Beginnings of the names of figures that are fractions or ratios."""


def parts(document: Dossier, _: NoView) -> Iterator[Part]:
    """Yield trends, then volatilities by maturity and their rank."""
    yield f"{document.index}  {in_india(document.cycle)}"
    yield _trends_table(document)
    maturities = document.constant_maturity.items()
    constant = ", ".join(f"{days}d {percent(iv)}" for days, iv in maturities)
    between = ", ".join(map(percent, document.forward_volatility)) or "–"
    yield Line(f"ATM IV at constant maturity, %: {constant}; between expiries: {between}")
    rank = document.iv_rank
    yield (
        f"IV rank {percent(rank.rank)} %, percentile {percent(rank.percentile)} %, "
        f"of {rank.n_days} days"
    )


def _trends_table(document: Dossier) -> Table:
    """Return one line per figure: its change over each window, its range over the longest."""
    windows = sorted({trend.seconds for trend in document.trends})
    changes = [f"Δ {seconds / 60:g}m" for seconds in windows]
    table = plain_table()
    table.add_column("figure", no_wrap=True)
    for name in ("now", *changes, "low", "high"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in FIGURES:
        table.add_row(*_line(document, name, windows))
    return table


def _line(document: Dossier, name: str, windows: list[float]) -> list[str]:
    trends = {trend.seconds: trend for trend in document.trends if trend.name == name}
    # Low and high are those of the longest window: the others lie within.
    longest = trends[windows[-1]]
    is_interest = name.startswith("oi_")
    unit = LAKH if is_interest else 1.0
    places = 4 if name.startswith(_FOUR_PLACES) else 1
    return [
        f"{name}, lakh" if is_interest else name,
        number(longest.last / unit, places),
        *(number(trends[seconds].change / unit, places, sign=True) for seconds in windows),
        number(longest.low / unit, places),
        number(longest.high / unit, places),
    ]
