"""Named columns of one length under a header: what travels between stages and what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SIDE_KEYS",
    "SIDE_PREFIXES",
    "ColumnValues",
    "Frame",
    "FrameName",
    "Header",
    "SideColumns",
    "Words",
    "by_side",
]

ColumnValues: TypeAlias = NDArray[Any]
"""One column's values: numbers, days or objects, by the kind that `rows` gives its name."""

Header: TypeAlias = Mapping[str, object]
"""What a frame says of all its rows, as JSON has it."""

SIDE_KEYS = ("ce", "pe")
"""Keys of the sides in a document, in the order of the side axis."""
SIDE_PREFIXES = ("ce_", "pe_")
"""Prefixes of a side's columns, in the order of the side axis."""


class FrameName(StrEnum):
    """What a frame of a unit holds, by the stage that leaves it: collect, then analyse."""

    QUOTES = "quotes"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class Words:
    """A text column that says few words again and again.

    Attributes:
        codes: Places in `words`, shape (n,).
        words: The distinct words, of which there are few.
    """

    codes: NDArray[np.int16]
    words: NDArray[np.object_]

    def spelled(self) -> NDArray[np.object_]:
        """Return the text of each row."""
        return self.words[self.codes]

    @classmethod
    def joined(cls, parts: Sequence[Words]) -> Words:
        """Return the rows of all parts, one after the other, under one vocabulary.

        >>> parts = [Words(np.array([0]), np.array([word], dtype=object)) for word in ("a", "b")]
        >>> Words.joined([*parts, parts[0]]).spelled().tolist()
        ['a', 'b', 'a']
        """
        vocabulary = dict.fromkeys(word for part in parts for word in part.words)
        places = {word: place for place, word in enumerate(vocabulary)}
        codes = []
        for part in parts:
            renumbered = np.array([places[word] for word in part.words], dtype=np.int16)
            codes.append(renumbered[part.codes])
        return cls(np.concatenate(codes), np.array([*places], dtype=object))


class SideColumns(Mapping[str, ColumnValues]):
    """The `ce_` and `pe_` columns of a frame as `(2, n)` arrays, stacked when one is read.

    >>> columns = {"ce_oi": np.array([65.0]), "pe_oi": np.array([130.0])}
    >>> SideColumns(columns)["oi"].tolist()
    [[65.0], [130.0]]
    """

    def __init__(self, columns: Mapping[str, ColumnValues]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> ColumnValues:
        calls, puts = (self._columns[side + name] for side in SIDE_PREFIXES)
        # np.stack takes 2.4 us for 200 strikes and this 1.2: breadth reads six quantities.
        if calls.dtype != puts.dtype:
            return np.stack([calls, puts])
        both = np.empty((2, len(calls)), dtype=calls.dtype)
        both[0] = calls
        both[1] = puts
        return both

    def __iter__(self) -> Iterator[str]:
        calls = SIDE_PREFIXES[0]
        return (name.removeprefix(calls) for name in self._columns if name.startswith(calls))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Frame:
    """Columns of one length and a header.

    Attributes:
        header: JSON-able.
        columns: Shape (n,) each. Instants are float64 epoch seconds, NaN unknown.
    """

    header: Header
    columns: Mapping[str, ColumnValues] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @property
    def sides(self) -> SideColumns:
        """The columns of both sides, each `(2, n)`."""
        return SideColumns(self.columns)

    def take(self, rows: ColumnValues | slice) -> Frame:
        """Return the frame with some rows, by a mask, positions or a slice.

        >>> Frame({}, {"strike": np.array([100.0, 110.0])}).take(np.array([1])).columns["strike"]
        array([110.])
        """
        return Frame(self.header, {name: column[rows] for name, column in self.columns.items()})


def by_side(arrays: Mapping[str, ColumnValues], names: Iterable[str]) -> dict[str, ColumnValues]:
    """Split `(2, n)` arrays into the `ce_…` and `pe_…` columns of a frame.

    Args:
        arrays: Shape (2, n) each, by the name without a side.
        names: Which of them, in their order.

    >>> by_side({"oi": np.array([[65.0], [130.0]])}, ["oi"])
    {'ce_oi': array([65.]), 'pe_oi': array([130.])}
    """
    return {
        side + name: arrays[name][row] for row, side in enumerate(SIDE_PREFIXES) for name in names
    }
