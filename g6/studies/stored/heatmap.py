"""Open interest or volatility over strikes and cycles, or over strikes and expiries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.figures import build_up
from g6.domain.figures.smile import volatility_smile
from g6.domain.schema.chain import Chain
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Cycles, Every, Expiry, Index, Parameter

Array = NDArray[np.float64]

OF = ("oi", "iv")
BY = ("time", "expiry")

Of = Annotated[
    str, Parameter("Open interest or implied volatility.", "iv", choices=OF, metavar="oi|iv")
]
By = Annotated[
    str,
    Parameter(
        "What the columns are: cycles or expiries.", "expiry", choices=BY, metavar="time|expiry"
    ),
]


@dataclass(frozen=True, slots=True)
class HeatmapParameters:
    """Asks for a matrix over strikes and cycles or expiries."""

    index: Index
    of: Of = "oi"
    by: By = "time"
    expiry: Expiry = None
    cycles: Cycles = 375
    every: Every = 1
    at: At = None


@dataclass(frozen=True, slots=True)
class Heatmap:
    """A matrix over k strikes and m cycles or expiries.

    Attributes:
        index: The underlying's name.
        cycle: The newest cycle's instant as its name.
        by: What the columns are: `time` or `expiry`.
        of: What the values are: `oi` in units of both sides, `iv` in percent.
        strike: Points, shape (k,).
        labels: The columns' instants or days, m of them.
        forward: The forward of each column, points.
        spot: The index with each column, points.
        atm: The strike at the money of each column, points, NaN unknown.
        matrix: Shape (k, m), NaN where a strike was not there.
        change: What the matrix changed by, shape (k, m): open interest since the previous session,
            volatility since the first column, NaN where that is unknown and over expiries.
        expiry: The expiry of all columns, None where each column has its own.
    """

    index: str
    cycle: str
    by: str
    of: str
    strike: Array
    labels: tuple[str, ...]
    forward: tuple[float, ...]
    spot: tuple[float, ...]
    atm: tuple[float, ...]
    matrix: Array
    change: Array
    expiry: date | None

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per strike."""
        values = dict(zip(self.labels, self.matrix.T, strict=True))
        return {"strike": self.strike, **values}


def answer(reader: StoredReader, parameters: HeatmapParameters) -> Heatmap:
    """Return the matrix: by time of one expiry, by expiry of the newest chain.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored, or none of that expiry.
    """
    is_by_time = parameters.by == "time"
    count = parameters.cycles if is_by_time else 1
    units = selection.units(reader, parameters.index, parameters.at, count)
    if is_by_time:
        units = selection.every_nth(units, parameters.every)
    frames = selection.chains(reader, units, parameters.at)
    expiry: date | None = None
    if is_by_time:
        stored = [*map(Chain.of_rows, frames)]
        chains = selection.of_one_expiry(stored, parameters.expiry)
        labels = [isoformat_z(chain.instant) for chain in chains]
        expiry = chains[-1].expiries[0].day
    else:
        chains = list(Chain.of_rows(frames[-1]).each_expiry())
        labels = [chain.expiries[0].day.isoformat() for chain in chains]
    spots = {float(frame.columns["timestamp"][0]): frame.columns["spot"][0] for frame in frames}
    strikes = np.unique(np.concatenate([chain.strike for chain in chains]))
    matrix = _matrix(strikes, chains, _VALUES[parameters.of])
    if parameters.of == "oi":
        change = _matrix(strikes, chains, _interest_change)
    elif is_by_time:
        change = matrix - matrix[:, :1]
    else:
        change = np.full(matrix.shape, np.nan)
    return Heatmap(
        index=units[-1].index,
        cycle=units[-1].cycle,
        by=parameters.by,
        of=parameters.of,
        strike=strikes,
        labels=tuple(labels),
        forward=tuple(chain.expiries[0].forward for chain in chains),
        spot=tuple(float(spots[chain.instant]) for chain in chains),
        atm=tuple(chain.expiries[0].atm for chain in chains),
        matrix=matrix,
        change=change,
        expiry=expiry,
    )


def _matrix(strikes: Array, chains: Sequence[Chain], values: Callable[[Chain], Array]) -> Array:
    matrix = np.full((len(strikes), len(chains)), np.nan)
    for column, chain in enumerate(chains):
        matrix[np.searchsorted(strikes, chain.strike), column] = values(chain)
    return matrix


def _interest(chain: Chain) -> Array:
    interest: Array = chain.sides["oi"].sum(axis=0)
    return interest


def _interest_change(chain: Chain) -> Array:
    sides = chain.sides
    by_side = build_up.change(sides["oi"], chain.oi_prev, sides["oi_day_high"])
    change: Array = by_side.sum(axis=0)
    return change


def _volatility(chain: Chain) -> Array:
    return 100 * volatility_smile.smile(chain.strike, chain.expiries[0].forward, chain.iv)


_VALUES: Mapping[str, Callable[[Chain], Array]] = {"oi": _interest, "iv": _volatility}
