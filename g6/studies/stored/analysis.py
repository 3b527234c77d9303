"""What the newest stored chains say: ratios, levels, expected moves, smiles, exposures, risk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from g6.domain.cycles.cycle import Unit
from g6.domain.figures import breadth, exposures
from g6.domain.figures.breadth import Breadth, MarketBreadth
from g6.domain.figures.by_expiry import ExpiryFigures, expiry_figures
from g6.domain.figures.exposures import Risk
from g6.domain.figures.smile import surface
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Parameter

OneIndex = Annotated[
    str | None,
    Parameter(
        "The index, such as NIFTY; else every stored one.",
        "NIFTY",
        metavar="INDEX",
        is_positional=True,
    ),
]


@dataclass(frozen=True, slots=True)
class AnalysisParameters:
    """Asks what the newest stored chains say."""

    index: OneIndex = None
    at: At = None


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


@dataclass(frozen=True, slots=True)
class SurfaceQuality:
    """How well the volatility surface fits, by expiry, and what is wrong with it."""

    quality: Mapping[date, float]
    warnings: Mapping[date, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class IndexAnalysis:
    """What one stored chain says.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        spot: The index in points.
        expiries: Figures of each expiry, ascending.
        exposures: Sums over all expiries.
        risk: Open interest times Greeks by bucket and moneyness.
        breadth: How many options gained premium or open interest since the previous close.
        surface: How well the fitted surface fits.
    """

    index: str
    cycle: str
    spot: float
    expiries: tuple[ExpiryFigures, ...]
    exposures: ExposureSummary
    risk: tuple[Risk, ...]
    breadth: Breadth
    surface: SurfaceQuality


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the newest stored chains say, and how many of the indices stand above their marks."""

    indices: tuple[IndexAnalysis, ...]
    market_breadth: MarketBreadth

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index and expiry."""
        names: list[object] = []
        cycles: list[object] = []
        expiries: list[ExpiryFigures] = []
        for index in self.indices:
            names += [index.index] * len(index.expiries)
            cycles += [index.cycle] * len(index.expiries)
            expiries += index.expiries
        figures = columns_of(ExpiryFigures, expiries)
        # A level has interest and distance as well. A line per expiry has room for its strike.
        for name in _LEVELS:
            del figures[name]
            figures[name] = [getattr(expiry, name).strike for expiry in expiries]
        return {"index": names, "cycle": cycles, **figures}


_LEVELS = ("support", "resistance")


def answer(reader: StoredReader, parameters: AnalysisParameters) -> Analysis:
    """Return what the newest stored chain of an index says, or that of every stored index.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain is stored.
    """
    at = parameters.at
    names = [parameters.index] if parameters.index else selection.indices_at(reader, at)
    newest = [selection.latest(reader, name, at) for name in names]
    chains = [Chain.of_rows(frame) for _, frame in newest]
    indices = [
        _analysis(unit, frame, chain) for (unit, frame), chain in zip(newest, chains, strict=True)
    ]
    return Analysis(tuple(indices), breadth.market(chains))


def _analysis(unit: Unit, frame: Frame, chain: Chain) -> IndexAnalysis:
    spot = float(frame.columns["spot"][0])
    positions = exposures.positions(chain)
    fitted = surface.fit(surface.smiles(chain))
    return IndexAnalysis(
        index=unit.index,
        cycle=unit.cycle,
        spot=spot,
        expiries=tuple(expiry_figures(chain)),
        exposures=_exposures(positions, spot),
        risk=tuple(exposures.risk(positions)),
        breadth=breadth.since_close(chain),
        surface=SurfaceQuality(
            quality=fitted.quality,
            warnings={smile.expiry: smile.warnings for smile in fitted.fitted if smile.warnings},
        ),
    )


def _exposures(positions: exposures.Positions, spot: float) -> ExposureSummary:
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
