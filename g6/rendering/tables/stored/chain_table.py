"""A stored chain, strike by strike, on a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from g6.domain.figures import build_up
from g6.domain.schema.frame import SIDE_PREFIXES
from g6.rendering.contract_words import atm_legend, size_words
from g6.rendering.parts import Line, Part, WideLine, WideTable, plain_table
from g6.rendering.tables.stored.chain_dashes import dash_line
from g6.rendering.tables.stored.strike_window import Strikes, around_atm, few_enough, narrowed
from g6.rendering.wording import (
    LAKH,
    WHOLE_CHAIN,
    day_words,
    in_india,
    lacks_whole_chain,
    lakh,
    number,
    points,
    spelled,
    strike_cell,
)
from g6.studies.parameters import Parameter
from g6.studies.stored.chain_by_strike import ChainByStrike

CSV_HELP = "Write every column as CSV, and iv_error."
# Python's csv writes CRLF unless it is told otherwise, and so this table was published.
CSV_LINE_END = "\r\n"

Greeks = Annotated[bool, Parameter("Greeks instead of open interest.")]


@dataclass(frozen=True, slots=True)
class ChainView:
    """How a chain is shown."""

    strikes: Strikes = None
    greeks: Greeks = False


VIEW = ChainView


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a side.

    Attributes:
        head: Its heading, the unit in a second line.
        figure: What it shows.
        factor: From the stored unit to the shown one.
        places: Decimals.
        sign: Whether a plus is written.
    """

    head: str
    figure: str
    factor: float = 1.0
    places: int = 2
    sign: bool = False


DELTA = Cell("delta", "delta")
GAMMA = Cell("gamma\n×10⁴", "gamma", 1e4)
THETA = Cell("theta\na day", "theta", places=1)
VEGA = Cell("vega", "vega", places=1)
IV = Cell("IV\n%", "iv", 100, 1)
LAST = Cell("last", "last")
OI = Cell("OI\nlakh", "oi", 1 / LAKH)
OI_CHANGE = Cell("ΔOI\nlakh", "oi_change", 1 / LAKH, sign=True)
VOLUME = Cell("volume\nlakh", "volume", 1 / LAKH)
BID = Cell("bid", "bid")
ASK = Cell("ask", "ask")
CHANGE = Cell("Δlast", "change", sign=True)

OPEN_INTEREST = (
    OI, OI_CHANGE, VOLUME, VEGA, THETA, GAMMA, DELTA, IV, BID, ASK, CHANGE, LAST
)  # fmt: skip
"""From the edge of the screen to the strike."""
GREEKS = (OI, OI_CHANGE, VEGA, THETA, GAMMA, DELTA, IV, BID, ASK, LAST)
SECOND_ORDER = (
    LAST,
    Cell("vanna", "vanna", places=4),
    Cell("charm", "charm", places=4),
    Cell("vomma", "vomma", places=3),
    IV,
)
FIRST_WANTED = (
    (LAST, OI), (OI_CHANGE,), (IV,), (CHANGE,), (BID, ASK), (VOLUME,),
    (DELTA,), (THETA,), (VEGA,), (GAMMA,),
)  # fmt: skip
"""Columns in the order in which a wider screen takes them in. A line comes in whole or not."""
OF_GREEKS = ((DELTA, GAMMA, THETA, VEGA, IV), (OI,), (LAST,), (BID, ASK), (OI_CHANGE,))
HIGHEST = "*"
"""Stands before the largest open interest of a side."""
GAPS = (2, 1)
"""Blanks between columns, the first with which the least columns fit."""
LEAST_WIDTH = 80
LINES_AROUND = 15
"""Lines above and below the strikes, on dashes and partial sums too, and that of the cursor."""


def fitted(view: ChainView, height: int) -> ChainView:
    """Return a view of as many strikes as fit so many lines."""
    return replace(view, strikes=few_enough(view.strikes, height - LINES_AROUND))


