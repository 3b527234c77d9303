"""The content of a CSV file: columns, whole lines, damaged lines, and a torn end."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
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
    """The content of a CSV file.

    Attributes:
        columns: Empty where neither a header nor the number of cells tells them.
        lines: Whole lines.
        damaged: Damaged lines.
        torn: The bytes behind the last line end.
        lost_header: The fault of the first line. Then the number of cells told the columns.
        carriage_returns: Whether lines end in CR LF.
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
    headers = [tuple(OVERVIEW_HEADER.split(","))]
    for greeks in (True, False):
        columns = tuple(csv_header(greeks))
        headers += [columns, tuple(name for name in columns if name not in _APPENDED)]
    return {len(columns): columns for columns in headers}


def read_sheet(content: bytes, header: str = "") -> CsvContent:
    """Parse a file's bytes. `header` is what its writer would begin it with."""
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
    """Return the columns of a file, and the fault of its first line, "" when that tells them."""
    by_length = dict(layouts())
    if header:
        expected = tuple(header.split(","))
        by_length[len(expected)] = expected
    names = tuple(first.decode("utf-8", errors="replace").split(","))
    fault = _wrong_with_header(names, by_length)
    if not fault:
        return names, ""
    # Without a header the number of cells tells the columns: no two layouts have as many.
    lines = [first, *others] if begins_with_an_instant(first) else others
    counts = Counter(map(len, filter(None, map(_cells, lines))))
    likely = counts.most_common(1)[0][0] if counts else len(header.split(","))
    return by_length.get(likely, ()), fault


def _wrong_with_header(names: tuple[str, ...], by_length: Mapping[int, tuple[str, ...]]) -> str:
    if names[0] != "timestamp":
        return "does not begin with the columns"
    if len(set(names)) < len(names):
        return "names a column twice"
    for name in names:
        if not _NAME.fullmatch(name):
            return f"{name!r} is no column's name"
    layout = by_length.get(len(names))
    if layout and (strange := set(names) - set(layout)):
        displaced = set(layout) - set(names)
        return f"has {', '.join(sorted(strange))} in the place of {', '.join(sorted(displaced))}"
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
    fault = _wrong_with_line(line, len(sheet.columns))
    if not fault:
        text = line.decode()
        sheet.lines.append(CsvLine(number, text, _cells(line) or ()))
        return
    sheet.damaged.append(Damaged(number, line, fault))
    # A lost disk block leaves zeros before a whole line. Once such a block made the next write
    # drop every later line.
    rest = line.lstrip(b"\0")
    if len(rest) < len(line) and not _wrong_with_line(rest, len(sheet.columns)):
        sheet.lines.append(CsvLine(number, rest.decode(), _cells(rest) or ()))


def _wrong_with_line(line: bytes, count: int) -> str:
    """Return what keeps bytes from being a line of `count` cells, "" when they are one."""
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
