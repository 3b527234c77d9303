"""Strikes around the money: those that a table shows, and that JSON and CSV hold on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Annotated, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from g6.rendering.wording import around
from g6.studies.parameters import Parameter

__all__ = [
    "USUAL",
    "AllLines",
    "Strikes",
    "StrikesView",
    "around_atm",
    "evenly",
    "few_enough",
    "narrowed",
    "with_fewer_strikes",
]

T = TypeVar("T")
USUAL = 21
"""How many strikes a table shows of which nobody names the number."""
LEAST = 3
"""How many a table shows on the lowest of screens."""
Strikes = Annotated[
    int | None,
    Parameter(
        "Strikes around ATM; 0: all. Else 21 of a table, all of --json.", "21", least=0, metavar="N"
    ),
]


@dataclass(frozen=True, slots=True)
class StrikesView:
    """How many strikes are shown."""

    strikes: Strikes = None


AllLines = Annotated[
    bool, Parameter("All of it, where a terminal shows what fits.", option="--all")
]


def around_atm(offset: NDArray[np.float64] | Sequence[float], strikes: int | None) -> range:
    """Return the rows of so many strikes around the one at the money.

    At the ends of the ladder the window keeps its size instead of being centred.

    Args:
        offset: Listed strikes from ATM, NaN unknown.
        strikes: How many, 0 for all, None for as many as a table shows.

    >>> around_atm([-2.0, -1.0, 0.0, 1.0, 2.0], 3), around_atm([0.0, 1.0, 2.0, 3.0], 3)
    (range(1, 4), range(0, 3))
    """
    count = len(offset)
    most = USUAL if strikes is None else strikes
    if not most or count <= most:
        return range(count)
    first = max(0, min(around(offset) - most // 2, count - most))
    return range(first, first + most)


def evenly(count: int, most: int) -> Sequence[int]:
    """Return the places of at most so many of some lines, the first and the last among them.

    Args:
        count: How many lines there are.
        most: How many are shown, two at least.

    >>> evenly(10, 4), len(evenly(10, 40))
    ([0, 3, 6, 9], 10)
    """
    if count <= most:
        return range(count)
    return [round(line * (count - 1) / (most - 1)) for line in range(most)]


def few_enough(strikes: int | None, lines: int) -> int:
    """Return how many of the strikes that are wanted fit so many lines.

    >>> few_enough(None, 40), few_enough(0, 40), few_enough(31, 12)
    (21, 40, 12)
    """
    most = max(LEAST, lines)
    wished = USUAL if strikes is None else strikes
    return min(wished or most, most)


def with_fewer_strikes(view: StrikesView, lines: int) -> StrikesView:
    """Return a view of as many of its strikes as fit so many lines.

    >>> with_fewer_strikes(StrikesView(31), 12)
    StrikesView(strikes=12)
    """
    return StrikesView(few_enough(view.strikes, lines))


def narrowed(document: T, rows: range, count: int) -> T:
    """Return a document whose arrays over the strikes hold those of some rows alone.

    Args:
        document: A frozen dataclass.
        rows: The rows of the strikes.
        count: How many strikes it has: an array whose last axis is as long is over them.
    """
    return cast("T", _cut(document, rows, count))


def _cut(value: object, rows: range, count: int) -> object:
    if isinstance(value, np.ndarray):
        return value[..., rows.start : rows.stop] if value.shape[-1:] == (count,) else value
    if isinstance(value, Mapping):
        return {name: _cut(member, rows, count) for name, member in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: _cut(part, rows, count) for name, part in members.items()})
    return value
