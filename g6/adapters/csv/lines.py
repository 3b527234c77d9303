"""One line into one file, once: ordered by instant, safe between writers, whole after a crash.

A line begins with its instant. Nearly always it is newer than the last one, and then it is
appended after a look at the file's two ends. Only a rerun of an older cycle, or other columns than
the file has, writes the file anew (temporary name and rename). The writers are those of one host.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from g6.adapters.csv.place import LineKeys
from g6.adapters.csv.sheet import begins_with_an_instant, order, read_sheet
from g6.files import busy, refusals, replace

_END = 4096
ASIDE = ".damaged"
"""The suffix of the file that takes another file's damaged lines."""


class LineWrite(NamedTuple):
    """The facts of one call.

    Attributes:
        rows: Lines written.
        bytes: Bytes written.
        repaired: Torn lines cut off.
        aside: Damaged lines set aside.
    """

    rows: int
    bytes: int
    repaired: int
    aside: int = 0


def put_line(path: Path | str, header: str, line: str) -> LineWrite:
    """Put a line into a file: appended, or in the place of the line of its instant.

    A line that is there already changes nothing. What is torn at the end is cut off first. A
    damaged line elsewhere is moved to the file beside it once it is met. No whole line is ever
    lost. A file with other columns gets those of both.

    Args:
        path: The file.
        header: Its columns, as the writer knows them.
        line: The line without its end.

    Raises:
        StoreBusy: A disk refuses the line.
    """
    # A cycle puts 1,300 lines: generators and paths around each took as long as its calls of the
    # system.
    try:
        descriptor, status = hold(os.fspath(path))
        try:
            return put_into(path, descriptor, header, line, status.st_size)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise busy(path, error) from error


def put_into(path: Path | str, descriptor: int, header: str, line: str, size: int) -> LineWrite:
    """Put a line into an open and locked file of this size, or into one that takes its place."""
    if not size:
        fresh = f"{header}\n{line}\n".encode()
        append_at(path, descriptor, fresh, 0, 0)
        return LineWrite(1, len(fresh), 0)
    # A look at both ends is enough for nearly every line, whatever the file's size.
    tail = os.pread(descriptor, _END, max(0, size - _END))
    first_line = f"{header}\n".encode()
    head = tail if size <= _END else os.pread(descriptor, len(first_line), 0)
    whole = tail.rfind(b"\n") + 1
    repaired = int(whole < len(tail))
    end = size - len(tail) + whole
    last = tail[tail.rfind(b"\n", 0, whole - 1) + 1 : whole - 1]
    content = line.encode()
    is_first_line = end == len(header) + 1
    if not head.startswith(first_line) or not (is_first_line or _is_sound(tail[:whole], last)):
        return _rewrite(Path(path), descriptor, header, {_instant(line): line}, size)
    if not is_first_line and line_order(content) <= line_order(last):
        if content == last and not repaired:
            return LineWrite(0, 0, 0)
        return _rewrite(Path(path), descriptor, header, {_instant(line): line}, size)
    append_at(path, descriptor, content + b"\n", end, size)
    return LineWrite(1, len(content) + 1, repaired)


def put_lines(path: Path, header: str, lines: Mapping[str, str]) -> LineWrite:
    """Put lines, by their instants, into a file. A line whose figures differ makes room.

    Raises:
        StoreBusy: A disk refuses the file.
    """
    with refusals(path):
        descriptor, status = hold(os.fspath(path))
        try:
            return _rewrite(path, descriptor, header, lines, status.st_size, mend=True)
        finally:
            os.close(descriptor)


def hold(name: str) -> tuple[int, os.stat_result]:
    """Open a file under its lock, again when another file took its place meanwhile.

    Returns:
        The descriptor, which the caller closes, and the file's status.
    """
    while True:
        try:
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            mine = os.fstat(descriptor)
            if _inode(name) == mine.st_ino:
                return descriptor, mine
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _inode(name: str) -> int | None:
    """Return the number of the file that stands under a name, None where none does."""
    try:
        return os.stat(name).st_ino  # noqa: PTH116 - a path would be made for it alone
    except FileNotFoundError:
        return None


