"""Exposures by strike on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.table import Table

from g6.rendering.contract_words import exposure_legend
from g6.rendering.parts import Line, Part, plain_table
from g6.rendering.tables.stored.strike_window import (
    StrikesView,
    around_atm,
    narrowed,
    with_fewer_strikes,
)
from g6.rendering.wording import CRORE, day_words, in_india, number, points, spelled
from g6.studies.stored.exposures_by_strike import ExposuresByStrike

CSV_HELP = "Write CSV, every strike and exposure in it, in rupees."
LINES_AROUND = 10
"""Lines above and below the strikes, and that of the cursor."""
VIEW = StrikesView


def fitted(view: StrikesView, height: int) -> StrikesView:
    """Return a view of as many strikes as fit so many lines."""
    return with_fewer_strikes(view, height - LINES_AROUND)


def narrow(document: ExposuresByStrike, view: StrikesView) -> ExposuresByStrike:
    """Return the exposures of the strikes of which the number is named."""
    return narrowed(document, _rows(document, view.strikes or 0), len(document.strike))


def parts(document: ExposuresByStrike, view: StrikesView) -> Iterator[Part]:
    """Yield the sums and levels, and a table with one line per strike near the index."""
    expiry = "all expiries" if document.expiry is None else day_words(document.expiry)
    yield f"{document.index} · {in_india(document.cycle)} · {expiry}"
    yield (
        f"net GEX {number(document.net['gex'] / CRORE, 1, sign=True)} ₹ crore per 1 %, "
        f"{spelled(document.regime)} · flip {points(document.flip)} · "
        f"walls {points(document.wall_call)} (calls), {points(document.wall_put)} (puts)"
    )
    rows = _rows(document, view.strikes)
    yield _table(document, rows)
    yield "₹ crore: GEX per 1 % move, vanna per volatility point, charm per day"
    yield Line(exposure_legend(document.convention))
    count = len(document.strike)
    if len(rows) < count:
        yield Line(f"{len(rows)} of {count} strikes; --strikes 0 shows all")


def _table(document: ExposuresByStrike, rows: range) -> Table:
    table = plain_table()
    for name in ("strike", "GEX calls", "GEX puts", "DEX calls", "DEX puts", "vanna", "charm"):
        table.add_column(name, justify="right", no_wrap=True)
    sums = {name: values / CRORE for name, values in document.exposures.items()}
    for place in rows:
        table.add_row(
            points(document.strike[place]),
            *(number(float(sums["gex"][side, place]), 1, sign=True) for side in (0, 1)),
            *(number(float(sums["dex"][side, place]), 1, sign=True) for side in (0, 1)),
            number(float(sums["vanna"][:, place].sum()), 2, sign=True),
            number(float(sums["charm"][:, place].sum()), 2, sign=True),
        )
    return table


def _rows(document: ExposuresByStrike, strikes: int | None) -> range:
    """Return the places of so many strikes around the index."""
    return around_atm(np.asarray(document.strike - document.spot), strikes)