def narrow(document: ChainByStrike, view: ChainView) -> ChainByStrike:
    """Return the chain of the strikes of which the number is named."""
    rows = _rows_around(document, view.strikes or 0)
    return narrowed(document, rows, len(document.is_illiquid))


def parts(document: ChainByStrike, view: ChainView) -> Iterator[Part]:
    """Yield the chain's heading, its strikes, and the sums and levels of the whole expiry."""
    expiry = day_words(document.expiry)
    buckets = ", ".join(map(spelled, document.buckets))
    yield Line(
        f"{document.index} {expiry} ({', '.join(filter(None, (f'{document.days} d', buckets)))})"
        f" · {in_india(document.cycle)}"
    )
    figures = document.figures
    yield Line(
        f"spot {number(document.spot)} · forward {number(document.forward)} · "
        f"ATM {points(figures.atm)}, IV {number(100 * figures.atm_iv, 1)} %, "
        f"straddle {number(figures.straddle)}"
    )
    yield WideTable(partial(chain_table, document, view))
    rows = _rows_around(document, view.strikes)
    if dashes := dash_line(document, rows):
        yield Line(dashes)
    yield from _footing(document)
    if lacks_whole_chain(document.figures.pcr, document.figures.atm):
        yield Line(WHOLE_CHAIN)
    yield WideLine(partial(_legend, document, view))


def _footing(document: ChainByStrike) -> Iterator[Line]:
    """Yield the sums, the levels, and what a contract is."""
    figures = document.figures
    for side, (name, sums) in enumerate(zip(("calls", "puts"), document.sums, strict=True)):
        oi, volume = (_at_least(document, side, figure) for figure in ("oi", "volume"))
        yield Line(
            f"{name:<5}  OI {oi}{lakh(sums.oi)} lakh · ΔOI {lakh(sums.oi_change, sign=True)} "
            f"lakh · volume {volume}{lakh(sums.volume)} lakh"
        )
    yield from map(Line, _partial_sums(document))
    yield Line(
        f"PCR {number(figures.pcr)} by OI, {number(figures.pcr_volume)} by volume · "
        f"max pain {points(figures.max_pain)}"
    )
    highest = [f"{name} {_highest(document, side)}" for side, name in enumerate(("calls", "puts"))]
    yield Line(f"highest OI: {', '.join(highest)}")
    yield Line("; ".join(map(size_words, document.sizes)))


def _at_least(document: ChainByStrike, side: int, figure: str) -> str:
    """Return the sign of a sum that holds some of a side's options, empty where it holds all."""
    known, count = _known(document, side, figure)
    return "≥ " if 0 < known < count else ""


def _known(document: ChainByStrike, side: int, figure: str) -> tuple[int, int]:
    """Return of how many listed options of a side a figure is known, and how many there are."""
    symbols = np.asarray(document.rows[f"{SIDE_PREFIXES[side]}symbol"])
    known = np.isfinite(_figures(document, side)[figure])
    return int(known.sum()), int(np.count_nonzero(symbols != ""))


def _partial_sums(document: ChainByStrike) -> Iterator[str]:
    """Yield how many strikes a sum is of, for each that is not of all."""
    for label, figure in (("OI", "oi"), ("ΔOI", "oi_change"), ("volume", "volume")):
        clauses: list[str] = []
        for side, name in enumerate(("calls", "puts")):
            known, count = _known(document, side, figure)
            if 0 < known < count:
                clauses.append(f"{known} of {count} {name}")
        if clauses:
            yield f"{label} is the sum of {', '.join(clauses)}: of the others it is unknown"


