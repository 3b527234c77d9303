"""What is said of a word that is none of those there are: the nearest one, and all of them."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from g6.errors import UserError

__all__ = ["hint", "nearest", "nearest_few", "no_such"]

MOST_WORDS = 24
"""More words than these are no help in a sentence."""
_SIMILARITY = 0.7
"""What two words have in common at least, of 1, for one to be taken for a slip of the other."""
# At 0.5 /login was /v1/oi (0.57) and /readyz /v1/spreads (0.62). A letter that is wrong, missing or
# doubled, or two that changed places, leave 0.75 of a word of four letters.
_SHORT = 3
_SIMILARITY_OF_SHORT = 0.6
"""Two letters that changed places leave 0.67 of a word of three: `olg` is `log`."""


def nearest(value: str, allowed: Collection[str]) -> str:
    """Return the allowed word that a mistyped one is nearest to, empty where none is near.

    >>> nearest("bankniftty", ["NIFTY", "BANKNIFTY"]), nearest("gold", ["NIFTY"])
    ('BANKNIFTY', '')
    """
    return next(iter(nearest_few(value, allowed, 1)), "")


def nearest_few(value: str, allowed: Collection[str], most: int) -> tuple[str, ...]:
    """Return the allowed words that a mistyped one is near to, the nearest first.

    >>> nearest_few("smile_of", ["smile_on", "smiles", "oi"], 3)
    ('smile_on', 'smiles')
    """
    by_plain = {word.lower(): word for word in allowed}
    plain = value.strip().lower()
    cutoff = _SIMILARITY if len(plain) > _SHORT else _SIMILARITY_OF_SHORT
    near = get_close_matches(plain, by_plain, n=most, cutoff=cutoff)
    return tuple(by_plain[word] for word in near)


def hint(value: str, allowed: Collection[str]) -> str:
    """Return the fix of a word that is none of those allowed.

    >>> hint("NIFTTY", ["NIFTY", "SENSEX"])
    'did you mean NIFTY? there are NIFTY, SENSEX'
    """
    near = nearest(value, allowed)
    sentences = [f"did you mean {near}?"] if near else []
    if allowed and (len(allowed) <= MOST_WORDS or not near):
        sentences.append(f"there are {', '.join(allowed)}")
    return " ".join(sentences) or "there are none"


def no_such(what: str, value: object, allowed: Collection[str]) -> UserError:
    """Return the error of a word that is none of those allowed.

    Args:
        what: What the words name, in the singular.
        value: The word.
        allowed: The words there are.

    >>> no_such("index", "NIFTI", ["NIFTY", "SENSEX"]).fix
    'did you mean NIFTY? there are NIFTY, SENSEX'
    """
    return UserError(f"there is no {what} {str(value)!r}", hint(str(value), allowed))
