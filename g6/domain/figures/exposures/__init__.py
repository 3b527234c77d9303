"""What open positions are worth to those who hedge them: exposures, walls, the flip, and risk.

Rows are (expiry, strike), n of them over any number of expiries. Axis 0 of `(2, n)` arrays is
(CE, PE). Open interest is in units of the underlying (contracts times lot already), never
multiplied again. Money is in ₹: an index point of one unit is one ₹. Who is long and who is short
nobody publishes: the signs are those of the convention, which is stored with every figure.
"""

from g6.domain.figures.exposures.exposure_curve import flip, net_gex
from g6.domain.figures.exposures.open_positions import Positions, positions
from g6.domain.figures.exposures.option_exposures import (
    CONVENTION,
    EXPOSURES,
    Exposures,
    Walls,
    exposures,
    interest_walls,
    regime,
    walls,
)
from g6.domain.figures.exposures.risk_table import MONEYNESS, Risk, risk

__all__ = [
    "CONVENTION",
    "EXPOSURES",
    "MONEYNESS",
    "Exposures",
    "Positions",
    "Risk",
    "Walls",
    "exposures",
    "flip",
    "interest_walls",
    "net_gex",
    "positions",
    "regime",
    "risk",
    "walls",
]
