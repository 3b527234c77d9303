"""Words of which one must be chosen, and what is said of another."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from g6.domain.schema.nearest import no_such
from g6.errors import UserError


def one_of(what: str, value: str, allowed: Collection[str]) -> None:
    """Refuse a word that is not among those allowed, with the nearest one.

    Raises:
        UserError: It is not among them.
    """
    if value not in allowed:
        raise no_such(what, value, allowed)


def zone_of(name: str) -> str:
    """Return the name of a time zone.

    Raises:
        UserError: No zone is called so. pandas, polars and Arrow each say so in their own words,
            after all rows have been read.

    >>> zone_of("Asia/Kolkata")
    'Asia/Kolkata'
    """
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise UserError(
            f"no time zone is called {name!r}", 'give tz="UTC", or tz="Asia/Kolkata"'
        ) from error
