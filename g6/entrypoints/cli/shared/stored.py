"""Stored units, as the commands that look at them ask for them: an index, an instant, an expiry."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import numpy as np
import typer

import g6
from g6.bootstrap.stores import store as configured_store
from g6.config import Settings
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.market.calendar import in_utc
from g6.domain.market.expiry import BIT
from g6.domain.market.instrument import INDICES
from g6.domain.schema.frame import Frame
from g6.errors import BadInput, DamagedFile, NothingToDo, UserError
from g6.ports import Store

__all__ = [
    "AsOf", "Cycles", "Expiry", "Index", "frames", "indices_at", "instant_of", "latest", "of_expiry", "overview", "plain", "units",
]  # fmt: skip

Index = Annotated[str, typer.Argument(metavar="INDEX", help="Such as NIFTY.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="INSTANT",
        help="Nothing observed later; a time without a zone is India's.",
    ),
]
Expiry = Annotated[
    str | None,
    typer.Option(
        "--expiry", metavar="DATE|BUCKET", help="2026-11-24, this_week, …; else the nearest."
    ),
]
Cycles = Annotated[int, typer.Option("--cycles", metavar="N", min=1, help="How many cycles back.")]

_INDIA = ZoneInfo("Asia/Kolkata")
_SPANS = tuple(timedelta(days=days) for days in (1, 4, 15))
"""How far back to look, the nearest first: every span costs a look at each of its cycles."""
_FAR = 100


def instant_of(text: str | None) -> datetime | None:
    """Read an instant; without a zone it is India's. Errors: UserError."""
    if text is None:
        return None
    try:
        return in_utc(datetime.fromisoformat(text))
    except ValueError as error:
        raise UserError(f"{text!r} is no instant", "write it as 2026-11-20T10:30:00") from error


def units(settings: Settings, index: str, as_of: datetime | None, count: int) -> list[Unit]:
    """Return the last `count` stored units of `index` up to `as_of`, oldest first, from at most 15 days. Errors: NothingToDo."""
    name, found = _known(index), list[Unit]()
    for span in _SPANS:
        found = [
            Unit(cycle, name)
            for cycle, indices in _cycles(settings, as_of, span)
            if name in indices
        ]
        if len(found) >= count:
            break
    if not found:
        raise NothingToDo(
            f"nothing of {name} is stored in {settings.directory}{_until(as_of)}", _there(settings)
        )
    return found[-count:]


def indices_at(settings: Settings, as_of: datetime | None) -> Sequence[str]:
    """Return the indices of the newest stored cycle. Errors: NothingToDo."""
    cycles = _cycles(settings, as_of, _SPANS[0])
    if not cycles:
        raise NothingToDo(
            f"nothing is stored in {settings.directory}{_until(as_of)}", _there(settings)
        )
    return sorted(cycles[-1][1])


def latest(settings: Settings, index: str, as_of: datetime | None) -> tuple[Unit, Frame]:
    """Return the newest stored chain of `index` that was observed by `as_of`. Errors: NothingToDo, BadInput."""
    store = configured_store(settings)
    for count in (1, _FAR):
        for unit in reversed(units(settings, index, as_of, count)):
            frame = _readable(store, unit)
            if frame is not None and len(frame) and _seen_by(frame, as_of):
                return unit, frame
    raise NothingToDo(
        f"no chain of {index.upper()} is stored in {settings.directory}", _there(settings)
    )


def _there(settings: Settings) -> str:
    return f"g6 data ls --data-dir {settings.directory} shows what is there"


def frames(settings: Settings, wanted: Sequence[Unit]) -> list[Frame]:
    """Return the chains of these units, those without one left out. Errors: NothingToDo when none has, BadInput."""
    store = configured_store(settings)
    found = [
        frame for unit in wanted if (frame := _readable(store, unit)) is not None and len(frame)
    ]
    if not found:
        raise NothingToDo(f"no chain of these cycles is stored in {settings.directory}")
    return found


def _readable(store: Store, unit: Unit) -> Frame | None:
    """Return a stored unit; one in a damaged file is left out, and the file named by a warning."""
    try:
        return store.read_chain(unit)
    except BadInput as error:
        warnings.warn(f"left out: {error.sentence}", DamagedFile, stacklevel=2)
        return None


def overview(
    settings: Settings, unit: Unit, first: date, columns: Sequence[str]
) -> list[dict[str, Any]]:
    """Return rows of the overview from a day (India) up to the unit, oldest first: `timestamp` and `columns`."""
    span = (first, unit.instant.astimezone(_INDIA).date())
    table = g6.load(
        unit.index,
        span,
        "overview",
        engine="arrow",
        columns=["timestamp", *columns],
        data_dir=settings.directory,
    )
    return sorted(
        (row for row in table.to_pylist() if row["timestamp"] <= unit.instant),
        key=lambda row: row["timestamp"],
    )


def of_expiry(frame: Frame, expiry: str | None) -> Frame:
    """Return the rows of one expiry: by date or bucket, else the nearest whose fix lies ahead. Errors: NothingToDo."""
    days = frame.columns["expiry"]
    if expiry is None:
        ahead = np.isfinite(frame.columns["years_to_expiry"])
        chosen = days == (days[ahead] if ahead.any() else days).min()
    elif expiry in BIT:
        chosen = (frame.columns["bucket_mask"].astype(np.int64) & BIT[expiry]) > 0
    else:
        chosen = (days.astype(str) == expiry) | (frame.columns["bucket"] == expiry)
    if not chosen.any():
        there = ", ".join(sorted(set(days.astype(str).tolist())))
        raise NothingToDo(f"no expiry {expiry} in this chain; it has {there}")
    return frame.take(chosen)


def plain(value: Any) -> Any:
    """Return a document for JSON: null for NaN, ISO text for dates, lists for arrays."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not isfinite(value) else value


def _known(index: str) -> str:
    name = index.upper()
    if name not in INDICES:
        raise UserError(f"{index} is no index that G6 knows", f"say one of {', '.join(INDICES)}")
    return name


def _until(as_of: datetime | None) -> str:
    return f" up to {isoformat_z(as_of)}" if as_of else ""


def _cycles(
    settings: Settings, as_of: datetime | None, span: timedelta
) -> list[tuple[str, frozenset[str]]]:
    store = configured_store(settings)
    newest = store.last_overview()
    if newest is None:
        return []
    last = min(newest, as_of) if as_of else newest
    return list(store.overview_cycles(last - span, last).items())


def _seen_by(frame: Frame, as_of: datetime | None) -> bool:
    observed = frame.columns["observed_at"]
    return (
        as_of is None
        or not np.nanmax(observed, initial=parse_z(frame.header["stamp"]["cycle"]).timestamp())
        > as_of.timestamp()
    )
