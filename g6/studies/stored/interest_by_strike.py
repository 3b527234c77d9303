"""Open interest by strike of one expiry and its change, with forward, max pain and gamma walls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import exposures
from g6.domain.figures.build_up import change, unpublished_in_words
from g6.domain.figures.by_expiry import expiry_figures
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.chain import Chain
from g6.ports.readers import StoredReader
from g6.studies import selection
from g6.studies.documents import DocumentColumn
from g6.studies.parameters import At, Expiry, Index

Array = NDArray[np.float64]

HIGHEST = ("highest call OI", "highest put OI")
"""Levels of the largest open interest, by side."""


@dataclass(frozen=True, slots=True)
class StrikeInterestParameters:
    """Asks for open interest by strike of one expiry."""

    index: Index
    expiry: Expiry = None
    at: At = None


@dataclass(frozen=True, slots=True)
class InterestByStrike:
    """Open interest of one expiry, n strikes.

    Attributes:
        index: The underlying's name.
        cycle: The cycle's instant as its name.
        expiry: The expiry's day.
        strike: Points, shape (n,).
        oi: Units, shape (2, n), calls first, NaN unknown.
        change: Units since the previous session, shape (2, n), NaN unknown.
        marks: Levels in points by name: spot, forward, ATM, max pain, call gamma wall and put gamma
            wall (the largest gamma exposure), highest call OI and highest put OI.
        note: Why changes are unknown, empty where they are known.
    """

    index: str
    cycle: str
    expiry: date
    strike: Array
    oi: Array
    change: Array
    marks: Mapping[str, float]
    note: str = ""

    def columns(self) -> Mapping[str, DocumentColumn]:
        """Return one line per strike."""
        return {
            "strike": self.strike,
            "ce_oi": self.oi[0],
            "pe_oi": self.oi[1],
            "ce_change": self.change[0],
            "pe_change": self.change[1],
        }


def answer(reader: StoredReader, parameters: StrikeInterestParameters) -> InterestByStrike:
    """Return open interest of one expiry of the newest chain, the nearest unless one is named.

    Raises:
        UserError: There is no such index.
        NothingToDo: No chain of it is stored, or none of that expiry.
    """
    unit, frame = selection.latest(reader, parameters.index, parameters.at)
    whole = Chain.of_rows(frame)
    chain = whole.expiry(selection.expiry_of(whole, parameters.expiry).day)
    figures = expiry_figures(chain)[0]
    walls = exposures.walls(exposures.exposures(exposures.positions(chain)))
    oi = chain.sides["oi"]
    high = chain.sides["oi_day_high"]
    return InterestByStrike(
        index=unit.index,
        cycle=unit.cycle,
        expiry=figures.expiry,
        strike=chain.strike,
        oi=oi,
        change=change(oi, chain.oi_prev, high),
        note=unpublished_in_words(oi, chain.oi_prev, high),
        marks={
            "spot": float(frame.columns["spot"][0]),
            "forward": figures.forward,
            "ATM": chain.expiries[0].atm,
            "max pain": figures.max_pain,
            "call gamma wall": walls.call,
            "put gamma wall": walls.put,
            HIGHEST[CE]: _highest(chain.strike, oi[CE]),
            HIGHEST[PE]: _highest(chain.strike, oi[PE]),
        },
    )


def _highest(strike: Array, oi: Array) -> float:
    """Return the strike of the most open interest, the lower one on a tie, NaN without any."""
    units = np.nan_to_num(oi)
    return float(strike[np.argmax(units)]) if units.any() else nan
