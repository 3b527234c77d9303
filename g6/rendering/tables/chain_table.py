"""A stored chain, strike by strike, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from g6.domain.schema.frame import SIDES
from g6.rendering.contract_words import size_words
from g6.rendering.parts import Part, plain_table
from g6.rendering.wording import LAKH, around, day_words, in_india, number, strike_cell
from g6.studies.parameters import Parameter
from g6.studies.stored.chain_by_strike import ChainByStrike

CSV_HELP = "Write every column as CSV, and iv_error."
# Python's csv writes CRLF unless it is told otherwise, and so this table was published.
CSV_LINE_END = "\r\n"

Strikes = Annotated[int, Parameter("Strikes around ATM; 0: all.", "21", least=0, metavar="N")]
Greeks = Annotated[bool, Parameter("Greeks instead of open interest.")]


@dataclass(frozen=True, slots=True)
class ChainView:
    """How a chain is shown."""

    strikes: Strikes = 21
    greeks: Greeks = False


VIEW = ChainView


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a side: its head, the figure, the factor to its unit, and its places."""

    head: str
    figure: str
    factor: float
    places: int


OPEN_INTEREST = (
    Cell("OI lakh", "oi", 1 / LAKH, 2),
    Cell("ΔOI", "oi_change", 1 / LAKH, 2),
    Cell("IV", "iv", 100, 1),
    Cell("price", "price", 1, 2),
)
GREEKS = (
    Cell("delta", "delta", 1, 2),
    Cell("Γ·10⁴", "gamma", 1e4, 2),
    Cell("theta", "theta", 1, 1),
    Cell("vega", "vega", 1, 1),
    Cell("IV", "iv", 100, 1),
)
SECOND_ORDER = (
    Cell("vanna", "vanna", 1, 4),
    Cell("charm", "charm", 1, 4),
    Cell("vomma", "vomma", 1, 3),
    Cell("IV", "iv", 100, 1),
)


def parts(document: ChainByStrike, view: ChainView) -> Iterator[Part]:
    """Yield the chain's heading, what one contract is, and its strikes."""
    expiry = day_words(document.expiry)
    yield (
        f"{document.index} {expiry} ({document.days} d)  {in_india(document.cycle)}"
        f"  spot {number(document.spot)}  F {number(document.forward)}"
    )
    yield f"quantities in units; {'; '.join(map(size_words, document.sizes))}"
    yield chain_table(document, view)


def json_value(document: ChainByStrike) -> dict[str, object]:
    """Return the published JSON: one object per strike with every stored column."""
    columns = {name: list(values) for name, values in document.columns().items()}
    if document.second_order is not None:
        for name in ("vanna", "charm", "vomma"):
            calls, puts = getattr(document.second_order, name).tolist()
            columns[f"ce_{name}"] = calls
            columns[f"pe_{name}"] = puts
    lines = [dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True)]
    return {"index": document.index, "cycle": document.cycle, "rows": lines}


def chain_table(document: ChainByStrike, view: ChainView) -> Table:
    """Return strikes around ATM, calls left, the one at the money bold and illiquid ones dim."""
    # At the ends of the ladder the window keeps its size instead of being centred.
    cells = _shown(document, view)
    heads = [cell.head for cell in cells]
    table = plain_table()
    for name in (*heads, "STRIKE", *heads[::-1]):
        table.add_column(name, justify="center" if name == "STRIKE" else "right", no_wrap=True)
    calls, puts = (_texts(document, side, cells) for side in range(2))
    strikes = np.asarray(document.rows["strike"], dtype=np.float64)
    is_atm = np.asarray(document.rows["offset"], dtype=np.float64) == 0
    for row in _rows_around(document, view.strikes):
        call_cells = [column[row] for column in calls]
        put_cells = [column[row] for column in puts[::-1]]
        strike = strike_cell(float(strikes[row]), is_centre=bool(is_atm[row]))
        style = "bold" if is_atm[row] else "dim" if document.is_illiquid[row] else ""
        table.add_row(*call_cells, strike, *put_cells, style=style)
    return table


def _shown(document: ChainByStrike, view: ChainView) -> tuple[Cell, ...]:
    if document.second_order is not None:
        return SECOND_ORDER
    return GREEKS if view.greeks else OPEN_INTEREST


def _rows_around(document: ChainByStrike, strikes: int) -> range:
    count = len(document.is_illiquid)
    if not strikes or count <= strikes:
        return range(count)
    centre = around(np.asarray(document.rows["offset"], dtype=np.float64))
    first = max(0, min(centre - strikes // 2, count - strikes))
    return range(first, first + strikes)


def _texts(document: ChainByStrike, side: int, cells: tuple[Cell, ...]) -> list[list[str]]:
    """Return the columns of one side as texts, in the order of `cells`."""
    figures = _figures(document, side)
    columns: list[list[str]] = []
    for cell in cells:
        values = (cell.factor * figures[cell.figure]).tolist()
        is_change = cell.figure == "oi_change"
        columns.append([number(value, cell.places, sign=is_change) for value in values])
    return columns


def _figures(document: ChainByStrike, side: int) -> Mapping[str, NDArray[np.float64]]:
    prefix = SIDES[side]
    names = ("oi", "oi_prev", "iv", "price", "delta", "gamma", "theta", "vega")
    figures = {name: document.rows[prefix + name].astype(np.float64) for name in names}
    figures["oi_change"] = figures["oi"] - figures["oi_prev"]
    if document.second_order is not None:
        for name in ("vanna", "charm", "vomma"):
            figures[name] = getattr(document.second_order, name)[side]
    return figures
