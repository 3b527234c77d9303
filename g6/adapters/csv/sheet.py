"""The content of a CSV file: its columns, its whole lines, its damaged lines, and what is torn at its end."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from g6.domain.cycles.cycle import parse_z
from g6.domain.schema.rows import OVERVIEW, csv_header

OVERVIEW_HEADER = ",".join(
    "index" if column.name == "underlying" else column.name for column in OVERVIEW
)
_INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z,")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_APPENDED = ("future", "vix")
"""Columns that files of earlier versions lack."""


@dataclass(frozen=True, slots=True)
class CsvLine:
    """One whole line: its number in the file, its text without its end, its cells."""

    number: int
    text: str
    cells: tuple[str, ...]

    @property
    def instant(self) -> str:
        """The text of the instant that the line begins with."""
        return self.cells[0]


@dataclass(frozen=True, slots=True)
class Damaged:
    """One damaged line: its number, its bytes without their end, and what is wrong with it."""

    number: int
    content: bytes
    what: str


@dataclass(slots=True)
class CsvContent:
    """What a file holds. `columns` is empty where neither a header nor a layout of that many cells tells them.

    `lost_header` says that the columns were told by the number of cells, not by the file's first line.
    """

    columns: tuple[str, ...] = ()
    lines: list[CsvLine] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)
    torn: bytes = b""
    lost_header: str = ""
    carriage_returns: bool = False


def begins_with_an_instant(content: bytes) -> bool:
    """Tell whether a line of bytes begins as every line does."""
    return _INSTANT.match(content) is not None


def order(instant: str) -> tuple[str, str]:
    """Return an instant's text as something that sorts: whole seconds, then the fraction."""
    return instant[:19], instant[19:-1]


@cache
def layouts() -> dict[int, tuple[str, ...]]:
    """Return the columns of the headers that this and earlier versions wrote, by their number."""
    told = [tuple(OVERVIEW_HEADER.split(","))]
    for greeks in (True, False):
        columns = tuple(csv_header(greeks))
        told += [columns, tuple(name for name in columns if name not in _APPENDED)]
    return {len(columns): columns for columns in told}


def read_sheet(content: bytes, header: str = "") -> CsvContent:
    """Return what a file of these bytes holds; `header` is what its writer would begin it with."""
    whole = content.rfind(b"\n") + 1
    sheet = CsvContent(torn=content[whole:])
    lines = content[:whole].split(b"\n")[:-1]
    sheet.carriage_returns = any(line.endswith(b"\r") for line in lines)
    numbered = [(number, line.removesuffix(b"\r")) for number, line in enumerate(lines, 1)]
    if not numbered:
        return sheet
    first = numbered[0][1]
    sheet.columns, sheet.lost_header = _columns(first, [line for _, line in numbered[1:]], header)
    if not sheet.lost_header:
        numbered = numbered[1:]
    elif not begins_with_an_instant(first):
        sheet.damaged.append(Damaged(1, first, sheet.lost_header))
        numbered = numbered[1:]
    for number, line in numbered:
        _sort_in(sheet, number, line)
    return sheet


def _columns(first: bytes, others: Sequence[bytes], header: str) -> tuple[tuple[str, ...], str]:
    """Return the columns of a file, and what is wrong with its first line, nothing when that tells them."""
    known = {**layouts(), **({len(names := tuple(header.split(","))): names} if header else {})}
    names = tuple(first.decode("utf-8", errors="replace").split(","))
    wrong = _wrong_with_header(names, known)
    if not wrong:
        return names, ""
    lines = [first, *others] if begins_with_an_instant(first) else others
    counts = Counter(len(cells) for line in lines if (cells := _cells(line)))
    likely = counts.most_common(1)[0][0] if counts else len(header.split(","))
    return known.get(likely, ()), wrong


def _wrong_with_header(names: tuple[str, ...], known: dict[int, tuple[str, ...]]) -> str:
    if names[0] != "timestamp":
        return "does not begin with the columns"
    if len(set(names)) < len(names):
        return "names a column twice"
    if bad := next((name for name in names if not _NAME.fullmatch(name)), None):
        return f"{bad!r} is no column's name"
    layout = known.get(len(names))
    if layout and (strange := set(names) - set(layout)):
        return f"has {', '.join(sorted(strange))} in the place of {', '.join(sorted(set(layout) - set(names)))}"
    return ""


def _cells(line: bytes) -> tuple[str, ...] | None:
    """Return the cells of a line of text, None where it is none."""
    if b"\0" in line or b"\r" in line:
        return None
    try:
        return tuple(next(csv.reader([line.decode()], strict=True), ()))
    except (UnicodeDecodeError, csv.Error):
        return None


def _sort_in(sheet: CsvContent, number: int, line: bytes) -> None:
    what = _wrong_with_line(line, len(sheet.columns))
    if not what:
        text = line.decode()
        sheet.lines.append(CsvLine(number, text, _cells(line) or ()))
        return
    sheet.damaged.append(Damaged(number, line, what))
    kept = line.lstrip(b"\0")
    if len(kept) < len(line) and not _wrong_with_line(kept, len(sheet.columns)):
        # a lost disk block before a whole line
        sheet.lines.append(CsvLine(number, kept.decode(), _cells(kept) or ()))


def _wrong_with_line(line: bytes, count: int) -> str:
    """Return what keeps bytes from being a line of `count` cells, nothing when they are one."""
    for mark, word in ((b"\0", "zero bytes"), (b"\r", "a carriage return")):
        if mark in line:
            return f"has {word} in it"
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return f"is not UTF-8 at its byte {error.start + 1}"
    cells = _cells(line)
    if cells is None:
        return "is no CSV"
    if len(cells) != count:
        return f"has {len(cells)} cells, the header {count}"
    if not begins_with_an_instant(line) or not _is_instant(cells[0]):
        return f"begins with {cells[0][:40]!r}, which is no instant"
    return ""


def _is_instant(text: str) -> bool:
    try:
        parse_z(text)
    except ValueError:
        return False
    return True
