"""Options of an index whose open interest, volume or volatility moved unlike before today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.figures import build_up
from g6.domain.market.calendar import IST
from g6.domain.market.instrument import SIDES
from g6.domain.schema.chain import Chain
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import columns_of
from g6.studies.parameters import At, Cycles, Expiry, Index, Parameter

Array = NDArray[np.float64]

Least = Annotated[
    float,
    Parameter(
        "How many deviations from its own median count as a jump.", "4", least=0.1, metavar="Z"
    ),
]
Top = Annotated[
    int, Parameter("How many findings of each kind to show.", "10", least=1, metavar="N")
]

KINDS = ("oi", "volume", "iv")
LEAST_POINTS = 0.5
"""Least deviation of a volatility, in points."""
# Least deviation of a quantity over the largest of the expiry: what moves less is of no size.
OF_LARGEST = 0.0005


@dataclass(frozen=True, slots=True)
class ScanParameters:
    """Asks which options of an index move unlike themselves today."""

    index: Index
    cycles: Cycles = 125
    least: Least = 4.0
    top: Top = 10
    expiry: Expiry = None
    at: At = None


@dataclass(frozen=True, slots=True)
class UnusualOption:
    """An option that moved unlike before.

    Attributes:
        kind: What moved: `oi`, `volume` or `iv`.
        strike: Points.
        side: `CE` or `PE`.
        z: Deviations from its own median.
        step: The last step: units, or volatility points.
    """

    kind: str
    strike: float
    side: str
    z: float
    step: float


@dataclass(frozen=True, slots=True)
class Scan:
    """Unusual options of one expiry today.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        expiry: The expiry's day.
        since: The first cycle that is looked at.
        steps: How many steps there are.
        findings: The unusual options by kind, the largest first.
        new_strikes: Strikes that the first cycle did not have, points.
    """

    index: str
    cycle: str
    expiry: date
    since: str
    steps: int
    findings: tuple[UnusualOption, ...]
    new_strikes: Array

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per unusual option."""
        return columns_of(UnusualOption, self.findings)


def answer(reader: StoredReader, parameters: ScanParameters) -> Scan:
    """Return the options of one expiry that moved unlike before today.

    Raises:
        UserError: There is no such index.
        NothingToDo: Today has too few cycles to know what is usual.
    """
    units = selection.units(reader, parameters.index, parameters.at, parameters.cycles)
    today = units[-1].instant.astimezone(IST).date()
    of_today = [unit for unit in units if unit.instant.astimezone(IST).date() == today]
    frames = selection.chains(reader, of_today, parameters.at)
    chains = [*map(Chain.of_rows, frames)]
    of_expiry = selection.of_one_expiry(chains, parameters.expiry)
    return scan(units[-1], of_expiry, least=parameters.least, top=parameters.top)


def scan(unit: Unit, chains: Sequence[Chain], *, least: float, top: int) -> Scan:
    """Return the unusual options of one expiry.

    Args:
        unit: The newest unit.
        chains: The expiry's chain at each cycle of the day, ascending.
        least: Deviations that count.
        top: How many of each kind.

    Raises:
        NothingToDo: There are too few cycles to know what is usual.
    """
    spaced = _spaced(chains)
    if len(spaced) < build_up.LEAST_CYCLES + 2:
        needed = build_up.LEAST_CYCLES + 2
        minutes = 3 * (needed - len(spaced))
        raise NothingToDo(
            f"{unit.index}: the day has too few chains to know what is usual: {len(spaced)} that "
            f"are 3 minutes or more apart, and it takes {needed}",
            f"collect for {minutes} minutes more, or name an instant of a day with more cycles "
            "with --at: g6 data coverage lists the days",
        )
    strikes = spaced[-1].strike
    findings: list[UnusualOption] = []
    for kind in KINDS:
        values = np.stack([_at_strikes(strikes, chain, kind) for chain in spaced])
        steps = np.diff(values, axis=0)
        floor = _least_deviation(kind, values[-1])
        unusual = build_up.unusual(kind, steps[:-1], steps[-1], floor, least)
        findings += [_option(option, strikes) for option in unusual[:top]]
    return Scan(
        index=unit.index,
        cycle=unit.cycle,
        expiry=spaced[-1].expiries[0].day,
        since=isoformat_z(spaced[0].instant),
        steps=len(spaced) - 1,
        findings=tuple(findings),
        new_strikes=np.setdiff1d(strikes, spaced[0].strike),
    )


def _option(unusual: build_up.Unusual, strikes: Array) -> UnusualOption:
    return UnusualOption(
        kind=unusual.kind,
        strike=float(strikes[unusual.row]),
        side=SIDES[unusual.side],
        z=unusual.score,
        step=unusual.value,
    )


def _spaced(chains: Sequence[Chain]) -> list[Chain]:
    """Return chains at least as far apart as open interest is published, counted from the last."""
    # Open interest is published every one to three minutes: a finer step is zero most of the time
    # and a whole update once, which would be unusual every time.
    spaced: list[Chain] = []
    for chain in reversed(chains):
        if not len(chain):
            continue
        if not spaced or chain.instant <= spaced[-1].instant - build_up.PUBLISHED_SECONDS:
            spaced.append(chain)
    return spaced[::-1]


def _at_strikes(strikes: Array, chain: Chain, kind: str) -> Array:
    """Return units, or volatility points of out-of-the-money sides, at these strikes, (2, k).

    NaN stands where the chain has no such strike.
    """
    values = np.full((2, len(strikes)), np.nan)
    _, places, chain_places = np.intersect1d(
        strikes, chain.strike, assume_unique=True, return_indices=True
    )
    values[:, places] = chain.sides[kind][:, chain_places]
    if kind != "iv":
        return values
    forward = chain.forward[0]
    # The volatility of an option in the money is not its own: it is the other side's.
    in_the_money = np.stack([strikes < forward, strikes > forward])
    return np.where(in_the_money, np.nan, 100 * values)


def _least_deviation(kind: str, now: Array) -> Array | float:
    if kind == "iv":
        return LEAST_POINTS
    largest = np.max(np.nan_to_num(now), initial=1.0)
    return np.fmax(build_up.NEUTRAL_SHARE * now, OF_LARGEST * largest)
