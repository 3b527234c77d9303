"""ASCII for the signs that screens write, where a terminal knows no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["SIGNS", "table_in_ascii"]

SIGNS: Mapping[str, str] = {
    "−": "-",
    "–": "-",
    "—": "-",
    "·": ".",
    "…": "...",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "±": "+/-",
    "→": "->",
    "▶": ">",
    "◀": "<",
    "σ": "sigma",
    "Δ": "d",
    "Γ": "G",
    "²": "^2",
    "⁴": "^4",
    "✓": "ok",
    "✗": "no",
    "•": "*",
    "│": "|",
    "─": "-",
    "█": "#",
    "▲": "^",
    "▼": "v",
    "₹": "Rs",
    "√": "sqrt",
    "’": "'",
    "“": '"',
    "”": '"',
}
"""ASCII for the signs that G6 writes; any other becomes a question mark."""


def table_in_ascii(table: Table) -> Table:
    """Return the same table with its heads and cells in ASCII."""
    # A sign that becomes several letters on its way out, as sigma does, would move the columns.
    signs = str.maketrans(dict(SIGNS))

    def plain(cell: RenderableType) -> RenderableType:
        return cell.translate(signs) if isinstance(cell, str) else cell

    for column in table.columns:
        column.header = plain(column.header)
        column._cells = [plain(cell) for cell in column._cells]  # noqa: SLF001 - has no setter
    return table
