"""The roots that are listed: six that are collected, and neighbours whose names resemble theirs.

Levels, steps, lots and widths are those of a real dump of August 2026 and of the exchanges'
circulars on lots. The invented ones are there to measure by, and resemble none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from g6.domain.market.instrument import INVENTED
from g6.domain.market.lots import HISTORY, UNREVIEWED_EXPIRY, lot_row


@dataclass(frozen=True, slots=True)
class Root:
    """One underlying.

    Attributes:
        name: As in the dump's column `name`.
        exchange: The cash market, NSE or BSE.
        derivatives: The segment of its contracts, NFO or BFO.
        level: Where its index dwells, in points.
        step: Between strikes near the money, in points.
        volatility: A multiple of NIFTY's.
        market: Loading on the factor that all indices share.
        bank: Loading on the factor of the banks. The rest of the variance is the root's own.
        widths: Half-widths of the listed strikes as fractions of the spot, for weeklies and for
            monthlies of the first, second and third month.
        future_tick: Price step of its futures, in points.
        interest: Open interest, a multiple of NIFTY's.
        rank: Added to an expiry's liquidity rank, of which 0 is the most liquid.
        spread: A multiple of NIFTY's spread.
        weekly: Whether weeklies are listed.
        quarterlies: How many quarterlies are listed after the serial months.
        half_yearlies: Whether half-yearlies are listed.
        coarse_from: The month (0 the first) from which steps double.
        outer: Half-width of the wide grid of strikes as a fraction of the level, 0 without one.
        units: The contract size of a root whose lots no table has.
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
    units: int = 0

    def lot(self, expiry: date, on: date) -> int:
        """Return the contract size of an expiry as listed on a day, in units.

        It is the exchanges' where that is known. Before the first source the simulated market goes
        on with the oldest lot, after the last one with the newest.
        """
        if self.name not in HISTORY:
            return self.units
        if row := lot_row(self.name, expiry, on):
            return row.units
        return HISTORY[self.name][0 if expiry < UNREVIEWED_EXPIRY else -1].units


