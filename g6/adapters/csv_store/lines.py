"""One line into one file, once: ordered by instant, safe between writers of one host, whole after a crash.

A line begins with its instant. Nearly always it is newer than the last one, and then it is appended after a look at the file's
two ends; only a rerun of an older cycle, or other columns than the file has, writes the file anew (temporary name and rename).
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from g6.files import busy, refusals, replace

_END = 4096


@dataclass(frozen=True, slots=True)
class Put:
    """What one call did: lines and bytes written, torn lines cut off."""

    rows: int
    bytes: int
    repaired: int


def put_line(path: Path, header: str, line: str) -> Put:
    """Put `line` (without its end) into `path`: appended, in the place of the line of its instant, or already there.

    A torn last line is cut off first. A file with other columns gets those of both. Errors: StoreBusy.
    """
    with refusals(path), _locked(path) as descriptor:
        size = os.fstat(descriptor).st_size
        head = os.pread(descriptor, _END, 0)
        tail = head if size <= _END else os.pread(descriptor, _END, size - _END)
        whole = _whole(tail)
        repaired = int(whole < len(tail))
        kept = size - len(tail) + whole
        if kept == 0 or (whole == 0 and repaired):
            return _slowly(path, descriptor, header, line, size)
        if head[: head.find(b"\n")] != header.encode():
            return _slowly(path, descriptor, header, line, size)
        last = tail[tail.rfind(b"\n", 0, whole - 1) + 1 : whole - 1]
        content = line.encode()
        if _order(content) <= _order(last) and kept > len(header) + 1:
            if content == last and not repaired:
                return Put(0, 0, 0)
            return _slowly(path, descriptor, header, line, size)
        _append(path, descriptor, content + b"\n", kept, size)
        return Put(1, len(content) + 1, repaired)


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


def _whole(tail: bytes) -> int:
    """Return how many bytes of a file's end are whole lines: up to the last line's end before a zero byte (a lost disk block)."""
    zero = tail.find(b"\0")
    return tail.rfind(b"\n", 0, zero if zero >= 0 else len(tail)) + 1


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


def _slowly(path: Path, descriptor: int, header: str, line: str, size: int) -> Put:
    """Make the file anew with the line in its place, under the columns of both headers when they differ."""
    content = os.pread(descriptor, size, 0)
    kept = _whole(content)
    names, *lines = content[:kept].decode(errors="surrogateescape").split("\n")[:-1] or [header]
    both = _both(names, header)
    by_order = {_order(each.encode(errors="surrogateescape")): _under(names, both, each) for each in lines}
    new = _under(header, both, line)
    by_order[_order(new.encode())] = new
    fresh = "".join(f"{each}\n" for each in (both, *(by_order[order] for order in sorted(by_order)))).encode(
        errors="surrogateescape"
    )
    repaired = int(kept < len(content))
    if fresh == content:
        return Put(0, 0, 0)
    if size == 0:
        _append(path, descriptor, fresh, 0, 0)
    else:
        replace(path, fresh)
    return Put(1, len(fresh), repaired)


def _both(old: str, new: str) -> str:
    """Return the columns of both headers: the longer one, and after it what only the other has."""
    longer, shorter = sorted((old.split(","), new.split(",")), key=len, reverse=True)
    return ",".join([*longer, *(name for name in shorter if name not in longer)])


def _under(header: str, wanted: str, line: str) -> str:
    """Return a line written under `header` as it reads under `wanted`, absent columns empty."""
    if header == wanted:
        return line
    cells = dict(zip(header.split(","), next(csv.reader([line])), strict=False))
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([cells.get(name, "") for name in wanted.split(",")])
    return buffer.getvalue()
