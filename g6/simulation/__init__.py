"""The simulated market: whole option chains that look and behave like the real ones, as a pure function of seed and instant."""

from g6.simulation.faults import MarketFaults
from g6.simulation.simulated_market import SimulatedMarket

__all__ = ["MarketFaults", "SimulatedMarket"]
