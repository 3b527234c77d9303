"""The figures of one expiry: what its open interest, its prices and its smile say.

`FIGURES` is the only list of calls that makes them. The overview row, `g6 analyze`, `g6 interest`
and pictures read from it, whether a chain was computed or stored. The overview adds what needs a
unit's index or window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from g6.domain.figures import open_interest
from g6.domain.figures.expiry_table import ExpiryTable, expiry_table
from g6.domain.figures.open_interest import InterestLevel
from g6.domain.figures.smile import volatility_smile
from g6.domain.market.instrument import CE, PE
from g6.domain.schema.chain import Chain

__all__ = ["FIGURES", "ExpiryFigures", "expiry_figures"]


@dataclass(frozen=True, slots=True)
class ExpiryFigures:
    """Figures of one expiry, each as `definitions` says, NaN unknown.

    Points, units, years of 365 days, volatilities as fractions per root year.
    """

    expiry: date
    bucket: str
    years: float
    forward: float
    atm: float
    pcr: float
    pcr_volume: float
    oi_calls: float
    oi_puts: float
    oi_strikes: int
    max_pain: float
    support: InterestLevel
    resistance: InterestLevel
    atm_iv: float
    straddle: float
    em_sd: float
    em_straddle: float
    em_session: float
    rr25: float
    bf25: float
    slope: float
    curvature: float


# Two parallel lists of calls made the figures of the overview row and those of `g6 analyze`.
FIGURES: Mapping[str, Callable[[ExpiryTable], Any]] = {
    "years": lambda table: table.years,
    "forward": lambda table: table.forward,
    "atm": lambda table: table.atm,
    "pcr": lambda table: open_interest.pcr(table.whole.oi),
    "pcr_volume": lambda table: open_interest.pcr(table.whole.volume),
    "oi_calls": lambda table: open_interest.total(table.whole.oi, CE),
    "oi_puts": lambda table: open_interest.total(table.whole.oi, PE),
    # Counted over sums that are NaN until the chain is whole, it said 0 beside 41 in the overview.
    "oi_strikes": lambda table: table.whole.strikes,
    "max_pain": lambda table: open_interest.max_pain(table.whole.strike, table.whole.oi),
    "support": lambda table: table.support,
    "resistance": lambda table: table.resistance,
    "atm_iv": lambda table: table.atm_iv,
    "straddle": lambda table: table.straddle,
    "em_sd": lambda table: table.deviation,
    "em_straddle": lambda table: volatility_smile.expected_move_straddle(table.straddle),
    "em_session": lambda table: volatility_smile.session_move(table.forward, table.atm_iv),
    "rr25": lambda table: table.wings[0],
    "bf25": lambda table: table.wings[1],
    "slope": lambda table: table.parabola[0],
    "curvature": lambda table: table.parabola[1],
}
"""How each figure is made of expiries side by side: an array `(m,)`, or a level of such arrays."""


def expiry_figures(chain: Chain) -> list[ExpiryFigures]:
    """Return the figures of each expiry of a chain, ascending.

    >>> from g6.simulation.example_unit import CHAIN
    >>> figures = expiry_figures(CHAIN)[0]
    >>> figures.expiry.isoformat(), round(figures.forward, 1), figures.max_pain
    ('2026-08-25', 24101.0, 24100.0)
    """
    if not chain.expiries:
        return []
    table = expiry_table([chain])
    columns = {name: figure(table) for name, figure in FIGURES.items()}
    records = []
    for place, expiry in enumerate(chain.expiries):
        values = {name: _at(column, place) for name, column in columns.items()}
        records.append(ExpiryFigures(expiry=expiry.day, bucket=expiry.bucket, **values))
    return records


def _at(column: Any, place: int) -> Any:
    """Return one expiry's value of a column as plain Python."""
    if isinstance(column, InterestLevel):
        arrays = (getattr(column, figure.name) for figure in fields(column))
        return InterestLevel(*(_at(array, place) for array in arrays))
    return column[place].item()
