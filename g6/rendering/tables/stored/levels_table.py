"""Levels and ratios through a session on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import (
    WHOLE_CHAIN,
    clocks,
    counted,
    day_words,
    lacks_whole_chain,
    number,
    percent,
    points,
)
from g6.studies.stored.overview.levels_by_cycle import LevelsByCycle

CSV_HELP = "Write CSV, every figure in it."


def parts(document: LevelsByCycle, _: NoView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per cycle."""
    lines = len(document.instant)
    share = counted(document.cycles, "cycle")
    if lines < document.cycles:
        share = f"{lines} of {share}"
    yield f"{document.index} · {day_words(document.day)} · {share}"
    yield _table(document)
    figures = document.figures
    if any(map(lacks_whole_chain, figures["pcr"], figures["atm"])):
        yield Line(WHOLE_CHAIN)


def _table(document: LevelsByCycle) -> Table:
    table = plain_table()
    table.add_column("time", no_wrap=True)
    for name in ("spot", "ATM", "PCR", "max pain", "support", "resistance", "IV %", "straddle"):
        table.add_column(name, justify="right", no_wrap=True)
    figures = document.figures
    for place, time in enumerate(clocks(document.instant)):
        table.add_row(
            time,
            number(figures["spot"][place]),
            points(figures["atm"][place]),
            number(figures["pcr"][place], 3),
            points(figures["max_pain"][place]),
            points(figures["support"][place]),
            points(figures["resistance"][place]),
            percent(figures["atm_iv"][place]),
            number(figures["straddle"][place]),
        )
    return table
