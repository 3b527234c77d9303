"""Which indices and days a question is about, of those that are stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from g6.adapters.parquet import days
from g6.adapters.parquet.days import session_date
from g6.domain.market.instrument import INDICES
from g6.domain.schema import layout
from g6.domain.schema.layout import Kind
from g6.domain.schema.nearest import nearest
from g6.errors import NothingToDo, UserError

EVERY = "*"
"""The word for all indices that are stored."""
Day: TypeAlias = str | int | date
"""A session day: a date, its ISO text, `latest`, `today`, `yesterday`, or -1 for the newest."""
DaySpan: TypeAlias = "Day | tuple[Day | None, Day | None] | slice"
"""A day, or both ends of a range: a pair, a slice or `A..B`. Either end may be left open."""
FORMS = '2026-11-20, "latest", "today", -1 or "2026-11-16..2026-11-20"'
_USUAL = ("data/demo", "data/g6_data")


def stored_indices(directory: Path) -> tuple[str, ...]:
    """Return the indices that have stored chains, in the order of their names."""
    folders = (directory / layout.folder(Kind.CHAIN)).glob(layout.ANY_INDEX)
    names = (layout.parse_index_name(path.name) for path in folders if path.is_dir())
    return tuple(sorted(filter(None, names)))


def stored_days(directory: Path, kind: str, indices: Sequence[str]) -> list[date]:
    """Return the days that have rows of a kind, of any of the indices, ascending."""
    stored: set[date] = set()
    for root in roots(directory, kind, indices):
        stored.update(days.days(root))
    return sorted(stored)


def roots(directory: Path, kind: str, indices: Sequence[str]) -> list[Path]:
    """Return the directories of the days of a kind."""
    if kind == Kind.CHAIN:
        return [directory / layout.folder(Kind.CHAIN, index) for index in indices]
    return [directory / kind]


def has_rows(directory: Path) -> bool:
    """Tell whether a directory has rows of any kind, by the names in it."""
    kinds = (Kind.CHAIN, Kind.OVERVIEW, Kind.INSTRUMENTS, Kind.EVENTS)
    return any((directory / kind).is_dir() for kind in kinds)


def check_there(directory: Path) -> None:
    """Refuse a directory that is not there, and name one that has rows.

    Raises:
        NothingToDo: It is not there.
    """
    if not directory.is_dir():
        check_directory(directory)


def check_directory(directory: Path) -> None:
    """Refuse a directory that has no rows, and name one that has.

    Raises:
        NothingToDo: It is not there, or is none of G6.
    """
    if has_rows(directory):
        return
    what = "has no rows of G6" if directory.is_dir() else "is not there"
    others = [name for name in _USUAL if has_rows(Path(name)) and Path(name) != directory]
    fix = "g6 sample --days 2 writes two simulated days; g6 demo collects a few cycles"
    if others:
        fix = f'rows are in {others[0]}: data_dir="{others[0]}", or --data-dir {others[0]}'
    raise NothingToDo(f"the data directory {directory} {what}", fix)


def parse_indices(directory: Path, index: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of indices, all that are stored for `*`.

    Raises:
        UserError: There is no such index. The nearest one is named.
    """
    names = (index,) if isinstance(index, str) else tuple(index)
    stored = stored_indices(directory)
    if EVERY in names:
        return stored or tuple(INDICES)
    known = {*stored, *INDICES}
    checked = []
    for name in names:
        right = name if name in known else name.upper()
        if right not in known:
            raise UserError(f"there is no index {name!r}", _meant(name, stored))
        checked.append(right)
    return tuple(dict.fromkeys(checked))


def _meant(name: str, stored: Sequence[str]) -> str:
    near = nearest(name, [*stored, *INDICES])
    meant = f"did you mean {near}? " if near else ""
    return f"{meant}stored are {', '.join(stored) or 'none'}; * stands for all of them"


def parse_span(
    value: DaySpan, stored: Sequence[date], absent: NothingToDo, now: Callable[[], datetime]
) -> tuple[date, date]:
    """Return the first and the last day that are asked for, both included.

    Args:
        value: A day or a range.
        stored: The days there are, ascending.
        absent: What is raised where a day is asked for by its place and there is none.
        now: Returns the instant from which `today` and `yesterday` count.

    Raises:
        UserError: It cannot be read as a day or a range.
        NothingToDo: There are fewer days than are counted back.
    """
    first, last = _ends(value)
    if first is not None and last is not None:
        begin = parse_day(first, stored, absent, now)
        end = begin if first is last else parse_day(last, stored, absent, now)
    else:
        if not stored:
            raise absent
        begin = stored[0] if first is None else parse_day(first, stored, absent, now)
        end = stored[-1] if last is None else parse_day(last, stored, absent, now)
    if begin > end:
        raise UserError(f"the range from {begin} to {end} is empty", f"write it as {end}..{begin}")
    return begin, end


def _ends(value: DaySpan) -> tuple[Day | None, Day | None]:
    """Return both ends of a range, the same object twice for a single day."""
    if isinstance(value, slice):
        return value.start, value.stop
    if isinstance(value, tuple):
        if len(value) != 2:
            raise UserError(f"{value!r} is no range of days", "write it as (first, last)")
        return value
    if isinstance(value, str) and ".." in value:
        first, _, last = value.partition("..")
        return first.strip() or None, last.strip() or None
    return value, value


def parse_day(
    value: Day, stored: Sequence[date], absent: NothingToDo, now: Callable[[], datetime]
) -> date:
    """Return one session day.

    Raises:
        UserError: It cannot be read as one.
        NothingToDo: It is counted back from the newest, and there are fewer.
    """
    if isinstance(value, datetime):
        return session_date(value) if value.tzinfo else value.date()
    if isinstance(value, date):
        return value
    word = str(value).strip().lower()
    if word in {"today", "yesterday"}:
        return session_date(now()) - timedelta(days=word == "yesterday")
    back = -1 if word == "latest" else _counted_back(word)
    if back is None:
        try:
            return date.fromisoformat(word)
        except ValueError as error:
            raise UserError(f"{value!r} is no day", f"write it as {FORMS}") from error
    if not stored:
        raise absent
    if -back > len(stored):
        raise NothingToDo(f"{value} is before the first of {len(stored)}; {days.span_of(stored)}")
    return stored[back]


def _counted_back(word: str) -> int | None:
    """Return a number of days back from the newest, -1 the newest, None where it is no such."""
    return int(word) if word[:1] == "-" and word[1:].isdigit() and int(word) < 0 else None