def _legend(document: ChainByStrike, view: ChainView, width: int) -> str:
    """Return what the words and marks mean that a table of a width shows."""
    since = "the previous close"
    if document.previous_session is not None:
        since = f"the close of {day_words(document.previous_session, document.expiry)}"
    rows = _rows_around(document, view.strikes)
    table = chain_table(document, view, width)
    legend = [f"Δ since {since}"] if _has(table, "Δ") else []
    if _has(table, "lakh"):
        legend.append("lakh: 100,000")
    if _has(table, "OI\n") and any(
        _highest_row(document, side) in rows for side in range(len(SIDE_PREFIXES))
    ):
        legend.append(f"{HIGHEST} highest OI")
    if (np.asarray(document.rows["offset"], dtype=np.float64)[rows.start : rows.stop] == 0).any():
        strikes = np.asarray(document.rows["strike"], dtype=np.float64)
        legend.append(atm_legend(strikes, document.forward, document.figures.atm))
    return " · ".join(legend)


def _has(table: Table, sign: str) -> bool:
    return any(sign in str(column.header) for column in table.columns)


def _highest_row(document: ChainByStrike, side: int) -> int | None:
    """Return the row of a side's largest open interest, None without any."""
    interest = document.rows[f"{SIDE_PREFIXES[side]}oi"].astype(np.float64)
    return int(np.nanargmax(interest)) if np.isfinite(interest).any() else None


def _highest(document: ChainByStrike, side: int) -> str:
    """Return the strike of a side's largest open interest, and that."""
    row = _highest_row(document, side)
    if row is None:
        return "–"
    interest = float(document.rows[f"{SIDE_PREFIXES[side]}oi"].astype(np.float64)[row])
    strike = float(np.asarray(document.rows["strike"], dtype=np.float64)[row])
    return f"{points(strike)} ({lakh(interest)} lakh)"


def json_value(document: ChainByStrike) -> dict[str, object]:
    """Return the published JSON: one object per strike with every stored column."""
    columns: dict[str, list[object]] = {}
    for name, values in document.columns().items():
        # The numbers of an array taken one by one cost three times as much to write as JSON.
        columns[name] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if document.second_order is not None:
        for name in ("vanna", "charm", "vomma"):
            calls, puts = getattr(document.second_order, name).tolist()
            columns[f"ce_{name}"] = calls
            columns[f"pe_{name}"] = puts
    lines = [dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True)]
    return {"index": document.index, "cycle": document.cycle, "rows": lines}


def chain_table(document: ChainByStrike, view: ChainView, width: int = LEAST_WIDTH) -> Table:
    """Return strikes around ATM, calls left, the one at the money bold and illiquid ones dim.

    Args:
        document: The chain.
        view: How many strikes, and of which figures.
        width: Columns of the screen. A wider one shows more figures.
    """
    rows = _rows_around(document, view.strikes)
    strikes = np.asarray(document.rows["strike"], dtype=np.float64)
    is_atm = np.asarray(document.rows["offset"], dtype=np.float64) == 0
    texts = _Texts(document, rows)
    ladder = [strike_cell(float(strikes[row]), is_centre=bool(is_atm[row])) for row in rows]
    cells, gap = _fitting(document, view, texts, width - max(map(len, ladder), default=0))
    table = _headed(cells, gap)
    for place, row in enumerate(rows):
        call_cells = [texts.column(0, cell)[place] for cell in cells]
        put_cells = [texts.column(1, cell)[place] for cell in _mirrored(cells)]
        style = "bold" if is_atm[row] else "dim" if document.is_illiquid[row] else ""
        table.add_row(*call_cells, ladder[place], *put_cells, style=style)
    return table


def _headed(cells: Sequence[Cell], gap: int) -> Table:
    """Return the table without its lines: calls over the left half, puts over the right."""
    table = plain_table(gap)
    lines = max((cell.head.count("\n") for cell in cells), default=0)
    calls = [_padded(cell.head, lines) for cell in cells]
    puts = [_padded(cell.head, lines) for cell in _mirrored(cells)]
    if cells:
        calls[0] = f"CALLS{calls[0]}"
        puts[-1] = f"PUTS{puts[-1]}"
    for head in calls:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("STRIKE", justify="center", no_wrap=True)
    for head in puts:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _padded(head: str, lines: int) -> str:
    """Return a heading below a free line, as deep as the deepest."""
    return "\n" * (1 + lines - head.count("\n")) + head


