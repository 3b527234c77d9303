"""The first view of `g6 top`: a line for each index, and its last cycles as sparklines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.board_facts import BoardFacts
from g6.domain.market.instrument import INDICES
from g6.domain.reports import CycleReport
from g6.domain.schema.json_types import Document
from g6.domain.schema.overview_row import OverviewRow
from g6.rendering.screens import run_board
from g6.rendering.screens.cells import PLAIN, CellScreen, StyledText
from g6.rendering.screens.sparkline import sparkline
from g6.rendering.screens.top_chain import put_chain
from g6.rendering.screens.top_head import HEAD_LINES, STATUS_STYLES, TopView, put_foot, put_head
from g6.rendering.wording import number, spelled

__all__ = [
    "LEAST_HEIGHT",
    "LEAST_WIDTH",
    "BoardLine",
    "board_lines",
    "board_screen",
    "cells_of",
    "has_room_for_chain",
    "in_their_order",
]

LEAST_WIDTH = 40
LEAST_HEIGHT = 10
_NAME = 12
_GAP = 2
_CYCLES = 60
"""Cycles in a sparkline, a cell each where there is room."""
_LEAST_CELLS = 20
_FOOT_LINES = 2
_LEAST_CHAIN_LINES = 9
"""A title, headings and seven strikes."""
_ORDER = (
    "spot", "chg %", "ATM", "PCR", "IV %", "straddle", "max pain", "age s", "status", "build-up",
    "source", "expiry", "support", "resist.", "options", "fwd-spot", "no IV", "VIX",
    "call OI lakh", "put OI lakh",
)  # fmt: skip
"""Columns in the order in which they are added where there is room."""
_WORDS = {"status": 7, "build-up": 14, "source": 6}
"""Widths of the columns of words. Without room for them they stand beside the sparkline."""
_SHARED = {column.heading: column for column in run_board.COLUMNS}
_SERIES = (("spot", "spot"), ("IV", "atm_iv_nearest"), ("PCR", "pcr_nearest"))
"""What sparklines are drawn of: their names, and the columns of overview rows."""


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One index.

    Attributes:
        index: Its name.
        row: Its overview row, empty where it was not collected.
        status: How its unit ended, empty unknown.
        reason: Why, empty where it is OK.
        age: Market seconds since the newest instant of its data.
        build_up: The word for its future and that one's open interest.
    """

    index: str
    row: OverviewRow
    status: str
    reason: str
    age: float | None
    build_up: str


def board_lines(
    facts: BoardFacts, report: CycleReport | None, build_ups: Mapping[str, str], view: TopView
) -> list[BoardLine]:
    """Return the indices of a cycle that the filter lets pass."""
    if report is None:
        return []
    rows = {row["underlying"]: row for row in report.rows}
    lines = []
    for index in in_their_order([*report.units, *rows]):
        if view.pattern.upper() not in index.upper():
            continue
        row = rows.get(index, {})
        age = row.get("quote_age_seconds")
        if age is not None and not view.at:
            age += (facts.now - parse_z(report.cycle)).total_seconds()
        reason = str(report.reasons.get(index, "") or "")
        status = str(report.units.get(index, ""))
        word = build_ups.get(index, "")
        lines.append(BoardLine(index, row, status, reason, age, word))
    return lines


def in_their_order(indices: Sequence[str]) -> list[str]:
    """Return indices as every list of G6 has them, those of nobody's list at the end.

    >>> in_their_order(["SENSEX", "BANKNIFTY", "NIFTY", "SENSEX"])
    ['NIFTY', 'BANKNIFTY', 'SENSEX']
    """
    places = {name: place for place, name in enumerate(INDICES)}
    return sorted(dict.fromkeys(indices), key=lambda index: places.get(index, len(places)))


