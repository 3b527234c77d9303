"""An Arrow table on a terminal: the first rows, times in India, the rest counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import pyarrow as pa

from g6.rendering.parts import Part, plain_table
from g6.rendering.table_files import plain_numbers
from g6.rendering.wording import clocks, number

__all__ = ["table_parts"]


def table_parts(table: pa.Table, most: int) -> Iterator[Part]:
    """Yield at most so many rows of a table, and how many more there are.

    Args:
        table: The rows.
        most: 0 for all.
    """
    shown = plain_numbers(table if not most else table.slice(0, most))
    page = plain_table()
    columns = []
    for field in shown.schema:
        is_text = pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)
        page.add_column(field.name, justify="left" if is_text else "right", no_wrap=True)
        columns.append(_cells(shown.column(field.name).to_pylist()))
    for line in zip(*columns, strict=True):
        page.add_row(*line)
    yield page
    if shown.num_rows < table.num_rows:
        rest = table.num_rows - shown.num_rows
        yield f"… and {rest:,} more rows: --rows 0 shows all, --csv and --json write all"


def _cells(values: Sequence[object]) -> list[str]:
    instants = [value for value in values if isinstance(value, datetime) and value.tzinfo]
    if instants and len(instants) == len([value for value in values if value is not None]):
        texts = iter(clocks(instants, day_named(instants)))
        return ["–" if value is None else next(texts) for value in values]
    return [_cell(value) for value in values]


def day_named(instants: Sequence[datetime]) -> date:
    """Return a day that none of the instants is of, so that each is written with its own."""
    return date(min(instants).year, 1, 1)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def _number(value: float) -> str:
    """Return a number with as many digits as a person reads: six that count."""
    if value != value or abs(value) >= 1000:  # noqa: PLR0124 - NaN alone differs from itself
        return number(value)
    return f"{value:.6g}"
