"""The contract that a symbol alone names, in the grammars that providers and vendors write.

Kite writes `NIFTY2590924800CE` for a weekly and `NIFTY25SEP24800CE` for a monthly,
GlobalDataFeeds `NIFTY03JUL2522800CE.NFO`, TrueData `NIFTY25090924800CE`, the exchange's page
`OPTIDXNIFTY09-09-2025CE24800.00`. Their digits run together, so that a strike which the root cannot
have decides between two readings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from g6.domain.market.instrument import INDICES, SIDES

LOWEST_STRIKE = 100.0
HIGHEST_STRIKES: Mapping[str, float] = MappingProxyType(
    {
        "NIFTY": 100_000.0,
        "BANKNIFTY": 200_000.0,
        "FINNIFTY": 100_000.0,
        "MIDCPNIFTY": 50_000.0,
        "NIFTYNXT50": 250_000.0,
        "SENSEX": 300_000.0,
        "BANKEX": 250_000.0,
    }
)
"""Points, twice the highest that was listed. `NIFTY30JUL259500PE` is no strike of 259,500."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTH = "|".join(_MONTHS)
_LETTERS = "123456789OND"
_STRIKE = r"(?P<strike>\d+(?:\.\d+)?)"
_SIDE = r"(?P<side>CE|PE)"
_YEAR = r"(?P<year>\d\d)"
# The order decides: a grammar whose strike the root cannot have passes on to the next.
_GRAMMARS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_YEAR}(?P<letter>[1-9OND])(?P<day>\d\d){_STRIKE}{_SIDE}",
        rf"{_YEAR}(?P<month>{_MONTH}){_STRIKE}{_SIDE}",
        rf"(?P<day>\d\d)(?P<month>{_MONTH})(?:20)?{_YEAR}{_STRIKE}{_SIDE}",
        rf"(?P<day>\d\d)(?P<month>{_MONTH})(?:20)?{_YEAR}{_SIDE}{_STRIKE}",
        rf"{_YEAR}(?P<number>\d\d)(?P<day>\d\d){_STRIKE}{_SIDE}",
        rf"(?P<day>\d\d)-(?P<number>\d\d)-20{_YEAR}{_SIDE}{_STRIKE}",
        rf"20{_YEAR}-(?P<number>\d\d)-(?P<day>\d\d)-{_STRIKE}-{_SIDE}",
    )
)
_PREFIX = re.compile(r"^(?:[A-Z]{3}:|OPTIDX)")
_SUFFIX = re.compile(r"\.(?:NFO|BFO|NSE|BSE)$")
_ROOTS = sorted(INDICES, key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class ContractName:
    """An option as its symbol names it.

    Attributes:
        root: Name of the index.
        year: Of the expiry.
        month: Of the expiry, from 1.
        day: Of the expiry, None where the symbol says the month alone: it is a monthly.
        strike: Points.
        side: 0 is CE, 1 is PE.
    """

    root: str
    year: int
    month: int
    day: int | None
    strike: float
    side: int


def contract_named(symbol: str) -> ContractName | None:
    """Return the option that a symbol names, None where it names none of an index.

    Args:
        symbol: In any of the grammars, with or without the exchange before or behind it.

    >>> contract_named("NIFTY2590924800CE").day, contract_named("NIFTY25SEP24800CE").day
    (9, None)
    >>> contract_named("NIFTY03JUL2522800CE.NFO").strike
    22800.0
    """
    text = _SUFFIX.sub("", _PREFIX.sub("", symbol.strip().upper().replace(" ", "")))
    root = next((name for name in _ROOTS if text.startswith(name)), "")
    if not root:
        return None
    body = text.removeprefix(root).removeprefix("-")
    for grammar in _GRAMMARS:
        match = grammar.fullmatch(body)
        name = None if match is None else _name(root, match.groupdict())
        if name is not None:
            return name
    return None


def _name(root: str, parts: Mapping[str, str | None]) -> ContractName | None:
    """Return the name of matched parts, None where no such contract can be."""
    strike = float(parts["strike"] or "nan")
    day = int(parts.get("day") or 0) or None
    year = 2000 + int(parts["year"] or 0)
    month = _month(parts)
    if not LOWEST_STRIKE <= strike <= HIGHEST_STRIKES[root] or not 1 <= month <= 12:
        return None
    try:
        date(year, month, day or 1)
    except ValueError:
        return None
    return ContractName(root, year, month, day, strike, SIDES.index(parts["side"] or ""))


def _month(parts: Mapping[str, str | None]) -> int:
    if letter := parts.get("letter"):
        return _LETTERS.index(letter) + 1
    if month := parts.get("month"):
        return _MONTHS.index(month) + 1
    return int(parts["number"] or 0)
