"""The names of the columns that shapes make, and how names of columns are compared."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from types import MappingProxyType

from g6.adapters.replay.malformed import Malformed

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


def twins_of(name: str, names: Iterable[str]) -> list[str]:
    """Return the columns that are called as one of them is, itself among them.

    >>> twins_of("LTP", ["LTP", "oi", "ltp"])
    ['LTP', 'ltp']
    """
    return [other for other in names if plain(other) == plain(name)]


def refuse_doubles(
    columns: Mapping[str, str], names: Sequence[str], declared: Container[str]
) -> None:
    """Refuse a header in which a column that is read stands more than once.

    Args:
        columns: The table's column by our name.
        names: The names in the header.
        declared: Our names of the columns that a person named. One of them is meant to the letter.

    Raises:
        Malformed: There is such a column.
    """
    used = {*columns.values()}
    for ours, theirs in columns.items():
        twins = [name for name in twins_of(theirs, names) if name == theirs or name not in used]
        if ours in declared:
            twins = [name for name in twins if name == theirs]
        refuse_twins(ours, twins, can_choose=True)


def refuse_twins(ours: str, twins: Sequence[str], *, can_choose: bool = False) -> None:
    """Refuse a column that a header names more than once: nobody knows which one counts.

    Args:
        ours: What the column holds.
        twins: The names in the header that mean it.
        can_choose: Whether a person can name one of them, where they are written differently.

    Raises:
        Malformed: There are several.
    """
    if len(twins) < 2:
        return
    spellings = list(dict.fromkeys(twins))
    if len(spellings) > 1:
        names = f"columns {' and '.join(map(repr, spellings))}"
    else:
        names = f"{len(twins)} columns {twins[0]!r}"
    fix = "give all but one of them another name in the file"
    if can_choose and len(spellings) == len(twins):
        fix = f"say --columns {ours}={spellings[0]}, or another one"
    raise Malformed(None, f"has {names} for {ours}, and which one counts is not known; {fix}")
