"""A frame: named columns of one length under a header; what travels between stages and what the store keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDES = ("ce_", "pe_")


@dataclass(frozen=True, slots=True)
class Words:
    """A text column that says few words again and again: `codes` `(n,)` are places in `words`, of which there are few."""

    codes: NDArray[np.int16]
    words: NDArray[np.object_]

    def spelled(self) -> NDArray[np.object_]:
        """Return the text of each row."""
        return self.words[self.codes]

    @classmethod
    def joined(cls, parts: Sequence[Words]) -> Words:
        """Return the rows of all parts, one after the other, under one vocabulary."""
        places = {
            word: place
            for place, word in enumerate(
                dict.fromkeys(word for part in parts for word in part.words)
            )
        }
        codes = [
            np.array([places[word] for word in part.words], dtype=np.int16)[part.codes]
            for part in parts
        ]
        return cls(np.concatenate(codes), np.array([*places], dtype=object))


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
