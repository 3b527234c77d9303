"""What Kite's symbols say, read another way than G6 does: the oracle of its tests."""

from __future__ import annotations

MONTHS = frozenset(
    ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
)


def monthly_by_symbol(symbol: str, underlying: str) -> bool:
    """Tell whether a symbol carries a three-letter month, the mark of a monthly.

    Weeklies carry a one-character month and a day instead. The root must be known: read from the
    symbol, the 50 of `NIFTYNXT5026NOV70000CE` would pass for a year.
    """
    date_part = symbol.removeprefix(underlying)
    return date_part != symbol and date_part[:2].isdigit() and date_part[2:5] in MONTHS