def _mirrored(cells: Sequence[Cell]) -> list[Cell]:
    """Return the columns of the puts: those of the calls from the right, bid before ask."""
    puts = list(cells[::-1])
    if BID in puts:
        place = puts.index(ASK)
        puts[place], puts[place + 1] = BID, ASK
    return puts


def _fitting(
    document: ChainByStrike, view: ChainView, texts: _Texts, width: int
) -> tuple[Sequence[Cell], int]:
    """Return the columns of a side that fit on both, and the blanks between them.

    Args:
        document: The chain.
        view: Of which figures.
        texts: The columns as they are written.
        width: The columns of the screen beside the strikes.
    """
    if document.second_order is not None:
        return SECOND_ORDER, _gap(SECOND_ORDER, texts, width)
    ladder, order = (GREEKS, OF_GREEKS) if view.greeks else (OPEN_INTEREST, FIRST_WANTED)
    shown: set[Cell] = set(order[0])
    for cells in order[1:]:
        wider = shown | set(cells)
        # Passing one that does not fit for a narrower one, a screen of 106 columns showed volume,
        # and one of 108 bid and ask without it.
        if texts.width(wider, GAPS[-1]) > width:
            break
        shown = wider
    columns = [cell for cell in ladder if cell in shown]
    return columns, _gap(columns, texts, width)


def _gap(cells: Sequence[Cell], texts: _Texts, width: int) -> int:
    fitting = [gap for gap in GAPS if texts.width(cells, gap) <= width]
    return fitting[0] if fitting else GAPS[-1]


class _Texts:
    """The columns of both sides as they are written, each made once."""

    def __init__(self, document: ChainByStrike, rows: range) -> None:
        self._rows = rows
        self._figures = [_figures(document, side) for side in range(len(SIDE_PREFIXES))]
        self._columns: dict[tuple[int, Cell], list[str]] = {}

    def column(self, side: int, cell: Cell) -> list[str]:
        """Return the texts of one column of one side, a line per strike that is shown."""
        if (side, cell) not in self._columns:
            self._columns[side, cell] = self._written(side, cell)
        return self._columns[side, cell]

    def _written(self, side: int, cell: Cell) -> list[str]:
        values = cell.factor * self._figures[side][cell.figure]
        texts = [number(float(values[row]), cell.places, sign=cell.sign) for row in self._rows]
        if cell is OI and np.isfinite(values).any():
            highest = int(np.nanargmax(values))
            if highest in self._rows:
                place = highest - self._rows.start
                texts[place] = f"{HIGHEST}{texts[place]}"
        return texts

    def width(self, cells: Iterable[Cell], gap: int) -> int:
        """Return the characters that these columns of both sides take, and their gaps."""
        # CALLS stands over the first column, which may be as narrow as `lakh`.
        total = len("CALLS") - len("lakh")
        for cell in cells:
            head = max(map(len, cell.head.split("\n")))
            for side in range(len(SIDE_PREFIXES)):
                total += gap + max(head, *map(len, self.column(side, cell)))
        return total


def _rows_around(document: ChainByStrike, strikes: int | None) -> range:
    return around_atm(np.asarray(document.rows["offset"], dtype=np.float64), strikes)


def _figures(document: ChainByStrike, side: int) -> Mapping[str, NDArray[np.float64]]:
    prefix = SIDE_PREFIXES[side]
    figures = {name: document.rows[prefix + name].astype(np.float64) for name in _STORED}
    figures["oi_change"] = build_up.change(
        figures["oi"], figures["oi_prev"], figures["oi_day_high"]
    )
    figures["change"] = figures["last"] - figures["close"]
    if document.second_order is not None:
        for name in ("vanna", "charm", "vomma"):
            figures[name] = getattr(document.second_order, name)[side]
    return figures


_STORED = (
    "oi", "oi_prev", "oi_day_high", "volume", "iv", "last", "close", "bid", "ask",
    "delta", "gamma", "theta", "vega",
)  # fmt: skip
