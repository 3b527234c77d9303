"""The simulated market: whole option chains as a pure function of a seed and an instant."""

from g6.simulation.faults import MarketFaults
from g6.simulation.simulated_market import SimulatedMarket

__all__ = ["MarketFaults", "SimulatedMarket"]
