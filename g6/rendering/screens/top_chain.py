"""The second view of `g6 top`: the chain around ATM, calls left and puts right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from g6.domain.documents.board_facts import BoardFacts
from g6.domain.reports import CycleReport
from g6.domain.schema.json_reading import part
from g6.domain.schema.json_types import Document
from g6.domain.schema.overview_row import OverviewRow
from g6.rendering.screens import run_board
from g6.rendering.screens.cells import PLAIN, CellScreen, StyledText
from g6.rendering.screens.top_head import HEAD_LINES, TopView, fitting, put_foot, put_head
from g6.rendering.wording import LAKH, number, percent, points, strike_cell

__all__ = ["chain_screen", "put_chain"]

KEYS = "↑↓ another index  ← → stored cycles  Esc all indices  : study  ? help  q quit"
_FOOT_LINES = 2
_SHARED = {column.heading: column for column in run_board.COLUMNS}
_STRIKE = 12
_HIGHEST = "•"
_CALLS = 5
"""The word CALLS stands left of the outermost column."""


@dataclass(frozen=True, slots=True)
class ChainColumn:
    """One column of a side.

    Attributes:
        heading: With its unit.
        name: The field of a side of a panel's strike.
        width: Characters.
        factor: What its value is multiplied by.
        places: Decimal places.
        has_sign: Whether a rise has a plus.
    """

    heading: str
    name: str
    width: int
    factor: float = 1.0
    places: int = 2
    has_sign: bool = False


_COLUMNS = (
    ChainColumn("last", "last", 8),
    ChainColumn("IV %", "iv", 4, 100.0, 1),
    ChainColumn("OI lakh", "oi", 7, 1 / LAKH),
    ChainColumn("ΔOI", "oi_change", 6, 1 / LAKH, 2, has_sign=True),
    ChainColumn("bid", "bid", 8),
    ChainColumn("ask", "ask", 8),
    ChainColumn("delta", "delta", 6, 1.0, 2, has_sign=True),
    ChainColumn("theta", "theta", 7, 1.0, 1, has_sign=True),
    ChainColumn("vol lakh", "volume", 9, 1 / LAKH),
)
"""From the strike outwards, in the order in which they are added."""


def chain_screen(
    facts: BoardFacts,
    history: Sequence[CycleReport],
    strikes: Sequence[Document],
    view: TopView,
    size: tuple[int, int],
) -> CellScreen:
    """Return the screen of one index's chain.

    Args:
        facts: The state of now.
        history: The cycles up to the one that is seen, oldest first.
        strikes: The strikes as panels have them, ascending.
        view: What a person chose to see.
        size: Columns and rows of the terminal.
    """
    screen = CellScreen(*size)
    put_head(screen, facts, history, view)
    put_chain(screen, HEAD_LINES, history[-1] if history else facts.report, strikes, view.index)
    put_foot(screen, view, KEYS)
    return screen


def put_chain(
    screen: CellScreen,
    top: int,
    report: CycleReport | None,
    strikes: Sequence[Document],
    index: str,
) -> None:
    """Write an index's chain from a line of the screen down to the foot.

    Args:
        screen: What is written on.
        top: The first line.
        report: The cycle that is seen.
        strikes: The strikes as panels have them, ascending.
        index: The index.
    """
    rows = {} if report is None else {row["underlying"]: row for row in report.rows}
    screen.put(top, fitting(_title(index, rows.get(index, {})), screen.width))
    room = screen.height - top - 2 - _FOOT_LINES
    columns = _fitting(screen.width)
    highest = {side: _highest(strikes, side) for side in ("ce", "pe")}
    screen.put(top + 1, _headings(columns, screen.width))
    for place, strike in enumerate(_around(strikes, room)):
        screen.put(top + 2 + place, _line(strike, columns, highest, screen.width))
    if not strikes:
        screen.put(top + 3, [(f"  no chain of {index} in this cycle", "d")])


def _title(index: str, row: OverviewRow) -> list[StyledText]:
    clauses: list[StyledText] = [(index, "b")]
    if row:
        clauses += [
            (f"spot {number(row.get('spot'))}", PLAIN),
            (f"forward {number(row.get('forward'))}", PLAIN),
            (f"expiry {_SHARED['expiry'].cell(row)}", PLAIN),
            (f"IV {percent(row.get('atm_iv_nearest'))} %", PLAIN),
            (f"PCR {number(row.get('pcr_nearest'))}", PLAIN),
            (f"max pain {points(row.get('max_pain_nearest'))}", PLAIN),
            (f"straddle {number(row.get('straddle_nearest'), 1)}", PLAIN),
        ]
    return clauses


def _fitting(width: int) -> Sequence[ChainColumn]:
    room = (width - _STRIKE) // 2 - _CALLS
    columns: list[ChainColumn] = []
    for column in _COLUMNS:
        room -= column.width + 1
        if room < 0:
            break
        columns.append(column)
    return columns


def _around(strikes: Sequence[Document], room: int) -> Sequence[Document]:
    """Return the strikes around ATM that fit so many lines."""
    if len(strikes) <= room:
        return strikes
    centre = next((place for place, strike in enumerate(strikes) if strike.get("atm")), 0)
    first = max(0, min(centre - room // 2, len(strikes) - room))
    return strikes[first : first + max(0, room)]


def _highest(strikes: Sequence[Document], side: str) -> float:
    interests = [_number(part(strike, side), "oi") or 0.0 for strike in strikes]
    return max(interests, default=0.0)


def _number(side: Document, name: str) -> float | None:
    value = side.get(name)
    return float(value) if isinstance(value, int | float) else None


def _headings(columns: Sequence[ChainColumn], width: int) -> list[StyledText]:
    heads = "".join(" " + column.heading.rjust(column.width) for column in columns[::-1])
    mirrored = "".join(" " + column.heading.rjust(column.width) for column in columns)
    room = " " * _margin(columns, width)
    calls = "CALLS" + f"{room}{heads}"[_CALLS:]
    puts = mirrored + "PUTS".rjust(_CALLS)
    return [(calls, "d"), ("STRIKE".center(_STRIKE), "d"), (puts, "d")]


def _margin(columns: Sequence[ChainColumn], width: int) -> int:
    wide = sum(column.width + 1 for column in columns)
    return max(_CALLS, (width - _STRIKE) // 2 - wide)


def _line(
    strike: Document, columns: Sequence[ChainColumn], highest: Mapping[str, float], width: int
) -> list[StyledText]:
    is_atm = bool(strike.get("atm"))
    level = strike.get("strike")
    number_of_strike = float(level) if isinstance(level, int | float) else float("nan")
    calls = _side(part(strike, "ce"), columns[::-1], highest["ce"])
    puts = _side(part(strike, "pe"), columns, highest["pe"])
    style = "b" if is_atm else PLAIN
    return [
        (" " * _margin(columns, width) + calls, style if is_atm else "c"),
        (strike_cell(number_of_strike, is_centre=is_atm).center(_STRIKE), "b"),
        (puts, style if is_atm else "y"),
    ]


def _side(side: Document, columns: Sequence[ChainColumn], highest: float) -> str:
    pieces = []
    for column in columns:
        value = _number(side, column.name)
        scaled = None if value is None else value * column.factor
        text = number(scaled, column.places, column.has_sign)
        if column.name == "oi" and value and value == highest:
            text = f"{_HIGHEST}{text}"
        pieces.append(" " + text.rjust(column.width))
    return "".join(pieces)
