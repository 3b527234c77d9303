"""The contract of one figure: what it means wherever it is shown, and what makes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Definition", "TermFigure"]


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure as every screen, row and document has it.

    Attributes:
        id: Name of the figure's column in the overview, or `subject.field` for what is in no row.
        unit: Of its values.
        sign: What a positive value means, or that it has none.
        convention: The assumption behind it, or empty.
        definition: How it is computed.
        function: What computes it.
    """

    id: str
    unit: str
    sign: str
    convention: str
    definition: str
    function: Callable[..., object]


@dataclass(frozen=True, slots=True)
class TermFigure(Definition):
    """One number of an index's term structure, as a fraction. `g6 dossier` shows each of them.

    Attributes:
        function: Takes years to each expiry, ascending, and its ATM volatility. NaN is unknown.
    """

    function: Callable[[Sequence[float], Sequence[float]], float]