# The loadings give the correlations of the real indices: NIFTY with SENSEX 0.98, with BANKNIFTY
# 0.85 and with MIDCPNIFTY 0.75, and BANKNIFTY with FINNIFTY and BANKEX 0.95.
# The last four roots are not collected. They are there because real dumps have them: a search for
# `NIFTY`, `SENSEX` or `BANK` at the start of a symbol catches NIFTYNXT50, NIFTYFPI and SENSEX50.
_ROOTS = (
    Root(
        name="NIFTY",
        exchange="NSE",
        derivatives="NFO",
        level=24_200,
        step=50,
        volatility=1.0,
        market=0.990,
        bank=0.0,
        widths=(0.092, 0.11, 0.095, 0.085),
        future_tick=0.1,
        interest=1.0,
        rank=0,
        spread=1.0,
        weekly=True,
        quarterlies=3,
        half_yearlies=True,
    ),
    Root(
        name="BANKNIFTY",
        exchange="NSE",
        derivatives="NFO",
        level=57_000,
        step=100,
        volatility=1.22,
        market=0.859,
        bank=0.4615,
        widths=(0.1, 0.112, 0.092, 0.088),
        future_tick=0.2,
        interest=0.24,
        rank=0,
        spread=1.5,
        quarterlies=3,
        outer=0.2,
    ),
    Root(
        name="FINNIFTY",
        exchange="NSE",
        derivatives="NFO",
        level=26_400,
        step=50,
        volatility=1.18,
        market=0.859,
        bank=0.4615,
        widths=(0.08, 0.068, 0.068, 0.068),
        future_tick=0.1,
        interest=0.02,
        rank=1,
        spread=2.0,
        coarse_from=1,
        outer=0.13,
    ),
    Root(
        name="MIDCPNIFTY",
        exchange="NSE",
        derivatives="NFO",
        level=14_400,
        step=25,
        volatility=1.45,
        market=0.757,
        bank=0.0,
        widths=(0.1, 0.1, 0.088, 0.07),
        future_tick=0.05,
        interest=0.04,
        rank=1,
        spread=1.2,
        outer=0.13,
    ),
    Root(
        name="SENSEX",
        exchange="BSE",
        derivatives="BFO",
        level=78_400,
        step=100,
        volatility=1.0,
        market=0.990,
        bank=0.0,
        widths=(0.071, 0.094, 0.085, 0.063),
        future_tick=0.05,
        interest=0.5,
        rank=0,
        spread=2.0,
        weekly=True,
        quarterlies=3,
        half_yearlies=True,
    ),
    Root(
        name="BANKEX",
        exchange="BSE",
        derivatives="BFO",
        level=64_500,
        step=100,
        volatility=1.22,
        market=0.859,
        bank=0.4615,
        widths=(0.1, 0.124, 0.092, 0.07),
        future_tick=0.05,
        interest=0.01,
        rank=2,
        spread=4.0,
    ),
    Root(
        name="NIFTYNXT50",
        exchange="NSE",
        derivatives="NFO",
        level=69_000,
        step=100,
        volatility=1.35,
        market=0.8,
        bank=0.0,
        widths=(0.1, 0.13, 0.12, 0.1),
        future_tick=0.2,
        interest=0.004,
        rank=2,
        spread=6.0,
    ),
    Root(
        name="NIFTYFPI",
        exchange="NSE",
        derivatives="NFO",
        level=1_560,
        step=5,
        volatility=1.1,
        market=0.9,
        bank=0.0,
        widths=(0.08, 0.08, 0.08, 0.08),
        future_tick=0.05,
        interest=0.001,
        rank=2,
        spread=1.0,
        units=1100,
    ),
    Root(
        name="SENSEX50",
        exchange="BSE",
        derivatives="BFO",
        level=25_600,
        step=50,
        volatility=1.0,
        market=0.98,
        bank=0.0,
        widths=(0.06, 0.06, 0.05, 0.05),
        future_tick=0.05,
        interest=0.001,
        rank=2,
        spread=3.0,
        units=75,
    ),
    Root(
        name="FOCIT",
        exchange="BSE",
        derivatives="BFO",
        level=39_000,
        step=100,
        volatility=1.5,
        market=0.6,
        bank=0.0,
        widths=(0.1, 0.12, 0.11, 0.1),
        future_tick=1.0,
        interest=0.001,
        rank=2,
        spread=6.0,
        units=45,
    ),
)

WIDE = frozenset(INVENTED[-6:])
"""Invented roots with more than a thousand strikes of an expiry. The others have some eighty."""


def invented_root(name: str) -> Root:
    """Return an invented root, by its name.

    >>> invented_root("S01").level, invented_root("S60").step
    (2500.0, 1.0)
    """
    is_wide = name in WIDE
    step = 1.0 if is_wide else 10.0 * (1 + INVENTED.index(name) % 5)
    return Root(
        name=name,
        exchange="NSE",
        derivatives="NFO",
        # The lattice has 2,048 strikes, which the widest grid must not leave.
        level=(900 if is_wide else 250) * step,
        step=step,
        volatility=1.1,
        market=0.8,
        bank=0.0,
        widths=(0.85, 0.6, 0.6, 0.6) if is_wide else (0.2, 0.16, 0.16, 0.16),
        future_tick=0.05,
        interest=0.05,
        rank=1,
        spread=2.0,
        weekly=True,
        units=50,
    )


class RootTable(Mapping[str, Root]):
    """The roots by name. The invented ones are answered for, and never listed."""

    def __init__(self, listed: Iterable[Root]) -> None:
        self._listed = MappingProxyType({root.name: root for root in listed})
        self._invented = MappingProxyType({name: invented_root(name) for name in INVENTED})

    def __getitem__(self, name: str) -> Root:
        """Return a root, listed or invented."""
        root = self._listed.get(name) or self._invented.get(name)
        if root is None:
            raise KeyError(name)
        return root

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the listed roots."""
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


ROOTS: Mapping[str, Root] = RootTable(_ROOTS)
"""By name, in the order of the market's dump."""
