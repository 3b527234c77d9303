"""The contract of one figure: what it means wherever it is shown, and what makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Definition"]


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
