"""The parts of a document as HTML: sentences as paragraphs, tables as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from rich.cells import cell_len
from rich.table import Column, Table
from rich.text import Text

from g6.rendering.parts import Block, Line, Part, WideLine, WideTable

WIDTH = 200
"""Characters that a page has room for: its tables can be moved sidewards."""
NARROWER = (30, 40, 50, 60, 80, 100, 120, 140, 160, 180)
"""Screens on which a table is looked at: what it shows there goes out last."""
STEP = 5
"""Digits from one width of `FITTING` to the next."""
WIDEST = 300
PADDING = 2
"""Digits between two columns of a page."""
FITTING = "\n".join(
    [
        ".rows { container-type: inline-size }",
        ".fewer { display: none }",
        *(
            f"@container (width < {width}ch) "
            f"{{ .w{width} {{ display: none }} .f{width} {{ display: block }} }}"
            for width in range(STEP, WIDEST + 1, STEP)
        ),
    ]
)
"""The style by which a window leaves out what it has no room for, as a terminal does."""

__all__ = ["FITTING", "html_of"]


def html_of(parts: Iterable[Part], *, fits: bool = False) -> str:
    """Return the parts as HTML without scripts or styles of other places.

    Args:
        parts: The parts.
        fits: Whether columns are named by the width that they need, as `FITTING` has it.
    """
    return "\n".join(_element(part, fits=fits) for part in parts)


def _element(part: Part, *, fits: bool) -> str:
    if isinstance(part, WideTable):
        table = part.table_of(WIDTH)
        return _table(table, _widths(part, table) if fits else ())
    if isinstance(part, Table):
        return _table(part)
    if isinstance(part, Block):
        return f"<pre>{escape(part.text)}</pre>"
    if isinstance(part, Text):
        return f"<p>{escape(str(part))}</p>"
    if isinstance(part, WideLine):
        return f"<p>{_escaped(part.line_of(WIDTH))}</p>"
    text = part.text if isinstance(part, Line) else part
    return f"<p>{_escaped(text)}</p>"


def _widths(part: WideTable, table: Table) -> list[int]:
    """Return from which width on each column of a table is shown, in digits, 0 for always."""
    widths = [0] * len(table.columns)
    shown: set[int] = set()
    for screen in (*NARROWER, WIDTH):
        places = _places(part.table_of(screen), table)
        if not shown:
            shown = places
        if added := places - shown:
            shown |= places
            needed = sum(_digits(table.columns[place]) for place in shown)
            for place in added:
                widths[place] = min(WIDEST, STEP * -(-needed // STEP))
    return widths


def _places(narrow: Table, table: Table) -> set[int]:
    """Return which columns of a table a narrower one of the same rows has."""
    places: set[int] = set()
    place = 0
    for column in narrow.columns:
        cells = list(column.cells)
        # The columns stand in the same order, and a heading may be written deeper.
        while place < len(table.columns) and list(table.columns[place].cells) != cells:
            place += 1
        places.add(place)
        place += 1
    return {place for place in places if place < len(table.columns)}


def _digits(column: Column) -> int:
    """Return how many digits a column is wide, with what is left free beside it."""
    texts = (str(column.header), *map(str, column.cells))
    lines = [line for text in texts for line in Text.from_markup(text).plain.split("\n")]
    return max(map(cell_len, lines)) + PADDING


def _table(table: Table, widths: Sequence[int] = ()) -> str:
    classes = [f' class="w{width}"' if width else "" for width in widths]
    classes += [""] * (len(table.columns) - len(classes))
    heads = [
        f"<th{name}{_aligned(column)}>{_escaped(column.header)}</th>"
        for name, column in zip(classes, table.columns, strict=True)
    ]
    lines = zip(*(list(column.cells) for column in table.columns), strict=True)
    body = "\n".join(f"<tr>{_cells(classes, table.columns, line)}</tr>" for line in lines)
    head = "".join(heads)
    html = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    widest = max(widths, default=0)
    note = "A wider window shows more columns; every form below has all."
    return f'{html}\n<p class="fewer f{widest}">{note}</p>' if widest else html


def _cells(classes: Iterable[str], columns: Iterable[Column], cells: Iterable[object]) -> str:
    members = zip(classes, columns, cells, strict=True)
    return "".join(
        f"<td{name}{_aligned(column)}>{_escaped(cell)}</td>" for name, column, cell in members
    )


def _aligned(column: Column) -> str:
    return f' style="text-align: {column.justify}"'


def _escaped(cell: object) -> str:
    """Return a cell's text without the terminal's marks, for HTML."""
    # Cells are written for a terminal: `[bold]NIFTY[/bold]` is a mark there, and text in HTML.
    text = Text.from_markup(cell) if isinstance(cell, str) else cell
    return escape(str(text)).replace("\n", "<br>")
