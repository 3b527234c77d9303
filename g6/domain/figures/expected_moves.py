"""Expected moves held against what happened: how often the index stayed within the band that was drawn before.

A band of one standard deviation should hold about 68 % of outcomes, one of 0.85 straddles about half. Prices are points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite, nan, sqrt

from g6.domain.figures.volatility_smile import SESSIONS_PER_YEAR

__all__ = ["BANDS", "Band", "Coverage", "DrawnBands", "bands", "coverage"]

BANDS: Mapping[str, float] = {"session_sd": 0.68, "expiry_sd": 0.68, "expiry_straddle": 0.5}
"""Bands and the share of outcomes that each should hold."""


@dataclass(frozen=True, slots=True)
class DrawnBands:
    """What was known when bands were drawn: one reference cycle of a session.

    `expiry` the nearest, `years` to its fix; `em_sd` and `em_straddle` half widths of the bands to it. NaN unknown.
    """

    instant: float
    expiry: date
    spot: float
    forward: float
    years: float
    em_sd: float
    em_straddle: float


@dataclass(frozen=True, slots=True)
class Band:
    """One expected move around its centre: the index for one session, the forward to expiry."""

    name: str
    centre: float
    move: float

    @property
    def low(self) -> float:
        """Lower edge, points."""
        return self.centre - self.move

    @property
    def high(self) -> float:
        """Upper edge, points."""
        return self.centre + self.move

    def holds(self, outcome: float) -> bool | None:
        """Tell whether the outcome lies within, None where either is unknown."""
        known = isfinite(self.centre) and isfinite(self.move) and isfinite(outcome)
        return abs(outcome - self.centre) <= self.move if known else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often a band held: `inside` of `known` outcomes, `expected` the share that should."""

    name: str
    expected: float
    inside: int
    known: int

    @property
    def share(self) -> float:
        """Inside over known, NaN when nothing is known."""
        return self.inside / self.known if self.known else nan


def bands(drawn: DrawnBands) -> tuple[Band, ...]:
    """Return the bands of `BANDS`: F σ/√252 around the index, F σ √T and 0.85 straddles around the forward."""
    session = drawn.em_sd / sqrt(SESSIONS_PER_YEAR * drawn.years) if drawn.years > 0 else nan
    sizes = (
        (drawn.spot, session),
        (drawn.forward, drawn.em_sd),
        (drawn.forward, drawn.em_straddle),
    )
    return tuple(Band(name, *size) for name, size in zip(BANDS, sizes, strict=True))


def coverage(days: Sequence[DrawnBands], settled: Mapping[date, float]) -> list[Coverage]:
    """Return the coverage of each band over sessions, oldest first, one record each.

    The outcome of a session's band is the index at the next session's reference cycle; that of a band to expiry is the index at
    the fix, `settled` by expiry (points). What has not happened yet is not counted.
    """
    held: dict[str, list[bool]] = {name: [] for name in BANDS}
    following = [*(each.spot for each in days[1:]), nan]
    for drawn, next_spot in zip(days, following, strict=True):
        at_fix = settled.get(drawn.expiry, nan)
        for band, outcome in zip(bands(drawn), (next_spot, at_fix, at_fix), strict=True):
            answer = band.holds(outcome)
            if answer is not None:
                held[band.name].append(answer)
    return [
        Coverage(name, expected, sum(held[name]), len(held[name]))
        for name, expected in BANDS.items()
    ]
