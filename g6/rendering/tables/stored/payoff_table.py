"""What a position gains over levels of the index, in lines that a person reads."""

from __future__ import annotations

from collections.abc import Iterator

from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import day_words, in_india, number
from g6.studies.stored.overview.payoff_by_level import PayoffByLevel

CSV_HELP = "Write CSV, every level in it."


def parts(document: PayoffByLevel, _: NoView) -> Iterator[Part]:
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
    for place, level in enumerate(document.level.tolist()):
        table.add_row(
            number(level),
            number(float(document.gain_now[place]), sign=True),
            number(float(document.gain_at_expiry[place]), sign=True),
        )
    yield table
    yield Line("points per unit; now: each option at its own volatility, every forward moved alike")
