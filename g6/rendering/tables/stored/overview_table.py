"""The newest overview row of every index on a terminal of any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, WideTable
from g6.rendering.tables.fitted_table import TextColumn, fitted_table
from g6.rendering.wording import (
    WHOLE_CHAIN,
    clocks,
    lacks_whole_chain,
    lakh,
    moment,
    number,
    percent,
    points,
    stale_words,
)
from g6.studies.stored.overview.overview_board import IndexRow, OverviewBoard

CSV_HELP = "Write CSV, every figure of the overview in it."

FIGURES: tuple[tuple[str, int, Callable[[Mapping[str, float]], str]], ...] = (
    ("spot", 0, lambda row: number(row["spot"])),
    ("%", 1, lambda row: number(row["change_pct"], 2, sign=True)),
    ("ATM", 3, lambda row: points(row["atm"])),
    ("PCR", 2, lambda row: number(row["pcr_nearest"], 3)),
    ("ATM IV\n%", 4, lambda row: percent(row["atm_iv_nearest"])),
    ("straddle", 5, lambda row: number(row["straddle_nearest"])),
    ("max\npain", 6, lambda row: points(row["max_pain_nearest"])),
    ("support", 7, lambda row: points(row["support"])),
    ("resist.", 7, lambda row: points(row["resistance"])),
    ("OI calls\nlakh", 8, lambda row: lakh(row["oi_calls"])),
    ("OI puts\nlakh", 8, lambda row: lakh(row["oi_puts"])),
    ("forward", 9, lambda row: number(row["forward"])),
    ("move ±\nto expiry", 10, lambda row: number(row["em_straddle"], 1)),
    ("skew 25Δ\n%", 11, lambda row: number(100 * row["rr25"])),
    ("VIX", 12, lambda row: number(row["vix"])),
    ("age\ns", 13, lambda row: number(row["quote_age_seconds"], 1)),
)
"""Heading, rank by which it is left out where there is no room, and text."""


def parts(document: OverviewBoard, _: NoView) -> Iterator[Part]:
    """Yield when it is of, and a table with one line per index."""
    newest = max(row.cycle for row in document.rows)
    yield f"{moment(newest)} · figures of the nearest expiry"
    yield WideTable(partial(_table, document))
    if any(
        lacks_whole_chain(row.figures["pcr_nearest"], row.figures["atm"]) for row in document.rows
    ):
        yield Line(WHOLE_CHAIN)


def _status(row: IndexRow) -> str:
    """Return how the unit ended, or that a newer cycle left the index out, and how old it is."""
    return stale_words(row.stale_seconds) or row.status


def _table(document: OverviewBoard, width: int) -> Table:
    rows = document.rows
    columns = [
        TextColumn("index", [row.index for row in rows], justify="left"),
        TextColumn("time", clocks(row.cycle for row in rows), justify="left"),
        TextColumn("status", [_status(row) for row in rows], justify="left"),
    ]
    for heading, rank, text_of in FIGURES:
        columns.append(TextColumn(heading, [text_of(row.figures) for row in rows], rank))
    return fitted_table(columns, width)
