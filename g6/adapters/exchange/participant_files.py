"""The exchange's daily files of participants: the contracts that each kind holds."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from g6.domain.quotes import cells
from g6.domain.quotes.participants import FIGURES, ParticipantDay, ParticipantInterest
from g6.errors import BadInput
from g6.packed_files import unpacked

NAMES = ("Client", "DII", "FII", "Pro", "TOTAL")
COLUMNS = tuple(name.replace("_", " ") for name in FIGURES)
"""The columns of the file, compared without case: `Future Index Long` is `future_index_long`."""
_TITLE_DAY = re.compile(r"as on\s+([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s*(\d{4})", re.IGNORECASE)
_NAME_DAY = re.compile(r"(\d{2})(\d{2})(20\d{2})")


def read_participants(path: Path) -> ParticipantDay:
    """Return the open interest by participant in a file such as `fao_participant_oi_25112024.csv`.

    Raises:
        BadInput: It is no such file, a cell is no number, or longs and shorts do not balance.
    """
    rows = _rows(path)
    header = next((n for n, row in enumerate(rows) if row and _plain(row[0]) == "client type"), -1)
    places = {_plain(name): place for place, name in enumerate(rows[header])} if rows else {}
    missing = [name for name in COLUMNS if name not in places]
    if header < 0 or missing:
        raise BadInput(
            path,
            None,
            f"is no file of participants: it has no column {(missing or ['client type'])[0]}",
            "name the exchange's file of open interest, such as fao_participant_oi_25112024.csv",
        )
    names_there = [_plain(name) for name in rows[header]]
    if doubled := [name for name in COLUMNS if names_there.count(name) > 1]:
        raise BadInput(
            path,
            header + 1,
            f"has several columns {doubled[0]!r}, and which one counts is not known",
            "fetch the exchange's own file again: g6 import participants --day DAY",
        )
    title = " ".join(" ".join(row) for row in rows[:header])
    if "volume" in title.lower() or "_vol" in path.name.lower():
        raise BadInput(path, 1, "holds volumes, and open interest is read", "fao_participant_oi_…")
    names = {name.upper(): name for name in NAMES}
    participants = []
    for line, row in enumerate(rows[header + 1 :], header + 2):
        if row and row[0].strip().upper() in names:
            figures = [_number(path, line, row, places[column], column) for column in COLUMNS]
            participants.append(ParticipantInterest(names[row[0].strip().upper()], *figures))
    day = ParticipantDay(_day(path, title), tuple(participants))
    _check(path, day)
    return day


def _rows(path: Path) -> list[list[str]]:
    raw = unpacked(path)
    try:
        return list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(path, None, f"cannot be read: {error}") from error


def _plain(name: str) -> str:
    return " ".join(name.lower().split())


def _number(path: Path, line: int, row: Sequence[str], place: int, column: str) -> float:
    cell = row[place] if place < len(row) else ""
    try:
        return cells.number(cell)
    except ValueError as error:
        reason = f"{column} {cell!r} is not a number ({cells.NUMBER_FORMS})"
        raise BadInput(path, line, reason) from error


def _day(path: Path, title: str) -> date:
    try:
        if match := _TITLE_DAY.search(title):
            return cells.day(f"{match[2]}-{match[1][:3]}-{match[3]}")
        if match := _NAME_DAY.search(path.name):
            return datetime.strptime(match[0], "%d%m%Y").date()  # noqa: DTZ007 - a date
    except ValueError as error:
        raise BadInput(path, 1, f"names a day that is none: {error}") from error
    raise BadInput(path, 1, "does not say its day, in its title or its name")


def _check(path: Path, day: ParticipantDay) -> None:
    """Refuse a file whose sums contradict one another: a cell or a row of it is lost."""
    if {row.participant for row in day.participants} != set(NAMES):
        raise BadInput(path, None, f"lacks a row of {', '.join(NAMES)}")
    total = day.of("TOTAL")
    for figure in FIGURES:
        parts = sum(getattr(row, figure) for row in day.participants if row is not total)
        # Three of the file's figures are rounded in some years: one contract each.
        if abs(parts - getattr(total, figure)) > len(NAMES):
            reason = f"{figure.replace('_', ' ')}: the participants sum up to {parts:g}"
            raise BadInput(path, None, f"{reason}, and TOTAL says {getattr(total, figure):g}")
