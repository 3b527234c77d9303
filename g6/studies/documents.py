"""What a study answers with: frozen dataclasses that can say their main table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

DocumentColumn = Sequence[object] | NDArray[np.generic]


class StudyDocument(Protocol):
    """The answer of a study: a frozen dataclass of plain values, arrays and further dataclasses."""

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return the main table: columns of one length by name, as CSV and data frames hold it."""
        ...


@runtime_checkable
class Verdict(Protocol):
    """A document that judges what it shows: a command that shows it ends with 1 or with 0."""

    @property
    def passes(self) -> bool:
        """Tell whether everything that was looked at is as it should be."""
        ...


@runtime_checkable
class SearchDocument(Protocol):
    """A document that may be empty: a command that would show nothing says so and ends with 3."""

    @property
    def nothing(self) -> str:
        """Return what is said where nothing was there, empty where there was something."""
        ...


@runtime_checkable
class Mending(Protocol):
    """A document that names commands as fixes, in what programs read of it too."""

    def with_fixes(self, completed: Callable[[str], str]) -> StudyDocument:
        """Return the same with every fix completed by a function."""
        ...


@runtime_checkable
class OfCycle(Protocol):
    """A document of one cycle, which `--watch` shows again once there is a newer one."""

    @property
    def cycle(self) -> str | None:
        """Return the cycle's name, None before the first one."""
        ...


@runtime_checkable
class Changing(Protocol):
    """A document that is shown again, by `--watch` or `--follow`, once its mark is another one."""

    @property
    def mark(self) -> str:
        """Return what tells it from the one before, empty where there is nothing to show."""
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
