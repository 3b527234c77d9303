"""Exposures by strike of the newest stored chain, and how net GEX would change with the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import exposures
from g6.domain.schema.chain import Chain
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Index, OneExpiry

Array = NDArray[np.float64]

_REACH = 0.05
_STEPS = 40


@dataclass(frozen=True, slots=True)
class ExposureParameters:
    """Asks for exposures by strike, of all expiries together unless one is named."""

    index: Index
    expiry: OneExpiry = None
    at: At = None


@dataclass(frozen=True, slots=True)
class ExposuresByStrike:
    """Exposures of one stored chain, k strikes.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        expiry: The expiry's day, None for all expiries together.
        spot: The index, points, NaN unknown.
        convention: Who is assumed to hold which options.
        options: How many options are in the sums.
        strike: Points, shape (k,).
        exposures: Each exposure by its name, shape (2, k), calls first: gex in ₹ of delta per 1 %
            move, dex in ₹ of delta, vex in ₹ per volatility point, vanna in ₹ of delta per
            volatility point, charm in ₹ of delta per day, vomma in ₹ of vega per volatility point.
        net: The sum of each exposure, ₹, NaN unknown.
        wall_call: Strike with the largest GEX of calls, points, NaN unknown.
        wall_put: Strike with the largest GEX of puts, points, NaN unknown.
        flip: Level of the index at which net GEX changes sign, points, NaN without one.
        regime: `long_gamma`, `short_gamma`, or nothing.
        level: Levels of the index around its spot, points, shape (m,).
        net_gex: Net GEX were the index there, ₹ per 1 % move, shape (m,).
    """

    index: str
    cycle: str
    expiry: date | None
    spot: float
    convention: str
    options: int
    strike: Array
    exposures: Mapping[str, Array]
    net: Mapping[str, float]
    wall_call: float
    wall_put: float
    flip: float
    regime: str
    level: Array
    net_gex: Array

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per strike."""
        columns: dict[str, DocumentColumn] = {"strike": self.strike}
        for name, (calls, puts) in self.exposures.items():
            columns[f"ce_{name}"] = calls
            columns[f"pe_{name}"] = puts
        return columns


def answer(reader: StoredReader, parameters: ExposureParameters) -> ExposuresByStrike:
    """Return exposures by strike of the newest stored chain that was observed by `at`.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored, or none of that expiry.
    """
    unit, frame = selection.latest(reader, parameters.index, parameters.at)
    chain = Chain.of_rows(frame)
    expiry: date | None = None
    if parameters.expiry is not None:
        expiry = selection.expiry_of(chain, parameters.expiry).day
        chain = chain.expiry(expiry)
    spot = float(frame.columns["spot"][0])
    book = exposures.positions(chain)
    weighed = exposures.exposures(book)
    walls = exposures.walls(weighed)
    moves = np.linspace(1 - _REACH, 1 + _REACH, _STEPS + 1)
    net = {name: weighed.net(name) for name in exposures.EXPOSURES}
    return ExposuresByStrike(
        index=unit.index,
        cycle=unit.cycle,
        expiry=expiry,
        spot=spot,
        convention=weighed.convention,
        options=weighed.options,
        strike=np.unique(weighed.strike),
        exposures={name: weighed.by_strike(name)[1] for name in exposures.EXPOSURES},
        net=net,
        wall_call=walls.call,
        wall_put=walls.put,
        flip=exposures.flip(book, spot),
        regime=exposures.regime(net["gex"]),
        level=spot * moves if isfinite(spot) else np.full(len(moves), np.nan),
        net_gex=exposures.net_gex(book, moves),
    )
