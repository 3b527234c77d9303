"""Expected moves against what happened: how often the index stayed within a band drawn before.

A band of one standard deviation should hold about 68 % of outcomes, one of 0.85 straddles about
half. Prices are points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite, nan, sqrt

from g6.domain.figures.smile.volatility_smile import SESSIONS_PER_YEAR

__all__ = ["BANDS", "Band", "BandTally", "DrawnBands", "bands", "coverage"]

BANDS: Mapping[str, float] = {"session_sd": 0.68, "expiry_sd": 0.68, "expiry_straddle": 0.5}
"""Bands and the share of outcomes that each should hold."""


@dataclass(frozen=True, slots=True)
class DrawnBands:
    """What bands are drawn from: one reference cycle of a session, NaN unknown.

    Attributes:
        instant: The cycle's instant, epoch seconds.
        expiry: The nearest one.
        spot: The index, points.
        forward: The forward of the expiry, points.
        years: To its settlement fix.
        em_sd: Half width of the band of one standard deviation to it, points.
        em_straddle: Half width of the band of 0.85 straddles, points.
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
        """Return whether the outcome (points) lies within, None where either is unknown.

        >>> Band("session_sd", 24100.0, 150.0).holds(24200.0)
        True
        """
        is_known = isfinite(self.centre) and isfinite(self.move) and isfinite(outcome)
        return abs(outcome - self.centre) <= self.move if is_known else None


@dataclass(frozen=True, slots=True)
class BandTally:
    """How often a band held.

    Attributes:
        name: Of the band.
        expected: Share of outcomes that it should hold.
        inside: Outcomes that it held.
        known: Outcomes that there were.
    """

    name: str
    expected: float
    inside: int
    known: int

    @property
    def share(self) -> float:
        """Inside over known, NaN when nothing is known."""
        return self.inside / self.known if self.known else nan


def bands(drawn: DrawnBands) -> tuple[Band, ...]:
    """Return the bands of `BANDS`.

    F σ/√252 around the index for a session, F σ √T and 0.85 straddles around the forward to expiry.

    >>> reference = DrawnBands(0.0, date(2026, 11, 24), 24050.0, 24100.0, 0.01, 288.0, 170.0)
    >>> [round(band.low) for band in bands(reference)]
    [23869, 23812, 23930]
    """
    # F σ is the move to expiry over √T, so that the volatility itself need not be stored.
    session = drawn.em_sd / sqrt(SESSIONS_PER_YEAR * drawn.years) if drawn.years > 0 else nan
    return (
        Band("session_sd", drawn.spot, session),
        Band("expiry_sd", drawn.forward, drawn.em_sd),
        Band("expiry_straddle", drawn.forward, drawn.em_straddle),
    )


def coverage(
    days: Sequence[DrawnBands], settled: Mapping[date, float], next_spot: float = nan
) -> list[BandTally]:
    """Return the coverage of each band over sessions.

    The outcome of a session's band is the index at the next session's reference cycle. That of a
    band to expiry is the index at the fix. What has not happened yet is not counted.

    Args:
        days: One record per session, oldest first.
        settled: The index at the fix by expiry, points.
        next_spot: The index at the reference cycle of the session after the last, NaN unknown.

    >>> first = DrawnBands(0.0, date(2026, 11, 24), 24050.0, 24100.0, 0.01, 288.0, 170.0)
    >>> [each.inside for each in coverage([first], {date(2026, 11, 24): 24300.0})]
    [0, 1, 0]
    """
    outcomes: dict[str, list[bool]] = {name: [] for name in BANDS}
    next_spots = [*(day.spot for day in days[1:]), next_spot][: len(days)]
    for drawn, spot in zip(days, next_spots, strict=True):
        at_fix = settled.get(drawn.expiry, nan)
        for band, outcome in zip(bands(drawn), (spot, at_fix, at_fix), strict=True):
            is_inside = band.holds(outcome)
            if is_inside is not None:
                outcomes[band.name].append(is_inside)
    return [
        BandTally(name, expected, sum(outcomes[name]), len(outcomes[name]))
        for name, expected in BANDS.items()
    ]
