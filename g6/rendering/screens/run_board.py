"""One closed cycle of a run that a person watches: a line of its status, and a line for each index.

Columns are added as the terminal is wider: eight fit on 80 beside the name.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rich.table import Table
from rich.text import Text

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.domain.reports import CycleReport
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED, Status
from g6.rendering.screens.cycle_screen import COLOURS
from g6.rendering.wording import (
    WHOLE_CHAIN,
    clock,
    lacks_whole_chain,
    lakh,
    number,
    percent,
    points,
)

__all__ = ["board", "cycle_line", "lost_lines", "whole_chain_line"]


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One column of the board.

    Attributes:
        heading: With its unit.
        width: Characters that its values take at most.
        cell: Its text in an overview row.
    """

    heading: str
    width: int
    cell: Callable[[OverviewRow], str]


def _basis(row: OverviewRow) -> str:
    forward = row["forward"]
    spot = row["spot"]
    return "–" if forward is None or spot is None else number(forward - spot, 1, sign=True)


def _expiry(row: OverviewRow) -> str:
    expiry = row["expiry_nearest"]
    return f"{date.fromisoformat(expiry):%d %b}" if expiry else "–"


def _without_iv(row: OverviewRow) -> str:
    return str((row["iv_unavailable"] or 0) + (row["iv_failed"] or 0))


COLUMNS = (
    BoardColumn("spot", 9, lambda row: number(row["spot"])),
    BoardColumn("chg %", 6, lambda row: number(row["change_pct"], sign=True)),
    BoardColumn("ATM", 6, lambda row: points(row["atm"])),
    BoardColumn("expiry", 6, _expiry),
    BoardColumn("IV %", 4, lambda row: percent(row["atm_iv_nearest"])),
    BoardColumn("PCR", 4, lambda row: number(row["pcr_nearest"])),
    BoardColumn("support", 7, lambda row: points(row["support"])),
    BoardColumn("resist.", 7, lambda row: points(row["resistance"])),
    BoardColumn("options", 7, lambda row: str(row["options"])),
    BoardColumn("straddle", 8, lambda row: number(row["straddle_nearest"], 1)),
    BoardColumn("max pain", 8, lambda row: points(row["max_pain_nearest"])),
    BoardColumn("fwd-spot", 8, _basis),
    BoardColumn("no IV", 5, _without_iv),
    BoardColumn("age s", 5, lambda row: number(row["quote_age_seconds"], 1)),
    BoardColumn("call OI lakh", 12, lambda row: lakh(row["oi_calls"])),
    BoardColumn("put OI lakh", 11, lambda row: lakh(row["oi_puts"])),
    BoardColumn("VIX", 5, lambda row: number(row["vix"])),
    BoardColumn("source", 8, lambda row: row["quote_source"] or "–"),
)
"""In the order in which they are added."""
NAME_WIDTH = 12
GAP = 2


def cycle_line(report: CycleReport, refusal: str = "") -> Text:
    """Return the line of a cycle: its time in India, status, options, and when it closed.

    Args:
        report: The cycle's report.
        refusal: Why the store takes nothing now, empty where it does.
    """
    options = sum(report.options.values())
    indices = len(report.units)
    line = Text(f"{clock(parse_z(report.cycle), has_seconds=True)} ", style="bold")
    line.append(str(report.status), style=f"bold {COLOURS[report.status]}")
    line.append(f"  {indices} {'index' if indices == 1 else 'indices'}, {options:,} options")
    if report.attempt != 1:
        line.append(f", done again (attempt {report.attempt})")
    else:
        line.append(f", closed after {report.elapsed_seconds:.1f} s")
    if refusal:
        line.append(f", not stored: {_short(refusal)}", style="bold red")
    return line


def _short(refusal: str) -> str:
    """Return why a store refuses, without the file that it could not write.

    >>> _short("cannot write a/b: No space left on device")
    'disk full'
    """
    reason = refusal.rpartition(": ")[2]
    return "disk full" if reason == os.strerror(errno.ENOSPC) else reason


def lost_lines(report: CycleReport, option: str = "", beside: str = "") -> Iterator[Text]:
    """Yield a line for each status and reason of indices that were not analysed or not wholly.

    Args:
        report: The cycle's report.
        option: What a command in another terminal needs to find the rows, such as --data-dir DIR.
        beside: What kept them from being whole, where the reasons do not say it.
    """
    names: dict[tuple[Status, str], list[str]] = {}
    for index, status in report.units.items():
        if status != Status.OK:
            names.setdefault((status, report.reasons.get(index, "")), []).append(index)
    for (status, reason), indices in names.items():
        line = Text("  ")
        line.append(status, style=COLOURS[status])
        line.append(f" {', '.join(indices)}")
        if reason:
            instant = parse_z(report.cycle)
            trace = f"g6 trace {clock(instant, day_of(instant))} {option}".rstrip()
            why = ", ".join(filter(None, (reason.replace("_", " "), beside)))
            line.append(f": {why}, see {trace}")
        yield line


def board(report: CycleReport, width: int) -> Table | None:
    """Return a line for each index that was analysed, None where none was.

    Args:
        report: The cycle's report with its overview rows.
        width: Characters of a line of the terminal.
    """
    rows = [row for row in report.rows if row["status"] in ANALYSED and row["spot"] is not None]
    if not rows:
        return None
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("  index", no_wrap=True)
    columns = fitting_columns(width)
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    for row in rows:
        name = Text(f"  {row['underlying']}", style=COLOURS[row["status"]])
        table.add_row(name, *(column.cell(row) for column in columns))
    return table


def whole_chain_line(report: CycleReport) -> Text | None:
    """Return why figures of the whole chain are dashes, None where each index has them."""
    if any(lacks_whole_chain(row["pcr_nearest"], row["atm"]) for row in report.rows):
        return Text(WHOLE_CHAIN, style="dim")
    return None


def fitting_columns(width: int) -> Sequence[BoardColumn]:
    """Return the columns that fit a width beside the name.

    >>> len(fitting_columns(80)), len(fitting_columns(200)) == len(COLUMNS)
    (8, True)
    """
    left = width - NAME_WIDTH
    fitting: list[BoardColumn] = []
    for column in COLUMNS:
        left -= GAP + max(column.width, len(column.heading))
        if left < 0:
            break
        fitting.append(column)
    return fitting
