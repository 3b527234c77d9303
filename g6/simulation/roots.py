"""The roots that are listed: the six indices that are collected, and the neighbours whose names resemble theirs in a dump.

Levels, steps, lots and widths are those of a real dump of August 2026 and of the exchanges' circulars on lots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from g6.domain.market.lots import HISTORY, UNREVIEWED_EXPIRY, lot_row


@dataclass(frozen=True, slots=True)
class Root:
    """One underlying. `level` is where its index dwells, in points; `step` between strikes near the money, in points.

    `volatility` and `interest` are multiples of NIFTY's; `market` and `bank` are its loadings on the two common factors, the rest
    of its variance is its own. `widths` are half-widths of the listed strikes as fractions of the spot: weeklies, then monthlies
    of the first, second and third month; `coarse_from` is the month (0 the first) from which steps double. `rank` is added to an
    expiry's liquidity rank (0 the most liquid); `units` is the contract size of a root whose lots no table has.
    """

    name: str
    exchange: str
    derivatives: str
    level: float
    step: float
    volatility: float
    market: float
    bank: float
    widths: tuple[float, float, float, float]
    future_tick: float
    interest: float
    rank: int
    spread: float
    weekly: bool = False
    quarterlies: int = 0
    half_yearlies: bool = False
    coarse_from: int = 9
    outer: float = 0.0
    base: int = 0
    units: int = 0

    def lot(self, expiry: date, on: date) -> int:
        """Return the contract size of an expiry as listed on a day, in units: the exchanges' where it is known.

        Before the first source the simulated market goes on with the oldest lot, after the last one with the newest.
        """
        if self.name not in HISTORY:
            return self.units
        if row := lot_row(self.name, expiry, on):
            return row.units
        return HISTORY[self.name][0 if expiry < UNREVIEWED_EXPIRY else -1].units


_ROOTS = (
    Root(
        "NIFTY", "NSE", "NFO", 24_200, 50, 1.0, 0.990, 0.0, (0.092, 0.11, 0.095, 0.085), 0.1, 1.0, 0, 1.0,
        weekly=True, quarterlies=3, half_yearlies=True,
    ),
    Root(
        "BANKNIFTY", "NSE", "NFO", 57_000, 100, 1.22, 0.859, 0.4615, (0.1, 0.112, 0.092, 0.088), 0.2, 0.24, 0, 1.5,
        quarterlies=3, outer=0.2,
    ),
    Root(
        "FINNIFTY", "NSE", "NFO", 26_400, 50, 1.18, 0.859, 0.4615, (0.08, 0.068, 0.068, 0.068), 0.1, 0.02, 1, 2.0,
        coarse_from=1, outer=0.13,
    ),
    Root(
        "MIDCPNIFTY", "NSE", "NFO", 14_400, 25, 1.45, 0.757, 0.0, (0.1, 0.1, 0.088, 0.07), 0.05, 0.04, 1, 1.2,
        outer=0.13,
    ),
    Root(
        "SENSEX", "BSE", "BFO", 78_400, 100, 1.0, 0.990, 0.0, (0.071, 0.094, 0.085, 0.063), 0.05, 0.5, 0, 2.0,
        weekly=True, quarterlies=3, half_yearlies=True,
    ),
    Root(
        "BANKEX", "BSE", "BFO", 64_500, 100, 1.22, 0.859, 0.4615, (0.1, 0.124, 0.092, 0.07), 0.05, 0.01, 2, 4.0,
    ),
    Root(
        "NIFTYNXT50", "NSE", "NFO", 69_000, 100, 1.35, 0.8, 0.0, (0.1, 0.13, 0.12, 0.1), 0.2, 0.004, 2, 6.0,
    ),
    Root("NIFTYFPI", "NSE", "NFO", 1_560, 5, 1.1, 0.9, 0.0, (0.08, 0.08, 0.08, 0.08), 0.05, 0.001, 2, 1.0, units=1100),
    Root("SENSEX50", "BSE", "BFO", 25_600, 50, 1.0, 0.98, 0.0, (0.06, 0.06, 0.05, 0.05), 0.05, 0.001, 2, 3.0, units=75),
    Root("FOCIT", "BSE", "BFO", 39_000, 100, 1.5, 0.6, 0.0, (0.1, 0.12, 0.11, 0.1), 1.0, 0.001, 2, 6.0, units=45),
)  # fmt: skip

ROOTS: Mapping[str, Root] = MappingProxyType({root.name: root for root in _ROOTS})