def board_screen(
    facts: BoardFacts,
    history: Sequence[CycleReport],
    build_ups: Mapping[str, str],
    view: TopView,
    size: tuple[int, int],
    strikes: Sequence[Document] = (),
) -> CellScreen:
    """Return the screen of all indices, on a tall terminal with the chain of the chosen one.

    Args:
        facts: The state of now.
        history: The cycles up to the one that is seen, oldest first.
        build_ups: The word of each index in the cycle that is seen.
        view: What a person chose to see.
        size: Columns and rows of the terminal.
        strikes: The chain of the chosen index, as panels have it.
    """
    screen = CellScreen(*size)
    if screen.width < LEAST_WIDTH or screen.height < LEAST_HEIGHT:
        screen.put(0, [(f"{screen.width}×{screen.height} is too small: 80×24 shows all", "r")])
        return screen
    put_head(screen, facts, history, view)
    report = history[-1] if history else facts.report
    lines = board_lines(facts, report, build_ups, view)
    columns = fitting_columns(screen.width)
    screen.put(HEAD_LINES, [("  " + "index".ljust(_NAME - 2) + _heads(columns), "d")])
    room = screen.height - HEAD_LINES - 1 - _FOOT_LINES
    depth = 2 if 2 * len(lines) <= room else 1
    first = _first(lines, view.index, room // depth)
    is_dim = facts.is_stale and not view.at
    for place, line in enumerate(lines[first : first + room // depth]):
        at = HEAD_LINES + 1 + depth * place
        screen.put(at, _figures(line, columns, is_chosen=line.index == view.index, is_dim=is_dim))
        if depth == 2:
            screen.put(at + 1, _second(line, columns, history, screen.width))
    if not lines:
        sentence = f"no index has {view.pattern!r}" if view.pattern else "no cycle yet"
        screen.put(HEAD_LINES + 2, [(f"  {sentence}", "d")])
    if strikes and lines and has_room_for_chain(screen.height, len(lines)):
        put_chain(screen, _chain_begins(len(lines)), report, strikes, view.index)
    put_foot(screen, view)
    return screen


def has_room_for_chain(height: int, indices: int) -> bool:
    """Tell whether a chain fits below the lines of all indices.

    >>> has_room_for_chain(24, 6), has_room_for_chain(40, 6)
    (False, True)
    """
    return height - _FOOT_LINES - _chain_begins(indices) >= _LEAST_CHAIN_LINES


def _chain_begins(indices: int) -> int:
    """Return the first line of the chain: two of each index and an empty one stand above."""
    return HEAD_LINES + 2 + 2 * indices


def fitting_columns(width: int) -> tuple[str, ...]:
    """Return the headings of the columns that fit a width beside the name.

    >>> fitting_columns(80)[-2:], len(fitting_columns(250)) == len(_ORDER)
    (('max pain', 'age s'), True)
    """
    room = width - _NAME
    fitting: list[str] = []
    for heading in _ORDER:
        room -= _GAP + _width(heading)
        if room < 0:
            break
        fitting.append(heading)
    return tuple(fitting)


def cells_of(line: BoardLine) -> dict[str, str]:
    """Return the texts of an index, by the headings of the columns."""
    cells = {}
    for heading in _ORDER:
        if heading in _WORDS:
            cells[heading] = _word(line, heading)
        elif heading == "age s":
            cells[heading] = number(line.age, 0)
        else:
            cells[heading] = _SHARED[heading].cell(line.row) if line.row else "–"
    return cells


def _word(line: BoardLine, heading: str) -> str:
    if heading == "status":
        return line.status or "–"
    if heading == "build-up":
        return spelled(line.build_up)
    return str(line.row.get("quote_source") or "–") if line.row else "–"


def _width(heading: str) -> int:
    if heading in _WORDS:
        return max(_WORDS[heading], len(heading))
    return max(_SHARED[heading].width, len(heading))


def _heads(columns: Sequence[str]) -> str:
    return "".join(" " * _GAP + heading.rjust(_width(heading)) for heading in columns)


def _first(lines: Sequence[BoardLine], index: str, room: int) -> int:
    """Return the first line to show, so that the chosen index is among those that fit."""
    names = [line.index for line in lines]
    place = names.index(index) if index in names else 0
    return max(0, min(place - room + 1, len(lines) - room)) if place >= room else 0


def _figures(
    line: BoardLine, columns: Sequence[str], *, is_chosen: bool, is_dim: bool
) -> list[StyledText]:
    cells = cells_of(line)
    sign = "▶ " if is_chosen else "  "
    name_style = "d" if is_dim else STATUS_STYLES.get(line.status, PLAIN)
    spans = [(sign, "b"), (line.index.ljust(_NAME - 2), name_style)]
    for heading in columns:
        text = " " * _GAP + cells[heading].rjust(_width(heading))
        style = STATUS_STYLES.get(line.status, PLAIN) if heading == "status" else PLAIN
        spans.append((text, "d" if is_dim else style))
    return spans


def _second(
    line: BoardLine, columns: Sequence[str], history: Sequence[CycleReport], width: int
) -> list[StyledText]:
    """Return sparklines, and the words for which there is no column."""
    cells = cells_of(line)
    beside = [heading for heading in _WORDS if heading not in columns]
    # As wide for every index, so that their sparklines stand below each other.
    text = "  ".join(cells[heading].rjust(_width(heading)) for heading in beside)
    if line.reason:
        text = f"{text}  {line.reason.replace('_', ' ')}".strip().rjust(len(text))
    room = width - 2 - (len(text) + 2 if text else 0)
    spans: list[StyledText] = [("  ", PLAIN)]
    for name, column in _SERIES:
        cells_left = min(_CYCLES, room - len(name) - 1)
        if cells_left < _LEAST_CELLS:
            break
        values = _series(line.index, column, history)
        spans += [(f"{name} ", "d"), (sparkline(values, cells_left), "c"), ("  ", PLAIN)]
        room -= len(name) + 1 + cells_left + 2
    return [*spans, (text, "d")]


def _series(index: str, column: str, history: Sequence[CycleReport]) -> list[float | None]:
    values: list[float | None] = []
    for report in history[-_CYCLES:]:
        rows = (row for row in report.rows if row["underlying"] == index)
        row = next(rows, None)
        value = None if row is None else row.get(column)
        values.append(value if isinstance(value, int | float) else None)
    return values
