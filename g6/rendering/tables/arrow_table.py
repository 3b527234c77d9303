"""An Arrow table on a terminal: the first rows, times in India, the rest counted.

A number is never cut: a column that does not fit is left out and named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
from rich.cells import cell_len

from g6.rendering.parts import Block, Line, Part
from g6.rendering.table_files import plain_numbers
from g6.rendering.wording import clocks, number

__all__ = ["table_parts"]

_GAP = "  "
_DIGITS = 6
"""How many digits of a fraction a person reads."""
_NAMED = 8


@dataclass(frozen=True, slots=True)
class _CellColumn:
    """A column as it is written: its name above its cells, aligned to one side."""

    name: str
    cells: Sequence[str]
    is_text: bool

    @property
    def width(self) -> int:
        """How many places of the screen it takes."""
        return max(map(cell_len, (self.name, *self.cells)))

    def aligned(self) -> list[str]:
        """Return name and cells, all of one width."""
        width = self.width
        return [self._aligned(text, width) for text in (self.name, *self.cells)]

    def _aligned(self, text: str, width: int) -> str:
        blanks = " " * (width - cell_len(text))
        return text + blanks if self.is_text else blanks + text


def table_parts(table: pa.Table, most: int, width: int | None) -> Iterator[Part]:
    """Yield at most so many rows of a table, and what is left out or rounded.

    Args:
        table: The rows.
        most: 0 for all.
        width: Places of the screen, None for a file or a pipe, which take all columns.
    """
    rows = plain_numbers(table if not most else table.slice(0, most))
    columns = [
        _cells_of(field, rows.column(place).to_pylist()) for place, field in enumerate(rows.schema)
    ]
    fitting = len(columns) if width is None else _fitting(columns, width)
    cells = zip(*(column.aligned() for column in columns[:fitting]), strict=True)
    heading, *lines = (_GAP.join(line) for line in cells)
    rule = "─" * cell_len(heading)
    yield Block("\n".join(line.rstrip() for line in (heading, rule, *lines)))
    lacking = [column.name for column in columns[fitting:]]
    if lacking:
        named = ", ".join(lacking[:_NAMED])
        more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
        yield Line(
            f"left out, as {width} columns of text have no room for it: {named}{more}; "
            "--csv and --json write all columns"
        )
    if rows.num_rows < table.num_rows:
        rest = table.num_rows - rows.num_rows
        yield Line(f"… and {rest:,} more rows: --rows 0 shows all, --csv and --json write all")
    if any(_is_rounded(rows.column(column.name)) for column in columns[:fitting]):
        yield Line("fractions are rounded; --csv and --json write all digits")


def _fitting(columns: Sequence[_CellColumn], width: int) -> int:
    """Return how many columns fit beside each other. The first is always shown."""
    taken = 0
    for place, column in enumerate(columns):
        taken += column.width + (len(_GAP) if place else 0)
        if place and taken > width:
            return place
    return len(columns)


def _cells_of(field: pa.Field, values: Sequence[object]) -> _CellColumn:
    is_text = pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)
    return _CellColumn(field.name, _cells(values), is_text)


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
    # A line break within a text would break the table.
    return " ".join(str(value).split())


def _number(value: float) -> str:
    """Return a number with as many digits as a person reads: six that count, all of a whole one."""
    if value != value or abs(value) >= 1000:  # noqa: PLR0124 - NaN alone differs from itself
        return number(value)
    return f"{value:.{_DIGITS}g}"


def _is_rounded(column: pa.ChunkedArray) -> bool:
    """Tell whether a column has a fraction of more digits than are written."""
    if not pa.types.is_floating(column.type):
        return False
    for value in column.drop_null().to_pylist():
        # NaN alone differs from itself.
        if value == value and float(_number(value).replace(",", "")) != value:  # noqa: PLR0124
            return True
    return False
