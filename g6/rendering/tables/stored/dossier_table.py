"""Trends, term structure and volatility rank on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isnan
from textwrap import wrap

from rich.table import Table

from g6.domain.figures.series import LEAST_DAYS, Rank
from g6.domain.figures.trends import NoTrend
from g6.rendering.parts import Line, Part, WideLine, plain_table
from g6.rendering.tables.stored.strike_window import AllLines
from g6.rendering.wording import LAKH, in_india, number, percent
from g6.studies.stored.dossier import FIGURES, Dossier

LABELS: Mapping[str, tuple[str, float, int]] = {
    "spot": ("index", 1, 1),
    "forward": ("forward", 1, 1),
    "basis": ("future − index", 1, 2),
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
REASONS: Mapping[str, str] = {
    NoTrend.NOT_STORED: (
        "– over {lengths} min, nothing is stored near its start (--windows asks for others)"
    ),
    NoTrend.ROLLED: "– over {lengths} min, it was of another expiry then",
    NoTrend.UNKNOWN_NOW: "– now, the newest cycle has no value",
}
"""What is said of each reason why a change is not known."""
NO_BREAK = "\N{NO-BREAK SPACE}"
EVERYTHING = 40
"""Lines of everything, each reason for a dash in three lines of 80 columns, and of the cursor."""
LINES_AROUND = 7
"""Lines above and below the figures where a screen shows no more, and that of the cursor."""
LEAST = 3
"""How many figures are shown on the lowest of screens."""


@dataclass(frozen=True, slots=True)
class DossierView:
    """Whether everything is shown."""

    all_: AllLines = False


@dataclass(frozen=True, slots=True)
class FittedDossier(DossierView):
    """How many lines a screen has."""

    lines: int = 0


VIEW = DossierView


def fitted(view: DossierView, height: int) -> DossierView:
    """Return a view of what fits so many lines."""
    return view if view.all_ else FittedDossier(lines=height)


def parts(document: Dossier, view: DossierView) -> Iterator[Part]:
    """Yield trends, then volatilities by maturity and their rank."""
    yield Line(f"{document.index} · {in_india(document.cycle)}")
    if isinstance(view, FittedDossier) and view.lines < EVERYTHING:
        yield from _screen(document, view.lines)
        return
    yield _trends_table(document, list(FIGURES))
    maturities = document.constant_maturity.items()
    constant = ", ".join(f"{days} d {percent(iv)}" for days, iv in maturities)
    between = ", ".join(map(percent, document.forward_volatility)) or "–"
    yield f"ATM IV at constant maturity, %: {constant}"
    if any(map(isnan, document.constant_maturity.values())):
        yield "– at a maturity, it lies before the first or after the last expiry of the chain"
    yield f"ATM IV between expiries, %: {between}"
    term = [f"{name.replace('_', ' ')} {percent(value)}" for name, value in document.term.items()]
    yield f"term structure of ATM IV, %: {', '.join(term)}"
    yield Line(_rank(document.iv_rank))
    yield (
        "points unless a line says otherwise; a window that begins while the market is closed "
        "begins with the close before; low and high are of the longest window that has a change; "
        "support and resistance: most OI of puts and calls"
    )
    yield from _reasons(document)


def _screen(document: Dossier, lines: int) -> Iterator[Part]:
    """Yield the trends of as many figures as fit, and the rank of volatility."""
    figures = list(FIGURES)[: max(LEAST, lines - LINES_AROUND)]
    yield _trends_table(document, figures)
    yield Line(_rank(document.iv_rank))
    rest = "term structure, and why a change is a dash: --all"
    if len(figures) < len(FIGURES):
        rest = f"{len(figures)} of {len(FIGURES)} figures, without {rest}"
    yield Line(rest)


def _rank(rank: Rank) -> str:
    if rank.n_days < LEAST_DAYS:
        return (
            f"IV rank –, percentile –: of {rank.n_days} stored days before, "
            f"and {LEAST_DAYS} are needed"
        )
    return (
        f"IV rank {percent(rank.rank)} %, percentile {percent(rank.percentile)} %, "
        f"of {rank.n_days} stored days"
    )


def _trends_table(document: Dossier, figures: Sequence[str]) -> Table:
    """Return one line per figure: its change over each window, its range over the longest."""
    windows = _windows(document)
    changes = [f"Δ\n{seconds / 60:g} min" for seconds in windows]
    table = plain_table()
    table.add_column("\nfigure", no_wrap=True)
    for name in ("\nnow", *changes, "\nlow", "\nhigh"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in figures:
        table.add_row(*_line(document, name, windows))
    return table


def _windows(document: Dossier) -> list[float]:
    return sorted({trend.seconds for trend in document.trends})


def _line(document: Dossier, name: str, windows: list[float]) -> list[str]:
    trends = {trend.seconds: trend for trend in document.trends if trend.name == name}
    # Low and high are those of the longest window: the others lie within.
    of_change = [trends[seconds] for seconds in windows if not trends[seconds].reason]
    longest = of_change[-1] if of_change else trends[windows[-1]]
    label, factor, places = LABELS[name]
    return [
        label,
        number(factor * longest.last, places),
        *(number(factor * trends[seconds].change, places, sign=True) for seconds in windows),
        number(factor * longest.low, places),
        number(factor * longest.high, places),
    ]


def _reasons(document: Dossier) -> Iterator[Part]:
    """Yield a sentence for each reason why a change is a dash."""
    for reason, sentence in REASONS.items():
        lacking = [trend for trend in document.trends if trend.reason == reason]
        if not lacking:
            continue
        windows = sorted({trend.seconds for trend in lacking})
        lengths = ", ".join(f"{seconds / 60:g}" for seconds in windows)
        names = list(dict.fromkeys(_name(trend.name) for trend in lacking))
        if len(names) == len(FIGURES):
            names = ["all figures"]
        yield WideLine(partial(_sentence, sentence.format(lengths=lengths), names))


def _name(figure: str) -> str:
    """Return a figure's name for a sentence, without the unit of its line."""
    return LABELS[figure][0].removesuffix(", %").removesuffix(", lakh")


def _sentence(sentence: str, names: Sequence[str], width: int) -> str:
    """Return a sentence and the names behind it, in lines that break within no name.

    Broken anywhere, `ATM IV this week` stood half on one line and half on the next.
    """
    unbroken = [name.replace(" ", NO_BREAK) for name in names]
    lines = wrap(f"{sentence}: {', '.join(unbroken)}", width, subsequent_indent="  ")
    return "\n".join(lines).replace(NO_BREAK, " ")
