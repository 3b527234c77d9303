"""Open interest over the last cycles: ratios, max pain and sums, of all strikes or some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

import numpy as np

from g6.domain.figures import series
from g6.domain.schema.chain import Chain
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Cycles, Every, Expiry, Index, Parameter, numbers, written

Strikes = Annotated[
    tuple[float, ...] | None,
    Parameter(
        "Only these strikes, for instance 24000,24100.",
        "24000,24100",
        metavar="A,B,…",
        read=numbers("strikes", "24000,24100"),
    ),
]


@dataclass(frozen=True, slots=True)
class InterestParameters:
    """Asks for open interest over the last cycles of an index."""

    index: Index
    strikes: Strikes = None
    expiry: Expiry = None
    cycles: Cycles = 60
    every: Every = 1
    at: At = None


@dataclass(frozen=True, slots=True)
class CycleInterest:
    """Open interest of one cycle over one expiry.

    Attributes:
        instant: The cycle's instant, UTC.
        expiry: The expiry's day.
        strikes: How many strikes have a figure.
        pcr: Put/call ratio of open interest.
        pcr_volume: Put/call ratio of the day's volume.
        max_pain: Strike in points, among the chosen ones.
        oi_calls: Open interest of the calls, units.
        oi_puts: Open interest of the puts, units.
        spot: The index, points, NaN unknown.
        forward: The forward of the expiry, points, NaN unknown.
        atm: The listed strike at the money, points, NaN unknown.
    """

    instant: datetime
    expiry: date
    strikes: int
    pcr: float
    pcr_volume: float
    max_pain: float
    oi_calls: float
    oi_puts: float
    spot: float
    forward: float
    atm: float


@dataclass(frozen=True, slots=True)
class InterestByCycle:
    """Open interest of an index by cycle.

    Attributes:
        index: The underlying's name.
        strikes: The chosen strikes in points, None for the whole chain.
        cycles: One record per cycle, oldest first.
    """

    index: str
    strikes: tuple[float, ...] | None
    cycles: tuple[CycleInterest, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per cycle."""
        return columns_of(CycleInterest, self.cycles)


def answer(reader: StoredReader, parameters: InterestParameters) -> InterestByCycle:
    """Return open interest by cycle, of one expiry or of each cycle's nearest.

    Raises:
        UserError: There is no such index.
        NothingToDo: No stored chain has the expiry or any of the strikes.
    """
    units = selection.units(reader, parameters.index, parameters.at, parameters.cycles)
    frames = selection.chains(reader, units, parameters.at)
    chains = [*map(Chain.of_rows, frames)]
    day: date | None = None
    if parameters.expiry is not None:
        day = selection.expiry_of(chains[-1], parameters.expiry).day
    _check_strikes(chains, parameters.strikes)
    by_cycle = series.interest(chains, parameters.strikes, day)
    if not by_cycle:
        lacking = "an expiry whose fix lies ahead"
        if parameters.strikes is not None:
            lacking = f"strikes {written(parameters.strikes)} of that expiry"
        raise NothingToDo(f"no stored chain has {lacking}")
    # Counted back from the last, so that the newest cycle is always there.
    every = by_cycle[::-1][:: parameters.every][::-1]
    spot_at = {float(rows.columns["timestamp"][0]): rows.columns["spot"][0] for rows in frames}
    cycles = [_cycle_interest(cycle, float(spot_at[cycle.instant])) for cycle in every]
    return InterestByCycle(units[-1].index, parameters.strikes, tuple(cycles))


def _check_strikes(chains: Sequence[Chain], strikes: Sequence[float] | None) -> None:
    """Refuse strikes that no chain has: the sums would hold the others alone and not say so.

    Raises:
        NothingToDo: It names them and the strikes that there are.
    """
    listed = np.unique(np.concatenate([chain.strike for chain in chains]))
    lacking = tuple(strike for strike in strikes or () if strike not in listed)
    if lacking:
        raise NothingToDo(
            f"no stored chain has strikes {written(lacking)}",
            f"name strikes from {listed[0]:g} to {listed[-1]:g}",
        )


def _cycle_interest(interest: series.Interest, spot: float) -> CycleInterest:
    return CycleInterest(
        instant=datetime.fromtimestamp(interest.instant, UTC),
        expiry=interest.expiry,
        strikes=interest.strikes,
        pcr=float(interest.pcr),
        pcr_volume=float(interest.pcr_volume),
        max_pain=float(interest.max_pain),
        oi_calls=float(interest.oi_calls),
        oi_puts=float(interest.oi_puts),
        spot=spot,
        forward=float(interest.forward),
        atm=float(interest.atm),
    )
