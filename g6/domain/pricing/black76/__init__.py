"""Implied volatility and Greeks of European index options on a forward (Black 1976)."""

from g6.domain.pricing.black76.implied import implied_vol, solve
from g6.domain.pricing.black76.model import (
    PHI,
    Greeks,
    HigherGreeks,
    greeks,
    higher_greeks,
    price,
    vega,
)
from g6.domain.pricing.black76.solution import Solution, SolverStatus

__all__ = [
    "PHI",
    "Greeks",
    "HigherGreeks",
    "Solution",
    "SolverStatus",
    "greeks",
    "higher_greeks",
    "implied_vol",
    "price",
    "solve",
    "vega",
]
