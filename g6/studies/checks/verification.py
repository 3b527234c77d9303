"""Stored units held against a second implementation: the largest differences by figure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from g6.domain.cycles.cycle import Unit
from g6.domain.figures import exposures
from g6.domain.market.instants import instant_in_words
from g6.domain.schema.chain import Chain
from g6.errors import NothingToDo
from g6.ports.readers import UnitReader
from g6.studies.checks import second_exposures, second_opinion
from g6.studies.checks.second_opinion import Differences
from g6.studies.checks.second_rows import StoredUnit
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Parameter

__all__ = ["FigureDifference", "Verification", "VerificationParameters", "answer"]

EXPOSURE_MODEL = "black76"
"""The model that the second implementation of exposures knows."""

VerificationTrack = Callable[[Sequence[Unit]], Iterable[Unit]]


@dataclass(frozen=True, slots=True)
class VerificationParameters:
    """Asks for a sample of stored units to be computed again."""

    cycles: Annotated[
        int,
        Parameter(
            "How many stored units to verify, drawn at random.",
            "20",
            least=1,
            metavar="N",
        ),
    ] = 100
    tolerance: Annotated[
        float,
        Parameter("The largest relative difference that passes.", "1e-5", metavar="FRACTION"),
    ] = 1e-5
    at: At = None


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """The largest difference of one figure.

    Attributes:
        figure: The figure's name.
        compared: How many values were compared.
        largest: The largest relative difference, infinite where one of both values is missing.
        where: Where it is, with both values.
    """

    figure: str
    compared: int
    largest: float
    where: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a second implementation says of a sample of stored units.

    Attributes:
        units: Units that were drawn.
        stored: Units that are stored, or were at the instant that was asked about.
        tolerance: The largest relative difference that passes.
        figures: The largest difference of each figure.
    """

    units: int
    stored: int
    tolerance: float
    figures: tuple[FigureDifference, ...]

    @property
    def above(self) -> tuple[str, ...]:
        """The figures beyond the tolerance, by name."""
        return tuple(sorted(figure.figure for figure in filter(self.is_beyond, self.figures)))

    @property
    def passes(self) -> bool:
        """Whether every figure is within the tolerance."""
        return not self.above

    def is_beyond(self, difference: FigureDifference) -> bool:
        """Tell whether a difference does not pass."""
        # NaN does not pass: it is no number below the tolerance.
        return not difference.largest <= self.tolerance

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per figure."""
        return columns_of(FigureDifference, self.figures)


def answer(
    reader: UnitReader, parameters: VerificationParameters, track: VerificationTrack = iter
) -> Verification:
    """Compute a sample of stored units again and return the largest differences.

    Args:
        reader: Reads a unit as the store does, and as plain rows.
        parameters: How many units, and what passes.
        track: Shows the progress over the units.

    Raises:
        NothingToDo: No chain is stored.
    """
    units = _units(reader, parameters.at)
    # The number of units is the seed, so that a second look draws the same sample. Of an instant
    # a later repair adds none: it drew another sample while repaired units were only passed over.
    drawn = random.Random(len(units)).sample(units, min(parameters.cycles, len(units)))
    sample = sorted(drawn, key=lambda unit: unit.instant)
    differences = Differences()
    for unit in track(sample):
        _compare(reader, unit, differences)
    figures = tuple(
        FigureDifference(name, differences.compared[name], gap, differences.place[name])
        for name, gap in differences.largest.items()
    )
    return Verification(len(sample), len(units), parameters.tolerance, figures)


def _units(reader: UnitReader, at: datetime | None) -> Sequence[Unit]:
    """Return the stored units, of an instant those that were there.

    Raises:
        NothingToDo: There is none.
    """
    units = reader.units(at)
    if units:
        return units
    stored = reader.units()
    by_then = f" up to {instant_in_words(at)}" if at else ""
    there = f"; the first is of {instant_in_words(stored[0].instant)}" if stored else ""
    raise NothingToDo(f"no chain is stored in {reader.place}{by_then}{there}")


def _compare(reader: UnitReader, unit: Unit, differences: Differences) -> None:
    frame = reader.chain(unit)
    stored = cast("StoredUnit", reader.plain(unit))
    second_opinion.check(stored, differences)
    if frame is None or not len(frame) or frame.columns["model"][0] != EXPOSURE_MODEL:
        return
    first = exposures.exposures(exposures.positions(Chain.of_rows(frame)))
    where = f"{unit.index} {unit.cycle}"
    for name, second in second_exposures.exposures(stored).items():
        # Where calls and puts nearly cancel, the net is a small difference of large sums: a net of
        # a few rupees among millions differed by more than 1e-5. It is held at their scale.
        differences.add(name, first.net(name), second.net, where, second.gross)
