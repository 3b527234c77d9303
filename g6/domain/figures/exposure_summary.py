"""The exposures of one chain in sums: what a panel shows of them, and a study says."""

from __future__ import annotations

from dataclasses import dataclass

from g6.domain.figures import exposures
from g6.domain.schema.chain import Chain

__all__ = ["ExposureSummary", "summary_of"]


@dataclass(frozen=True, slots=True)
class ExposureSummary:
    """Exposures of all expiries together under one convention of who holds what.

    Attributes:
        convention: Who is assumed to hold which options.
        options: How many options are in the sums.
        gex: Rupees of delta per move of one percent.
        dex: Rupees of delta.
        vex: Rupees per volatility point.
        vanna: Rupees of delta per volatility point.
        charm: Rupees of delta per day.
        vomma: Rupees of vega per volatility point.
        wall_call: Strike with the largest GEX of calls, points.
        wall_put: Strike with the largest GEX of puts, points.
        interest_call: Strike with the largest open interest of calls, points.
        interest_put: Strike with the largest open interest of puts, points.
        flip: Level of the index at which GEX changes sign, points.
        regime: `long_gamma`, `short_gamma`, or nothing.
    """

    convention: str
    options: int
    gex: float
    dex: float
    vex: float
    vanna: float
    charm: float
    vomma: float
    wall_call: float
    wall_put: float
    interest_call: float
    interest_put: float
    flip: float
    regime: str


def summary_of(chain: Chain, spot: float) -> ExposureSummary:
    """Return the exposures of a chain in sums, NaN where one is unknown.

    Args:
        chain: The chain, whatever its expiries.
        spot: The index, points. Only the flip, which is looked for around it, depends on it.

    >>> from g6.simulation.example_unit import CHAIN
    >>> summary_of(CHAIN, 24050.0).regime
    'short_gamma'
    """
    positions = exposures.positions(chain)
    sums = exposures.exposures(positions)
    walls = exposures.walls(sums)
    interest = exposures.interest_walls(positions)
    net = {name: sums.net(name) for name in exposures.EXPOSURES}
    return ExposureSummary(
        convention=sums.convention,
        options=sums.options,
        **net,
        wall_call=walls.call,
        wall_put=walls.put,
        interest_call=interest.call,
        interest_put=interest.put,
        flip=exposures.flip(positions, spot),
        regime=exposures.regime(net["gex"]),
    )
