"""Options of commands that ask what is listed: on which day, and of whom."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated

import typer

from g6.domain.market.calendar import IST, in_utc
from g6.errors import BadConfig

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DAY|INSTANT",
        help="Answer for this day or market time, such as 2026-11-20T04:05:00Z.",
    ),
]
Kept = Annotated[bool, typer.Option("--kept", help="Read the dumps that were kept; ask nobody.")]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Download the day's dumps again, for all workers.")
]

MORNING = time(9, 15)
"""When both exchanges open, in India. Of a day alone what is listed is asked for then."""


def instant_of(text: str) -> datetime:
    """Return the instant that a person wrote.

    A day alone is its open. A clock without a zone is India's.

    Raises:
        BadConfig: The text is no instant.
    """
    try:
        instant = datetime.fromisoformat(text)
        # 9999-12-31T23:59:59Z is an instant of which no clock in India shows the time.
        in_utc(instant)
    except ValueError as error:
        raise BadConfig(
            f"{text!r} is no instant", "write it as 2026-11-20 or 2026-11-20T04:05:00Z"
        ) from error
    if len(text) == len("2026-11-20"):
        instant = datetime.combine(instant.date(), MORNING)
    return instant.replace(tzinfo=instant.tzinfo or IST)
