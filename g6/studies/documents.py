"""What a study answers with: frozen dataclasses that can say their main table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Column = Sequence[object] | NDArray[np.generic]


class Document(Protocol):
    """The answer of a study: a frozen dataclass of plain values, arrays and further dataclasses."""

    def columns(self) -> Mapping[str, Column]:
        """Return the main table: columns of one length by name, as CSV and data frames hold it."""
        ...


def columns_of(record: type, records: Iterable[object]) -> dict[str, list[object]]:
    """Return records of one dataclass as columns by the names of its fields.

    >>> from dataclasses import make_dataclass
    >>> Strike = make_dataclass("Strike", ["strike", "oi"])
    >>> columns_of(Strike, [Strike(24000, 5), Strike(24100, 7)])
    {'strike': [24000, 24100], 'oi': [5, 7]}
    """
    rows = list(records)
    return {field.name: [getattr(row, field.name) for row in rows] for field in fields(record)}
