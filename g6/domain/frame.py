"""A frame: named columns of one length under a header; what travels between stages and what the store keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDES = ("ce_", "pe_")


@dataclass(frozen=True, slots=True)
class Frame:
    """Columns (each `(n,)`, all of one length) and a JSON-able header. Instants are float64 epoch seconds, NaN unknown."""

    header: Mapping[str, Any]
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def take(self, rows: NDArray[Any]) -> Frame:
        """Return the frame with only `rows` (a mask or positions)."""
        return Frame(self.header, {name: column[rows] for name, column in self.columns.items()})

    def both_sides(self, name: str) -> NDArray[Any]:
        """Return `ce_<name>` over `pe_<name>` as one `(2, n)` array."""
        return np.stack([self.columns[side + name] for side in SIDES])


def by_side(arrays: Mapping[str, NDArray[Any]], names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Split `(2, n)` arrays into the `ce_…` and `pe_…` columns of a frame."""
    return {side + name: arrays[name][row] for row, side in enumerate(SIDES) for name in names}