def _is_sound(tail: bytes, last: bytes) -> bool:
    """Tell whether nothing at the end of a file looks damaged.

    Zeros of a lost disk block and stray carriage returns do.
    """
    return begins_with_an_instant(last) and b"\0" not in tail and b"\r" not in tail


def _instant(line: str) -> str:
    return line.partition(",")[0]


def line_order(line: bytes) -> tuple[bytes, bytes]:
    """Return the instant of a line as something that sorts: whole seconds, then the fraction."""
    instant = line.partition(b",")[0]
    return instant[:19], instant[19:-1]


def append_at(path: Path | str, descriptor: int, content: bytes, end: int, size: int) -> None:
    """Write at `end`, after cutting off what is torn behind it."""
    if end < size:
        os.ftruncate(descriptor, end)
    try:
        written = os.pwrite(descriptor, content, end)
        while written < len(content):
            written += os.pwrite(descriptor, content[written:], end + written)
    except OSError as error:
        # A full disk takes only a part of the line. It is given that back.
        os.ftruncate(descriptor, end)
        raise busy(path, error) from error


def _rewrite(
    path: Path,
    descriptor: int,
    header: str,
    new: Mapping[str, str],
    size: int,
    *,
    mend: bool = False,
) -> LineWrite:
    """Write the file anew with these lines in their places, under the columns of both headers.

    `mend` leaves a line that says the same figures as the new one, and sets aside one that says
    others.
    """
    content = os.pread(descriptor, size, 0)
    sheet = read_sheet(content, header)
    columns = _both(sheet.columns, header)
    aside = [damaged.content for damaged in sheet.damaged]
    by_order: dict[tuple[str, str], str] = {}
    keys = LineKeys.of(path) if mend else None
    for line in sheet.lines:
        if keys is not None and keys.fault_of(sheet.columns, line):
            aside.append(line.text.encode())
            continue
        text = _under(sheet.columns, columns, line.text, line.cells)
        if (older := by_order.get(order(line.instant))) is not None:
            aside.append(older.encode())
        by_order[order(line.instant)] = text
    changed = 0
    for instant, written in new.items():
        text = _under(tuple(header.split(",")), columns, written)
        older = by_order.get(order(instant))
        if older == text or (mend and older is not None and same_figures(older, text)):
            continue
        if mend and older is not None:
            aside.append(older.encode())
        by_order[order(instant)] = text
        changed += 1
    lines = [",".join(columns), *(by_order[key] for key in sorted(by_order))]
    fresh = "".join(f"{line}\n" for line in lines).encode()
    if fresh == content:
        return LineWrite(0, 0, 0)
    _set_aside(path, aside)
    if size == 0:
        append_at(path, descriptor, fresh, 0, 0)
    else:
        replace(path, fresh)
    rows = changed if mend else max(changed, 1)
    return LineWrite(rows, len(fresh), int(bool(sheet.torn)), len(aside))


def _set_aside(path: Path, lines: Sequence[bytes]) -> None:
    """Add damaged lines to the file beside `path`, before they leave it."""
    if not lines:
        return
    with path.with_name(path.name + ASIDE).open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def same_figures(one: str, other: str) -> bool:
    """Tell whether two lines of the same columns say the same, however they write numbers."""
    pairs = zip(_split(one), _split(other), strict=True)
    return all(same_cell(*pair) for pair in pairs)


def same_cell(one: str, other: str) -> bool:
    """Tell whether two cells hold the same text or number. `nan` is what is missing."""
    if one == other or {one, other} == {"", "nan"}:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _split(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def _both(old: Sequence[str], header: str) -> tuple[str, ...]:
    """Return the columns of both headers: the longer one, then what only the other has."""
    longer, shorter = sorted((old, header.split(",")), key=len, reverse=True)
    return (*longer, *(name for name in shorter if name not in longer))


def _under(
    columns: Sequence[str], target: Sequence[str], line: str, cells: Sequence[str] = ()
) -> str:
    """Return a line written under `columns` as it reads under `target`, absent columns empty."""
    if tuple(columns) == tuple(target):
        return line
    by_name = dict(zip(columns, cells or _split(line), strict=False))
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([by_name.get(name, "") for name in target])
    return buffer.getvalue()
