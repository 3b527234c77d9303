"""One line into one file, once: ordered by instant, safe between writers of one host, whole after a crash.

A line begins with its instant. Nearly always it is newer than the last one, and then it is appended after a look at the file's
two ends; only a rerun of an older cycle, or other columns than the file has, writes the file anew (temporary name and rename).
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from g6.adapters.csv.place import LineKeys
from g6.adapters.csv.sheet import begins_with_an_instant, order, read_sheet
from g6.files import busy, refusals, replace

_END = 4096
ASIDE = ".damaged"
"""What a file's name is lengthened by, for the file beside it that takes its damaged lines."""


@dataclass(frozen=True, slots=True)
class LineWrite:
    """What one call did: lines and bytes written, torn lines cut off, damaged lines set aside."""

    rows: int
    bytes: int
    repaired: int
    aside: int = 0


def put_line(path: Path, header: str, line: str) -> LineWrite:
    """Put `line` (without its end) into `path`: appended, in the place of the line of its instant, or already there.

    What is torn at the end is cut off first. A damaged line elsewhere is moved to the file beside it once it is met; no whole line
    is ever lost. A file with other columns gets those of both. Errors: StoreBusy.
    """
    with refusals(path), _locked(path) as descriptor:
        size = os.fstat(descriptor).st_size
        head = os.pread(descriptor, _END, 0)
        tail = head if size <= _END else os.pread(descriptor, _END, size - _END)
        whole = tail.rfind(b"\n") + 1
        repaired = int(whole < len(tail))
        kept = size - len(tail) + whole
        last = tail[tail.rfind(b"\n", 0, whole - 1) + 1 : whole - 1]
        content, first = line.encode(), kept == len(header) + 1
        if (
            not whole
            or head[: head.find(b"\n")] != header.encode()
            or not (first or _is_sound(tail[:whole], last))
        ):
            return _slowly(path, descriptor, header, {_instant(line): line}, size)
        if not first and _order(content) <= _order(last):
            if content == last and not repaired:
                return LineWrite(0, 0, 0)
            return _slowly(path, descriptor, header, {_instant(line): line}, size)
        _append(path, descriptor, content + b"\n", kept, size)
        return LineWrite(1, len(content) + 1, repaired)


def put_lines(path: Path, header: str, lines: Mapping[str, str]) -> LineWrite:
    """Put `lines`, by their instants, into `path`; a line whose figures differ makes room for its own. Errors: StoreBusy."""
    with refusals(path), _locked(path) as descriptor:
        return _slowly(path, descriptor, header, lines, os.fstat(descriptor).st_size, mend=True)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Open `path` under its lock; again when somebody put another file in its place while we waited."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _is_still(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return there.st_ino == os.fstat(descriptor).st_ino


def _is_sound(tail: bytes, last: bytes) -> bool:
    """Tell whether nothing at the end of a file looks damaged: no zeros of a lost disk block, no stray carriage return."""
    return begins_with_an_instant(last) and b"\0" not in tail and b"\r" not in tail


def _instant(line: str) -> str:
    return line.partition(",")[0]


def _order(line: bytes) -> tuple[bytes, bytes]:
    """Return the instant a line begins with as something that sorts: whole seconds, then the fraction."""
    instant = line.partition(b",")[0]
    return instant[:19], instant[19:-1]


def _append(path: Path, descriptor: int, content: bytes, kept: int, size: int) -> None:
    """Write at `kept`, after cutting off what is torn. A disk that takes only a part of the line is given it back."""
    if kept < size:
        os.ftruncate(descriptor, kept)
    try:
        written = os.pwrite(descriptor, content, kept)
        while written < len(content):
            written += os.pwrite(descriptor, content[written:], kept + written)
    except OSError as error:
        os.ftruncate(descriptor, kept)
        raise busy(path, error) from error


def _slowly(
    path: Path,
    descriptor: int,
    header: str,
    new: Mapping[str, str],
    size: int,
    *,
    mend: bool = False,
) -> LineWrite:
    """Make the file anew with these lines in their places, under the columns of both headers when they differ.

    `mend` leaves a line that says the same figures as the new one, and sets aside one that says others.
    """
    content = os.pread(descriptor, size, 0)
    sheet = read_sheet(content, header)
    both = _both(sheet.columns, header)
    aside = [each.content for each in sheet.damaged]
    by_order: dict[tuple[str, str], str] = {}
    place = LineKeys.of(path) if mend else None
    for line in sheet.lines:
        if place is not None and place.wrong(sheet.columns, line):
            aside.append(line.text.encode())
            continue
        text = _under(sheet.columns, both, line.text, line.cells)
        if (there := by_order.get(order(line.instant))) is not None:
            aside.append(there.encode())
        by_order[order(line.instant)] = text
    changed = 0
    for instant, written in new.items():
        text = _under(tuple(header.split(",")), both, written)
        there = by_order.get(order(instant))
        if there == text or (mend and there is not None and same_figures(there, text)):
            continue
        if mend and there is not None:
            aside.append(there.encode())
        by_order[order(instant)] = text
        changed += 1
    fresh = "".join(
        f"{each}\n" for each in (",".join(both), *(by_order[place] for place in sorted(by_order)))
    ).encode()
    if fresh == content:
        return LineWrite(0, 0, 0)
    _set_aside(path, aside)
    if size == 0:
        _append(path, descriptor, fresh, 0, 0)
    else:
        replace(path, fresh)
    return LineWrite(
        changed if mend else max(changed, 1), len(fresh), int(bool(sheet.torn)), len(aside)
    )


def _set_aside(path: Path, lines: Sequence[bytes]) -> None:
    """Add damaged lines to the file beside `path`, before they leave it."""
    if not lines:
        return
    with path.with_name(path.name + ASIDE).open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def same_figures(one: str, other: str) -> bool:
    """Tell whether two lines of the same columns say the same, however their numbers are written."""
    pairs = zip(_split(one), _split(other), strict=True)
    return all(same_cell(*pair) for pair in pairs)


def same_cell(one: str, other: str) -> bool:
    """Tell whether two cells hold the same text or the same number; `nan` is what is missing."""
    if one == other or {one, other} == {"", "nan"}:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _split(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def _both(old: Sequence[str], header: str) -> tuple[str, ...]:
    """Return the columns of both headers: the longer one, and after it what only the other has."""
    longer, shorter = sorted((old, header.split(",")), key=len, reverse=True)
    return (*longer, *(name for name in shorter if name not in longer))


def _under(
    columns: Sequence[str], wanted: Sequence[str], line: str, cells: Sequence[str] = ()
) -> str:
    """Return a line written under `columns` as it reads under `wanted`, absent columns empty."""
    if tuple(columns) == tuple(wanted):
        return line
    by_name = dict(zip(columns, cells or _split(line), strict=False))
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([by_name.get(name, "") for name in wanted])
    return buffer.getvalue()
