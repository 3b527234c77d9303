"""The newest overview row of every index on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.rendering.parts import NoView, Part, plain_table
from g6.rendering.wording import clocks, moment, number, percent, points
from g6.studies.stored.overview.overview_board import OverviewBoard

CSV_HELP = "Write CSV, every figure of the overview in it."


def parts(document: OverviewBoard, _: NoView) -> Iterator[Part]:
    """Yield when it is of, and a table with one line per index."""
    newest = max(row.cycle for row in document.rows)
    yield f"{moment(newest)} · figures of the nearest expiry"
    yield _table(document)


def _table(document: OverviewBoard) -> Table:
    table = plain_table()
    for name in ("\nindex", "\ntime", "\nstatus"):
        table.add_column(name, no_wrap=True)
    for name in ("\nspot", "\n%", "\nATM", "\nPCR", "ATM IV\n%", "\nstraddle", "max\npain"):
        table.add_column(name, justify="right", no_wrap=True)
    times = clocks(row.cycle for row in document.rows)
    for time, row in zip(times, document.rows, strict=True):
        figures = row.figures
        table.add_row(
            row.index,
            time,
            row.status,
            number(figures["spot"]),
            number(figures["change_pct"], 2, sign=True),
            points(figures["atm"]),
            number(figures["pcr_nearest"], 3),
            percent(figures["atm_iv_nearest"]),
            number(figures["straddle_nearest"]),
            points(figures["max_pain_nearest"]),
        )
    return table
