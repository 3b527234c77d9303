"""How near the volatilities and sums of one cycle are to what the exchange says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import Unit
from g6.domain.figures import open_interest
from g6.domain.figures.comparison import agreement
from g6.domain.market.instrument import CE, PE
from g6.domain.pricing.priced_chain import PricedChain

__all__ = ["ExchangeAgreement", "exchange_agreement"]


@dataclass(frozen=True, slots=True)
class ExchangeAgreement:
    """One cycle of an index, ours against the exchange's.

    Attributes:
        index: Name of the index.
        cycle: The cycle.
        model: The convention by which our volatilities were computed.
        options: Options that were compared.
        within: Those of them inside the tolerance.
        unsolved: Those of them of which we have no volatility.
        median: Median of the absolute difference, volatility points.
        p90: Nine tenths of the differences are smaller, volatility points.
        largest: The largest difference, volatility points.
        tolerance: Volatility points.
        share: The share inside the tolerance, NaN of nothing.
        totals: Open interest of the nearest expiry by side, contracts: our sum and the exchange's.
    """

    index: str
    cycle: str
    model: str
    options: int
    within: int
    unsolved: int
    median: float
    p90: float
    largest: float
    tolerance: float
    share: float
    totals: Mapping[str, tuple[float, float]]


def exchange_agreement(
    unit: Unit,
    priced: PricedChain,
    model: str,
    exchange_iv: NDArray[np.float64],
    exchange_totals: Mapping[str, float],
) -> ExchangeAgreement:
    """Compare a cycle's volatilities and open interest with the exchange's own.

    Args:
        unit: The cycle and its index.
        priced: Its chain, priced by us.
        model: The convention it was priced by.
        exchange_iv: The exchange's volatilities, fractions, shape (2, n), NaN where it has none.
        exchange_totals: Its sums of contracts by name, NaN where it has none.
    """
    compared = agreement(priced.vol.iv, exchange_iv, priced.quotes.volume)
    # The exchange sums the nearest expiry alone, and counts contracts.
    nearest = priced.expiries[0].rows
    contracts = priced.oi[:, nearest] / priced.quotes.lot_size[nearest]
    sums = {
        "oi_calls": open_interest.total(contracts, CE),
        "oi_puts": open_interest.total(contracts, PE),
    }
    totals = {
        name: (sums[name], value) for name, value in exchange_totals.items() if isfinite(value)
    }
    return ExchangeAgreement(
        index=unit.index,
        cycle=unit.cycle,
        model=model,
        options=compared.options,
        within=compared.within,
        unsolved=compared.unsolved,
        median=compared.median,
        p90=compared.p90,
        largest=compared.largest,
        tolerance=compared.tolerance,
        share=compared.share,
        totals=totals,
    )
