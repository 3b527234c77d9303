"""The overview's figures as a person names them, in the units that a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from g6.rendering.wording import LAKH, spelled

__all__ = ["FigureWords", "figure_words"]

_NAMES: Mapping[str, str] = {
    "spot": "index",
    "spot_age_seconds": "age of the index",
    "open": "day's open",
    "high": "day's high",
    "low": "day's low",
    "prev_close": "previous close",
    "change_pct": "change since the previous close",
    "future": "nearest future",
    "basis": "future − index",
    "vix": "India VIX",
    "forward": "forward",
    "forward_spread": "spread of the forward",
    "atm": "ATM",
    "atm_spot": "ATM by the index",
    "pcr": "PCR of OI",
    "pcr_window": "PCR of OI over the strike window",
    "pcr_volume": "PCR of volume",
    "oi_strikes": "strikes with known OI",
    "max_pain": "max pain",
    "support": "support (most put OI)",
    "resistance": "resistance (most call OI)",
    "oi_calls": "OI of calls",
    "oi_puts": "OI of puts",
    "atm_iv": "ATM IV",
    "straddle": "ATM straddle",
    "em_sd": "move to expiry, one σ",
    "em_straddle": "move to expiry by the straddle",
    "rr25": "risk reversal 25Δ",
    "bf25": "butterfly 25Δ",
    "day_width": "day's range",
    "expiries_expected": "expiries wanted",
    "expiries_collected": "expiries collected",
    "options": "options with a quote",
    "rejected": "options missing or refused",
    "iv_ok": "options with an IV",
    "iv_unavailable": "options without an IV to find",
    "iv_failed": "options that the solver failed on",
    "oi_age_seconds": "age of the OI",
    "quote_age_seconds": "age of the quotes",
}
"""By the column, the expiry that ends it left out."""
_EXPIRIES: Mapping[str, str] = {
    "_nearest": "nearest expiry",
    "_this_week": "this week",
    "_next_week": "next week",
    "_this_month": "this month",
    "_next_month": "next month",
}
_UNITS: Mapping[str, tuple[str, float]] = {
    "units": ("lakh units", 1 / LAKH),
    "fraction per √year": ("%", 100.0),
    "ratio": ("puts over calls", 1.0),
}
"""Units that a person reads otherwise than files have them, and how many make one."""


@dataclass(frozen=True, slots=True)
class FigureWords:
    """A figure for a person.

    Attributes:
        name: Its name, with the expiry that it is of.
        unit: The unit that is shown, empty where it has none.
        factor: How many of that unit one of the stored unit is.
    """

    name: str
    unit: str
    factor: float


def figure_words(column: str, unit: str) -> FigureWords:
    """Return a column of the overview in words.

    Args:
        column: Its name.
        unit: Its unit, as its contract has it.

    >>> figure_words("straddle_nearest", "points")
    FigureWords(name='ATM straddle, nearest expiry', unit='points', factor=1.0)
    >>> figure_words("atm_iv_this_week", "fraction per √year").unit
    '%'
    """
    name = column
    expiry = ""
    for ending, words in _EXPIRIES.items():
        if column.endswith(ending):
            name = column.removesuffix(ending)
            expiry = words
    shown, factor = _UNITS.get(unit, (unit, 1.0))
    parts = filter(None, (_NAMES.get(name) or spelled(name), expiry))
    return FigureWords(", ".join(parts), shown, factor)
