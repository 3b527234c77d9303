"""Words of which one must be chosen, and what is said of another."""

from __future__ import annotations

from collections.abc import Collection

from g6.domain.schema.nearest import no_such


def one_of(what: str, value: str, allowed: Collection[str]) -> None:
    """Refuse a word that is not among those allowed, with the nearest one.

    Raises:
        UserError: It is not among them.
    """
    if value not in allowed:
        raise no_such(what, value, allowed)
