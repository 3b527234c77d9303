"""Exposures by strike on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import numpy as np
from rich.table import Table

from g6.rendering.contract_words import exposure_legend
from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import CRORE, day_words, in_india, number, points, spelled
from g6.studies.stored.exposures_by_strike import ExposuresByStrike

CSV_HELP = "Write CSV, every strike and exposure in it, in rupees."
STRIKES = 25
"""Strikes that are shown, those nearest to the index."""


def parts(document: ExposuresByStrike, _: NoView) -> Iterator[Part]:
    """Yield the sums and levels, and a table with one line per strike near the index."""
    expiry = "all expiries" if document.expiry is None else day_words(document.expiry)
    yield f"{document.index} · {in_india(document.cycle)} · {expiry}"
    yield (
        f"net GEX {number(document.net['gex'] / CRORE, 1, sign=True)} ₹ crore per 1 %, "
        f"{spelled(document.regime)} · flip {points(document.flip)} · "
        f"walls {points(document.wall_call)} (calls), {points(document.wall_put)} (puts)"
    )
    yield _table(document)
    yield "₹ crore: GEX per 1 % move, vanna per volatility point, charm per day"
    yield Line(exposure_legend(document.convention))


def _table(document: ExposuresByStrike) -> Table:
    table = plain_table()
    for name in ("strike", "GEX calls", "GEX puts", "DEX calls", "DEX puts", "vanna", "charm"):
        table.add_column(name, justify="right", no_wrap=True)
    sums = {name: values / CRORE for name, values in document.exposures.items()}
    for place in _nearest(document):
        table.add_row(
            points(document.strike[place]),
            *(number(float(sums["gex"][side, place]), 1, sign=True) for side in (0, 1)),
            *(number(float(sums["dex"][side, place]), 1, sign=True) for side in (0, 1)),
            number(float(sums["vanna"][:, place].sum()), 2, sign=True),
            number(float(sums["charm"][:, place].sum()), 2, sign=True),
        )
    return table


def _nearest(document: ExposuresByStrike) -> list[int]:
    """Return the places of the strikes nearest to the index, ascending."""
    spot = document.spot if isfinite(document.spot) else float(np.median(document.strike))
    nearest: list[int] = np.argsort(np.abs(document.strike - spot))[:STRIKES].tolist()
    return sorted(nearest)
