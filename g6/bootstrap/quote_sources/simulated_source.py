"""Builds the simulated market, without what a live source needs."""

from __future__ import annotations

from g6.config import Settings, calendar
from g6.simulation import SimulatedMarket
from g6.simulation.faults import MarketFaults


def simulated_market(settings: Settings) -> SimulatedMarket:
    """Return the simulated market as configured."""
    market = settings.market
    return SimulatedMarket(
        calendar(),
        seed=market.seed,
        faults=MarketFaults.parse(market.faults),
        skew=market.skew,
        event=market.event,
    )
