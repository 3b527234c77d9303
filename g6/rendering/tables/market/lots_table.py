"""The table of lots, or what files say beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from textwrap import wrap

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, WideTable, plain_table
from g6.rendering.wording import counted
from g6.studies.market.lot_units import Lots, LotVerdict, StatedLot, UnreadRows

JSON_INDENT = 2
HEADS = ("root", "lot", "weekly from", "monthly from", "long-dated", "source")
SIZES = (10, 3, 11, 12, 11)
"""Characters of the columns before the source."""
INDENT = " " * 12
WITH_SOURCES = 110
"""Columns of a screen from which on the source of a lot stands beside it."""


def parts(document: Lots, _: NoView) -> Iterator[Part]:
    """Yield the table and what its columns mean, then a line per root and expiry of a file."""
    if document.table:
        yield WideTable(partial(lots_table, document.table))
        yield Line(
            "a lot holds for the weekly expiries, the monthly ones and those of quarters\n"
            "(long-dated, as of the day from which they trade so) from these days on"
        )
    for line in document.lines:
        yield Line(_line(line))


def json_value(document: Lots) -> list[object]:
    """Return a list under the names that are published."""
    return [
        *(asdict(lot) for lot in document.table),
        *(line.document() for line in document.lines),
    ]


def lots_table(lots: Sequence[StatedLot], width: int) -> Table:
    """Return one line per root and lot, its source beside it where there is room, else below."""
    rows = [(lot.root, str(lot.units), *map(_day, _days(lot)), lot.source) for lot in lots]
    if width < WITH_SOURCES:
        return _with_sources_below(rows, width)
    table = plain_table()
    for name in HEADS:
        table.add_column(name, justify="right" if name == "lot" else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _with_sources_below(rows: Sequence[tuple[str, ...]], width: int) -> Table:
    table = plain_table()
    heads = "  ".join(f"{head:<{size}}" for head, size in zip(HEADS, SIZES, strict=False))
    table.add_column(heads.rstrip())
    for *cells, source in rows:
        line = "  ".join(f"{cell:<{size}}" for cell, size in zip(cells, SIZES, strict=True))
        below = wrap(source, width - len(INDENT), break_on_hyphens=False)
        table.add_row("\n".join([line.rstrip(), *(f"{INDENT}{text}" for text in below)]))
    return table


def _days(lot: StatedLot) -> tuple[str, str, str]:
    return lot.first_weekly, lot.first_monthly, lot.long_dated_from


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d %b %Y}"


def _line(line: LotVerdict | UnreadRows) -> str:
    if isinstance(line, UnreadRows):
        return f"{line.file}: {counted(line.rows, 'row')} left out: {line.why}"
    of_file = line.lots
    lot = "/".join(map(str, sorted(of_file.lots)))
    evidence = lot or f"open interest in multiples of {of_file.divisor}"
    sentence = (
        f"{of_file.day}  {of_file.root:<11}{of_file.expiry}  {of_file.contracts:>4} contracts  "
        f"file {evidence}  table {line.units or '-'}  {line.verdict}"
    )
    return f"{sentence}: {line.why}" if line.why else sentence
