"""Days and instants as options and arguments of commands."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from g6.bootstrap.reading.study_readers import market_time
from g6.config import Settings
from g6.domain.market.instants import MarketTime
from g6.studies.parameters import cycle_name, session_day

Date = Annotated[
    str | None,
    typer.Option(
        "--date", metavar="DAY", help="Only this session day, 2026-11-20 or yesterday; else all."
    ),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="DAY", help="The first day; else the first stored one."),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="The last day; else the last stored one.")
]


def instant(text: str, at: MarketTime) -> str:
    """Return an instant as cycles are named.

    Raises:
        UserError: The text says none.
    """
    return cycle_name(text, at)


def day_given(text: str | None, settings: Settings) -> date | None:
    """Read a session day, which counts from the rows of the data directory.

    Raises:
        UserError: The text says none.
        NothingToDo: It says latest, and nothing is stored.
    """
    return session_day(text, market_time(settings)) if text else None
