"""Words of which one must be chosen, and what is said of another."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from g6.errors import UserError


def one_of(what: str, value: str, allowed: Collection[str]) -> None:
    """Refuse a word that is not among those allowed, with the nearest one.

    Raises:
        UserError: It is not among them.
    """
    if value not in allowed:
        near = get_close_matches(value, list(allowed), n=1)
        hint = f"write {near[0]!r}" if near else f"choose one of {', '.join(allowed)}"
        raise UserError(f"there is no {what} {value!r}", hint)
