"""What is said of a word that is none of those there are: the nearest one, and all of them."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from g6.errors import UserError

__all__ = ["hint", "nearest", "no_such"]

MOST_WORDS = 24
"""More words than these are no help in a sentence."""
_CUTOFF = 0.5


def nearest(value: str, allowed: Collection[str]) -> str:
    """Return the allowed word that a mistyped one is nearest to, empty where none is near.

    >>> nearest("bankniftty", ["NIFTY", "BANKNIFTY"]), nearest("gold", ["NIFTY"])
    ('BANKNIFTY', '')
    """
    by_plain = {word.lower(): word for word in allowed}
    near = get_close_matches(value.strip().lower(), by_plain, n=1, cutoff=_CUTOFF)
    return by_plain[near[0]] if near else ""


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
