"""The parts of a document as HTML for a notebook: sentences as paragraphs, tables as tables."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from rich.table import Column, Table
from rich.text import Text

from g6.rendering.parts import Block, Line, Part, WideLine, WideTable

WIDTH = 200
"""Characters that a page has room for: its tables can be moved sidewards."""

__all__ = ["html_of"]


def html_of(parts: Iterable[Part]) -> str:
    """Return the parts as HTML without scripts or styles of other places."""
    return "\n".join(map(_element, parts))


def _element(part: Part) -> str:
    if isinstance(part, WideTable):
        return _table(part.table_of(WIDTH))
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


def _table(table: Table) -> str:
    head = "".join(
        f"<th{_aligned(column)}>{_escaped(column.header)}</th>" for column in table.columns
    )
    lines = zip(*(list(column.cells) for column in table.columns), strict=True)
    body = "\n".join(f"<tr>{_cells(table.columns, line)}</tr>" for line in lines)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _cells(columns: Iterable[Column], cells: Iterable[object]) -> str:
    pairs = zip(columns, cells, strict=True)
    return "".join(f"<td{_aligned(column)}>{_escaped(cell)}</td>" for column, cell in pairs)


def _aligned(column: Column) -> str:
    return f' style="text-align: {column.justify}"'


def _escaped(cell: object) -> str:
    """Return a cell's text without the terminal's marks, for HTML."""
    # Cells are written for a terminal: `[bold]NIFTY[/bold]` is a mark there, and text in HTML.
    text = Text.from_markup(cell) if isinstance(cell, str) else cell
    return escape(str(text)).replace("\n", "<br>")
