"""A table's first rows as they are understood, beside the layout that they are read by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import isnan
from pathlib import Path

from rich.console import Console

from g6.adapters.replay.tables.quantity_units import lots_of
from g6.adapters.replay.tables.table_files import TableFiles
from g6.adapters.replay.tables.table_layout import TableLayout
from g6.bootstrap.quote_sources.sources import recorded_table
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import SIDES
from g6.errors import UserError

_ROWS_SHOWN = 3


def open_table(path: Path, layout: TableLayout) -> TableFiles:
    """Return the table that is recorded at a path. Names that others give columns are understood.

    Raises:
        UserError: It is no table.
        BadInput: It cannot be read.
    """
    table = recorded_table(path, replace(layout, aliases=True))
    if table is None:
        raise UserError(
            f"{path} is no table, and these options say how a table is read", "leave them away"
        )
    return table


def first_rows(source: TableFiles) -> list[dict[str, object]]:
    """Return the first rows of the first index as they are understood, quantities in units."""
    index, instants = next(iter(source.instants().items()))
    options = source.options(index, instants[0])
    lots = lots_of(options)
    rows = []
    for n in range(min(_ROWS_SHOWN, len(options))):
        at = datetime.fromtimestamp(int(options.at[n]) / 1e6, UTC).astimezone(IST)
        row: dict[str, object] = {
            "instant": f"{at:%Y-%m-%d %H:%M:%S} IST",
            "index": index,
            "expiry": str(options.expiry[n]),
            "strike": float(options.strike[n]),
            "option_type": SIDES[int(options.side[n])],
            "spot": _number(float(options.spot[n])),
            "ltp": _number(float(options.figures["last"][n])),
        }
        for name in ("volume", "oi"):
            times = int(lots[n]) if name in options.in_contracts else 1
            row[name] = _number(float(options.figures[name][n]) * times)
        rows.append(row)
    return rows


def _number(value: float) -> float | None:
    return None if isnan(value) else value


def print_layout(
    console: Console,
    layout: TableLayout,
    rows: Sequence[Mapping[str, object]],
    unplaced: Sequence[str] = (),
) -> None:
    """Print a layout, the columns that it does not use, and the rows as they were understood."""
    console.print("read by this layout:")
    for line in layout.toml().splitlines():
        console.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)
    if unplaced:
        console.print(f"columns without a place: {', '.join(unplaced)}", soft_wrap=True)
    console.print("the first rows as understood, quantities in units:")
    for row in rows:
        cells = [f"{name} {'none' if value is None else value}" for name, value in row.items()]
        console.print(f"  {'  '.join(cells)}", soft_wrap=True, highlight=False)
