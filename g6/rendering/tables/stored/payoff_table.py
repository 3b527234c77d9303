"""What a position gains over levels of the index, in lines that a person reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from g6.rendering.parts import Line, Part, plain_table
from g6.rendering.tables.stored.strike_window import AllLines, evenly
from g6.rendering.wording import day_words, in_india, number
from g6.studies.stored.overview.payoff_by_level import PayoffByLevel

CSV_HELP = "Write CSV, every level in it."
LINES_AROUND = 13
"""Lines above and below the levels of a position of four legs, and that of the cursor."""
LEAST = 3
"""How many levels are shown on the lowest of screens."""


@dataclass(frozen=True, slots=True)
class PayoffView:
    """Whether every level is shown."""

    all_: AllLines = False


@dataclass(frozen=True, slots=True)
class FittedPayoff(PayoffView):
    """How many levels fit a screen, evenly chosen."""

    levels: int = 0


VIEW = PayoffView


def fitted(view: PayoffView, height: int) -> PayoffView:
    """Return a view of as many levels as fit so many lines."""
    return view if view.all_ else FittedPayoff(levels=max(LEAST, height - LINES_AROUND))


def parts(document: PayoffByLevel, view: PayoffView) -> Iterator[Part]:
    """Yield the position, its cost and break-evens, and a table with one line per level."""
    yield Line(f"{document.index} · {in_india(document.cycle)} · spot {number(document.spot)}")
    for leg in document.legs:
        side = f"{day_words(leg.expiry)} {leg.strike:,g} {leg.side}"
        yield Line(f"{leg.quantity:+g} × {side}")
    roots = ", ".join(number(level) for level in document.break_even) or "none within reach"
    expires = day_words(document.expires)
    yield Line(f"worth {number(document.cost)} points · break-even on {expires}: {roots}")
    table = plain_table()
    for head in ("level", "gain now", "gain at expiry"):
        table.add_column(head, justify="right", no_wrap=True)
    count = len(document.level)
    places = evenly(count, view.levels if isinstance(view, FittedPayoff) else count)
    for place in places:
        table.add_row(
            number(float(document.level[place])),
            number(float(document.gain_now[place]), sign=True),
            number(float(document.gain_at_expiry[place]), sign=True),
        )
    yield table
    if len(places) < count:
        yield Line(f"{len(places)} of {count} levels; --all shows all")
    yield "points per unit; now: each option at its own volatility, every forward moved alike"
