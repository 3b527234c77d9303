"""What parity says of each expiry of a recording: forwards, calls against puts, ATM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from math import nan

import numpy as np

from g6.domain.cycles.cycle import Unit
from g6.domain.figures import open_interest
from g6.domain.figures.comparison import side_gaps, spot_forward
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import CE, PE
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.schema.chain import Chain

__all__ = ["ParityFigures", "ParitySeries", "parity_figures"]

ClockValue = tuple[str, float]
"""A value and since when it stood, as India's clock shows it."""


@dataclass(frozen=True, slots=True)
class ParityFigures:
    """What parity says of one expiry over a recording.

    Attributes:
        index: Name of the index.
        expiry: The expiry, as ISO text.
        bucket: What it was collected as.
        forward_less_spot: Least and largest F − S over the cycles, points.
        forward_spread_most: Largest spread of the forwards of its pairs, points.
        gap_median: Median |IV of call − put| on the parity forward, volatility points.
        gap_p90: Nine tenths of the gaps are smaller, volatility points.
        gap_strikes: Pairs over all cycles that both traded in the last five minutes.
        gap_on_spot_median: The median on the forward of index and rate, volatility points.
        puts_first: Open interest of puts at the first cycle, contracts.
        calls_first: That of calls.
        pcr: Put/call ratio of open interest, by cycle.
        max_pain: Each strike of max pain, and since when.
        atm: Each strike at the money, and since when.
    """

    index: str
    expiry: str
    bucket: str
    forward_less_spot: tuple[float, float]
    forward_spread_most: float
    gap_median: float
    gap_p90: float
    gap_strikes: int
    gap_on_spot_median: float
    puts_first: float
    calls_first: float
    pcr: tuple[float, ...]
    max_pain: tuple[ClockValue, ...]
    atm: tuple[ClockValue, ...]


@dataclass(slots=True)
class ParitySeries:
    """The figures of an expiry over a recording: one entry per cycle, gaps one per pair as well."""

    index: str
    expiry: str
    bucket: str
    forward_less_spot: list[float] = field(default_factory=list)
    forward_spread: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    gaps_on_spot: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    puts: list[float] = field(default_factory=list)
    max_pain: list[ClockValue] = field(default_factory=list)
    atm: list[ClockValue] = field(default_factory=list)

    def add(self, chain: Chain, spread: float) -> None:
        """Take in one cycle.

        Args:
            chain: The chain of the expiry alone.
            spread: Median absolute deviation of the forwards of its pairs, points.
        """
        forward = chain.expiries[0].forward
        clock = f"{datetime.fromtimestamp(chain.instant, IST):%H:%M:%S}"
        contracts = chain.oi / chain.lot_size
        self.forward_less_spot.append(forward - chain.market.spot)
        self.forward_spread.append(spread)
        self.gaps += side_gaps(chain, forward).tolist()
        self.gaps_on_spot += side_gaps(chain, spot_forward(chain)).tolist()
        self.calls.append(open_interest.total(contracts, CE))
        self.puts.append(open_interest.total(contracts, PE))
        self.max_pain.append((clock, open_interest.max_pain(chain.strike, chain.oi)))
        self.atm.append((clock, chain.expiries[0].atm))

    def figures(self) -> ParityFigures:
        """Return what the cycles say together."""
        sides = zip(self.puts, self.calls, strict=True)
        return ParityFigures(
            index=self.index,
            expiry=self.expiry,
            bucket=self.bucket,
            forward_less_spot=(_least(self.forward_less_spot), _most(self.forward_less_spot)),
            forward_spread_most=_most(self.forward_spread),
            gap_median=_percentile(self.gaps, 50),
            gap_p90=_percentile(self.gaps, 90),
            gap_strikes=len(self.gaps),
            gap_on_spot_median=_percentile(self.gaps_on_spot, 50),
            puts_first=self.puts[0],
            calls_first=self.calls[0],
            pcr=tuple(put / call if call else nan for put, call in sides),
            max_pain=_changes(self.max_pain),
            atm=_changes(self.atm),
        )


def parity_figures(units: Iterable[tuple[Unit, PricedChain]]) -> list[ParityFigures]:
    """Return the figures of each index and expiry, in their order.

    Args:
        units: The units of a recording with their priced chains, oldest first.

    >>> parity_figures([])
    []
    """
    by_expiry: dict[tuple[str, date], ParitySeries] = {}
    for unit, priced in units:
        for expiry in priced.expiries:
            series = by_expiry.setdefault(
                (unit.index, expiry.day),
                ParitySeries(unit.index, expiry.day.isoformat(), expiry.slot.bucket),
            )
            series.add(priced.chain.expiry(expiry.day), expiry.forward.spread)
    return [by_expiry[key].figures() for key in sorted(by_expiry)]


def _changes(values: Sequence[ClockValue]) -> tuple[ClockValue, ...]:
    """Return the first of each run of equal values."""
    return tuple(next(run) for _, run in groupby(values, key=lambda change: change[1]))


# A forward that parity could not tell is NaN: numpy warns of a slice of nothing but NaN.
def _least(values: Sequence[float]) -> float:
    return float(np.nanmin(values)) if np.isfinite(values).any() else nan


def _most(values: Sequence[float]) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else nan


def _percentile(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else nan
