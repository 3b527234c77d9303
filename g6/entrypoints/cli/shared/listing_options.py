"""Options of commands that ask what is listed: on which day, and of whom."""

from __future__ import annotations

from typing import Annotated

import typer

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
