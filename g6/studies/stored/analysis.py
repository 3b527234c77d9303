"""What the newest stored chains say: ratios, levels, expected moves, smiles, exposures, risk."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from g6.domain.cycles.cycle import Unit
from g6.domain.figures import breadth, exposures
from g6.domain.figures.breadth import Breadth, MarketBreadth
from g6.domain.figures.by_expiry import ExpiryFigures, expiry_figures
from g6.domain.figures.exposure_summary import ExposureSummary, summary_of
from g6.domain.figures.exposures import Risk
from g6.domain.figures.smile import surface
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.errors import NothingToDo
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
        stale_seconds: How much older than the newest cycle of all its cycle is, 0 where it is that.
    """

    index: str
    cycle: str
    spot: float
    expiries: tuple[ExpiryFigures, ...]
    exposures: ExposureSummary
    risk: tuple[Risk, ...]
    breadth: Breadth
    surface: SurfaceQuality
    stale_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the newest stored chains say, and how many of the indices stand above their marks.

    Attributes:
        indices: What the newest chain of each index says.
        market_breadth: Of the indices of the newest cycle.
    """

    indices: tuple[IndexAnalysis, ...]
    market_breadth: MarketBreadth

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index and expiry."""
        names: list[object] = []
        cycles: list[object] = []
        ages: list[object] = []
        expiries: list[ExpiryFigures] = []
        for index in self.indices:
            names += [index.index] * len(index.expiries)
            cycles += [index.cycle] * len(index.expiries)
            ages += [index.stale_seconds] * len(index.expiries)
            expiries += index.expiries
        figures = columns_of(ExpiryFigures, expiries)
        # A level has interest and distance as well. A line per expiry has room for its strike.
        for name in _LEVELS:
            del figures[name]
            figures[name] = [getattr(expiry, name).strike for expiry in expiries]
        return {"index": names, "cycle": cycles, **figures, "stale_seconds": ages}


_LEVELS = ("support", "resistance")


def answer(reader: StoredReader, parameters: AnalysisParameters) -> Analysis:
    """Return what the newest stored chain of an index says, or that of every stored index.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain is stored.
    """
    newest = _newest(reader, parameters)
    last = max(unit.instant for unit, _ in newest)
    indices: list[IndexAnalysis] = []
    chains: list[Chain] = []
    for unit, frame in newest:
        chain = Chain.of_rows(frame)
        age = (last - unit.instant).total_seconds()
        indices.append(replace(_analysis(unit, frame, chain), stale_seconds=age))
        if not age:
            chains.append(chain)
    return Analysis(tuple(indices), breadth.market(chains))


def _newest(reader: StoredReader, parameters: AnalysisParameters) -> list[tuple[Unit, Frame]]:
    """Return the newest chain of the index, or of every one that was collected lately."""
    at = parameters.at
    if parameters.index:
        return [selection.latest(reader, parameters.index, at)]
    newest: list[tuple[Unit, Frame]] = []
    # After a cycle of one index alone all others were left out without a word.
    for name in selection.indices_lately(reader, at):
        with suppress(NothingToDo):
            newest.append(selection.latest(reader, name, at))
    if not newest:
        raise NothingToDo(f"no chain is stored in {reader.place}", "g6 data ls shows what is there")
    return newest


def _analysis(unit: Unit, frame: Frame, chain: Chain) -> IndexAnalysis:
    spot = float(frame.columns["spot"][0])
    fitted = surface.fit(surface.smiles(chain))
    return IndexAnalysis(
        index=unit.index,
        cycle=unit.cycle,
        spot=spot,
        expiries=tuple(expiry_figures(chain)),
        exposures=summary_of(chain, spot),
        risk=tuple(exposures.risk(exposures.positions(chain))),
        breadth=breadth.since_close(chain),
        surface=SurfaceQuality(
            quality=fitted.quality,
            warnings={smile.expiry: smile.warnings for smile in fitted.fitted if smile.warnings},
        ),
    )
