"""What the straddle at the money, or a position of fixed legs, was worth over the last cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import nan
from typing import Annotated

import numpy as np

from g6.domain.figures import series
from g6.domain.schema.chain import Chain
from g6.errors import NothingToDo, UserError
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.parameters import At, Cycles, Every, Index, Parameter

_EXAMPLE = "2026-11-23:24000:CE,2026-11-23:24000:PE:-1"


def _legs(value: object) -> tuple[series.PositionLeg, ...]:
    texts = value.split(",") if isinstance(value, str) else _members(value)
    try:
        legs = tuple(map(_leg, texts))
    except ValueError as error:
        raise UserError(f"legs {value} are no legs", f"write them as {_EXAMPLE}") from error
    if len(legs) > series.MAX_LEGS:
        raise UserError(
            f"{len(legs)} legs are too many to follow together",
            f"name at most {series.MAX_LEGS}",
        )
    return legs


def _members(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) else (value,)


def _leg(value: object) -> series.PositionLeg:
    return value if isinstance(value, series.PositionLeg) else series.parse_leg(str(value))


Legs = Annotated[
    tuple[series.PositionLeg, ...] | None,
    Parameter(
        "Up to six fixed legs in place of the straddle.",
        _EXAMPLE,
        metavar="DATE:STRIKE:CE|PE[:QUANTITY],…",
        read=_legs,
    ),
]


@dataclass(frozen=True, slots=True)
class StraddleParameters:
    """Asks what a straddle or a position was worth over the last cycles."""

    index: Index
    legs: Legs = None
    cycles: Cycles = 375
    every: Every = 1
    at: At = None


@dataclass(frozen=True, slots=True)
class StraddleByCycle:
    """What a straddle or a position was worth, t cycles, oldest first.

    Attributes:
        index: The underlying's name.
        cycle: The newest cycle's instant as its name.
        instant: The cycles' instants, UTC.
        price: What it is worth, points.
        vwap: What it is worth at the day's VWAP of each option, points.
        expiry: The expiry, of a position its first leg's.
        strike: The strike, of a position its first leg's, points.
        rolled: Whether strike or expiry differs from the cycle before.
        spot: The index, points.
        forward: The forward of the expiry, points, NaN unknown.
        legs: The legs of the position, None for the straddle at the money.
    """

    index: str
    cycle: str
    instant: tuple[datetime, ...]
    price: tuple[float, ...]
    vwap: tuple[float, ...]
    expiry: tuple[date, ...]
    strike: tuple[float, ...]
    rolled: tuple[bool, ...]
    spot: tuple[float, ...]
    forward: tuple[float, ...]
    legs: tuple[series.PositionLeg, ...] | None

    def columns(self) -> Mapping[str, Sequence[object]]:
        """Return one line per cycle."""
        names = ("instant", "price", "vwap", "expiry", "strike", "rolled", "spot", "forward")
        return {name: getattr(self, name) for name in names}


def answer(reader: StoredReader, parameters: StraddleParameters) -> StraddleByCycle:
    """Return the straddle at the money of the nearest expiry by cycle, or the named legs.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored, or none has one of the legs.
    """
    of_span = selection.units(reader, parameters.index, parameters.at, parameters.cycles)
    units = selection.every_nth(of_span, parameters.every)
    frames = selection.chains(reader, units, parameters.at)
    chains = list(map(Chain.of_rows, frames))
    spots = [float(frame.columns["spot"][0]) for frame in frames]
    if parameters.legs is None:
        straddles = series.rolling_straddle(chains)
    else:
        _check_legs(chains, parameters.legs)
        straddles = [_position(chain, parameters.legs) for chain in chains]
    # Chains without an ATM are left out of the straddles, so that spots go by instant.
    spot_at = dict(zip([chain.instant for chain in chains], spots, strict=True))
    chain_at = {chain.instant: chain for chain in chains}
    return StraddleByCycle(
        index=units[-1].index,
        cycle=units[-1].cycle,
        instant=tuple(datetime.fromtimestamp(straddle.instant, UTC) for straddle in straddles),
        price=tuple(straddle.price for straddle in straddles),
        vwap=tuple(straddle.vwap for straddle in straddles),
        expiry=tuple(straddle.expiry for straddle in straddles),
        strike=tuple(straddle.strike for straddle in straddles),
        rolled=tuple(straddle.rolled for straddle in straddles),
        spot=tuple(spot_at[straddle.instant] for straddle in straddles),
        forward=tuple(
            _forward(chain_at[straddle.instant], straddle.expiry) for straddle in straddles
        ),
        legs=parameters.legs,
    )


def _forward(chain: Chain, day: date) -> float:
    forwards = [expiry.forward for expiry in chain.expiries if expiry.day == day]
    return forwards[0] if forwards else nan


def _check_legs(chains: Sequence[Chain], legs: Sequence[series.PositionLeg]) -> None:
    """Refuse a position of which a leg is in no chain.

    Raises:
        NothingToDo: It names the leg, and the expiries or the strikes that there are.
    """
    for leg in legs:
        of_expiry = [chain.expiry(leg.expiry) for chain in chains]
        strikes = np.unique(np.concatenate([chain.strike for chain in of_expiry]))
        if leg.strike in strikes:
            continue
        if len(strikes):
            listed = f"its strikes go from {strikes[0]:g} to {strikes[-1]:g}"
        else:
            days = {expiry.day for chain in chains for expiry in chain.expiries}
            listed = f"they have the expiries {', '.join(map(str, sorted(days)))}"
        raise NothingToDo(
            f"no stored chain of these cycles has {leg.expiry} {leg.strike:g} {leg.side}; {listed}",
            "name another leg, or more cycles with --cycles",
        )


def _position(chain: Chain, legs: Sequence[series.PositionLeg]) -> series.Straddle:
    """Return what fixed legs are worth in one chain. A position never rolls."""
    price = series.legs_value(chain, legs)
    vwap = series.legs_value(chain, legs, "average_price")
    first = legs[0]
    return series.Straddle(
        chain.instant, first.expiry, first.strike, price, vwap, rolled=False, carried=price
    )
