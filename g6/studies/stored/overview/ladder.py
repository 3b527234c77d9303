"""The strikes of one expiry near the money: quotes, open interest, its change and build-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures.build_up import change, unpublished_in_words
from g6.domain.figures.by_expiry import ExpiryFigures
from g6.domain.schema.frame import SIDE_PREFIXES
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Expiry, Index, Parameter
from g6.studies.stored import buildup, chain_by_strike
from g6.studies.stored.chain_by_strike import ChainByStrike, ChainParameters, SideTotals

Array = NDArray[np.float64]

QUOTED = ("last", "bid", "ask", "volume", "oi", "iv", "delta", "theta")
"""Columns of a stored chain that each side has here."""

Window = Annotated[
    int | None,
    Parameter("How many listed strikes either side of ATM; else all.", "15", least=1, metavar="N"),
]


@dataclass(frozen=True, slots=True)
class LadderParameters:
    """Asks for the strikes of one expiry near the money."""

    index: Index
    expiry: Expiry = None
    window: Window = None
    against: buildup.Against = buildup.CLOSE
    at: At = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """The strikes of one expiry near the money, n of them.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        expiry: The expiry's day.
        days: Days to the expiry.
        spot: The index in points, NaN unknown.
        forward: The expiry's forward in points, NaN unknown.
        window: How many listed strikes either side of ATM were asked for, None for all.
        figures: Ratios and levels of the whole expiry.
        sums: Sums of all calls and of all puts of the expiry.
        against: What build-up is compared with, empty where there is nothing to compare with.
        strike: Points, shape (n,).
        offset: Listed strikes from ATM, shape (n,), NaN unknown.
        sides: Columns of `QUOTED`, `oi_change` (units since the previous session) and `change`
            (of the last price, points, compared as build-up is) by their names, shape (2, n),
            calls first, NaN unknown.
        build_up: The word of each option, shape (2, n), empty where it is unknown.
        note: Why changes of open interest are unknown, empty where they are known.
    """

    index: str
    cycle: str
    expiry: date
    days: int
    spot: float
    forward: float
    window: int | None
    figures: ExpiryFigures
    sums: tuple[SideTotals, SideTotals]
    against: str
    strike: Array
    offset: Array
    sides: Mapping[str, Array]
    build_up: NDArray[np.object_]
    note: str = ""

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per strike."""
        columns: dict[str, DocumentColumn] = {"strike": self.strike, "offset": self.offset}
        for place, side in enumerate(SIDE_PREFIXES):
            for name, values in self.sides.items():
                columns[f"{side}{name}"] = values[place]
            columns[f"{side}build_up"] = self.build_up[place]
        return columns


def answer(reader: StoredReader, parameters: LadderParameters) -> Ladder:
    """Return the strikes of one expiry of the newest chain, the nearest unless one is named.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored, or none of that expiry.
    """
    question = ChainParameters(parameters.index, parameters.expiry, parameters.at)
    chain = chain_by_strike.answer(reader, question)
    offset = np.asarray(chain.rows["offset"], dtype=np.float64)
    near = np.arange(len(offset))
    if parameters.window is not None and np.isfinite(offset).any():
        near = np.flatnonzero(np.abs(offset) <= parameters.window)
    against, words, moves = _build_up(reader, parameters, len(offset))
    sides = {name: _both(chain, name) for name in QUOTED}
    interest = (sides["oi"], _both(chain, "oi_prev"), _both(chain, "oi_day_high"))
    sides["oi_change"] = change(*interest)
    sides["change"] = moves
    return Ladder(
        index=chain.index,
        cycle=chain.cycle,
        expiry=chain.expiry,
        days=chain.days,
        spot=chain.spot,
        forward=chain.forward,
        window=parameters.window,
        figures=chain.figures,
        sums=chain.sums,
        against=against,
        strike=np.asarray(chain.rows["strike"], dtype=np.float64)[near],
        offset=offset[near],
        sides={name: values[:, near] for name, values in sides.items()},
        build_up=words[:, near],
        note=unpublished_in_words(*interest),
    )


def _both(chain: ChainByStrike, name: str) -> Array:
    """Return a column of both sides, shape (2, n)."""
    return np.stack(
        [np.asarray(chain.rows[side + name], dtype=np.float64) for side in SIDE_PREFIXES]
    )


def _build_up(
    reader: StoredReader, parameters: LadderParameters, count: int
) -> tuple[str, NDArray[np.object_], Array]:
    """Return what is compared with, the words and the changes of the last price, shape (2, n).

    Words are empty and changes NaN where there is nothing to compare with.
    """
    question = buildup.BuildUpParameters(
        parameters.index, parameters.against, parameters.expiry, parameters.at
    )
    try:
        moves = buildup.answer(reader, question)
    except NothingToDo:
        return "", np.full((2, count), "", dtype=object), np.full((2, count), np.nan)
    words = np.stack([moves.calls.build_up, moves.puts.build_up])
    changes = np.stack([moves.calls.premium_change, moves.puts.premium_change])
    return moves.against, words, changes
