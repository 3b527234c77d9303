"""The names of the columns that shapes make, and how names of columns are compared."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CONTRACT_INDEX = "contract_index"
CONTRACT_EXPIRY = "contract_expiry"
CONTRACT_STRIKE = "contract_strike"
CONTRACT_SIDE = "contract_side"
FILE_INSTANT = "file_instant"
CONTRACT = "contract"
"""Said of the column that holds a whole contract's symbol."""
MADE: Mapping[str, str] = MappingProxyType(
    {
        "symbol": CONTRACT_INDEX,
        "expiry": CONTRACT_EXPIRY,
        "strike": CONTRACT_STRIKE,
        "option_type": CONTRACT_SIDE,
        "timestamp": FILE_INSTANT,
    }
)
"""The columns that steps make, by our name of what they hold."""


def plain(name: str) -> str:
    """Return a column's name as names are compared: small letters, without blanks and signs.

    >>> plain("Strike Price")
    'strikeprice'
    """
    return "".join(letter for letter in name.lower() if letter not in " _.-")
