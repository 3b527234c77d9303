"""Bid-ask spreads on a terminal: by expiry now, and by strike over cycles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from rich.table import Table

from g6.domain.figures.book_spreads import NEAR_STRIKES, Spreads, Summary
from g6.rendering.contract_words import atm_legend
from g6.rendering.parts import Line, Part, plain_table
from g6.rendering.tables.stored.strike_window import around_atm, few_enough, narrowed
from g6.rendering.wording import counted, day_words, in_india, number, strike_cell
from g6.studies.parameters import Parameter
from g6.studies.stored.spreads import BookSpreads

USUAL = 15
Strikes = Annotated[
    int | None,
    Parameter(
        "Strikes around the money; 15 of a table, all of --json.", "15", least=1, metavar="N"
    ),
]


@dataclass(frozen=True, slots=True)
class SpreadsView:
    """How many strikes are shown."""

    strikes: Strikes = None


VIEW = SpreadsView
LINES_AROUND = 19
"""Lines above and below the strikes, those of three expiries and of the cursor among them."""
STRIKE = "\nSTRIKE"


def fitted(view: SpreadsView, height: int) -> SpreadsView:
    """Return a view of as many strikes as fit so many lines."""
    return SpreadsView(few_enough(view.strikes or USUAL, height - LINES_AROUND))


def parts(document: BookSpreads, view: SpreadsView) -> Iterator[Part]:
    """Yield the books of each expiry, then one expiry's strikes."""
    yield Line(f"{document.index} · {in_india(document.cycle)} · bid-ask spreads now")
    yield _summary_table(document.now)
    span = counted(document.by_strike.cycles, "cycle")
    yield Line(f"\n{day_words(document.expiry)}: spreads in points over {span}")
    yield _strikes_table(document.by_strike, document.atm, view.strikes or USUAL)
    yield (
        f"±{NEAR_STRIKES}: strikes next to the money; two-sided: options with bid and ask; "
        "p90: nine of ten are less"
    )
    legend = []
    if np.isfinite(document.atm):
        legend.append(atm_legend(document.by_strike.strike, document.forward, document.atm))
    count = len(document.by_strike.strike)
    most = view.strikes or USUAL
    if most < count:
        legend.append(f"{most} of {count} strikes: --strikes N")
    if legend:
        yield Line(" · ".join(legend))


def narrow(document: BookSpreads, view: SpreadsView) -> BookSpreads:
    """Return the spreads of the strikes of which the number is named."""
    spreads = document.by_strike
    count = len(spreads.strike)
    rows = _rows_around(spreads, document.atm, view.strikes or count)
    return replace(document, by_strike=narrowed(spreads, rows, count))


def json_value(document: BookSpreads) -> dict[str, object]:
    """Return the published JSON, which names neither forward nor ATM."""
    return {
        "index": document.index,
        "cycle": document.cycle,
        "now": document.now,
        "expiry": document.expiry,
        "by_strike": document.by_strike,
    }


def _summary_table(summaries: Sequence[Summary]) -> Table:
    table = plain_table()
    for name in ("\nexpiry", "\nstrikes"):
        table.add_column(name, no_wrap=True)
    for name in (
        "\ntwo-sided",
        "\nof",
        "median\npoints",
        "worst\npoints",
        "median\nticks",
        "median\n% of mid",
        "median\n± IV, %",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for summary in summaries:
        table.add_row(
            f"{summary.expiry:%d %b}",
            f"±{NEAR_STRIKES}" if summary.near else "all",
            str(summary.two_sided),
            str(summary.options),
            number(summary.median_points),
            number(summary.worst_points),
            number(summary.median_ticks),
            number(summary.median_pct),
            number(100 * summary.median_iv),
        )
    return table


def _strikes_table(spreads: Spreads, atm: float, strikes: int) -> Table:
    heads = ("cycles", "worst", "p90", "median")
    calls = [f"CALLS\n{heads[0]}", *(f"\n{head}" for head in heads[1:])]
    puts = [*(f"\n{head}" for head in heads[:0:-1]), f"PUTS\n{heads[0]}"]
    table = plain_table()
    for name in (*calls, STRIKE, *puts):
        table.add_column(name, justify="center" if name == STRIKE else "right", no_wrap=True)
    for row in _rows_around(spreads, atm, strikes):
        strike = strike_cell(float(spreads.strike[row]), is_centre=bool(spreads.strike[row] == atm))
        table.add_row(*_cells(spreads, 0, row), strike, *_cells(spreads, 1, row)[::-1])
    return table


def _rows_around(spreads: Spreads, atm: float, strikes: int) -> range:
    """Return the rows of so many strikes around ATM, or around the middle of the ladder."""
    if np.isfinite(atm):
        return around_atm(spreads.strike - atm, strikes)
    # Before the first forward of a day the middle of the ladder is shown.
    return around_atm(np.full(len(spreads.strike), np.nan), strikes)


def _cells(spreads: Spreads, side: int, row: int) -> list[str]:
    return [
        str(spreads.two_sided[side, row]),
        number(spreads.worst[side, row]),
        number(spreads.p90[side, row]),
        number(spreads.median[side, row]),
    ]
