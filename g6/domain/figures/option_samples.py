"""The options of a priced chain that have metric series of their own."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.memory_pressure import PressureLevel
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.reports.option_detail import DetailMode, DetailRules, OptionDetail, OptionSample
from g6.domain.schema.frame import SIDE_PREFIXES

__all__ = ["option_detail"]

NAMES = tuple(side.removesuffix("_").upper() for side in SIDE_PREFIXES)


def option_detail(
    priced: PricedChain, rules: DetailRules, pressure: PressureLevel = PressureLevel.NONE
) -> OptionDetail:
    """Return the options that have series, in the widest mode that is possible.

    Args:
        priced: The chain.
        rules: The mode that is wanted, and its bounds.
        pressure: From NO_OPTION_SERIES on there are none.
    """
    answered = priced.has_answer
    mode, chosen = _widest(priced, rules, answered, pressure)
    samples: list[OptionSample] = []
    days = np.repeat([expiry.day.isoformat() for expiry in priced.expiries], priced.sizes)
    for side, row in np.argwhere(chosen):
        samples.append(
            OptionSample(
                str(days[row]),
                float(priced.quotes.strike[row]),
                NAMES[side],
                _known(priced.quotes.values["last"][side, row]),
                _known(priced.vol.iv[side, row]),
                _known(priced.oi[side, row]),
            )
        )
    rejected = int(np.count_nonzero(answered)) - len(samples)
    cycle = isoformat_z(priced.stamp.at)
    return OptionDetail(cycle, priced.stamp.index, mode, tuple(samples), rejected)


def _widest(
    priced: PricedChain,
    rules: DetailRules,
    answered: NDArray[np.bool_],
    pressure: PressureLevel,
) -> tuple[DetailMode, NDArray[np.bool_]]:
    """Return the widest mode whose options are not too many, and which options they are."""
    if pressure < PressureLevel.NO_OPTION_SERIES:
        # Strikes of an expiry whose money is unknown are in no band: NaN compares false.
        near = np.abs(priced.offset) <= rules.band
        if rules.mode is DetailMode.FULL and np.count_nonzero(answered) <= rules.most:
            return DetailMode.FULL, answered
        band = answered & near
        if rules.mode is not DetailMode.AGGREGATE and np.count_nonzero(band) <= rules.most:
            return DetailMode.BAND, band
    return DetailMode.AGGREGATE, np.zeros_like(answered)


def _known(value: float) -> float | None:
    return float(value) if isfinite(value) else None
