"""Looks for damage in CSV files: torn and foreign lines, wrong columns, an order that is not that of the instants."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from g6.adapters.csv_store.store import OVERVIEW_HEADER
from g6.domain.cycle import parse_z
from g6.domain.rows import csv_header
from g6.ports.history import Finding


def check_file(path: Path) -> list[Finding]:
    """Return the damages of one file."""
    try:
        content = path.read_bytes()
    except PermissionError as error:
        return [Finding(str(path), "unreadable", f"cannot be read: {error.strerror}", f"chmod u+r {path}")]
    except IsADirectoryError:
        return [Finding(str(path), "stray", "is a directory where a file must be", f"mv {path} {path}.away")]
    return list(_damages(path, content))


def _damages(path: Path, content: bytes) -> Iterator[Finding]:
    again = "the next line that is written here mends it; of a past day, g6 rerun --cycle INSTANT --index INDEX of the torn line"
    if not content.endswith(b"\n") or b"\0" in content:
        yield Finding(str(path), "torn", "its end is not a whole line" if content else "is empty", again)
    lines = content.decode(errors="replace").replace("\0", "").split("\n")[:-1]
    if not lines:
        return
    names = lines[0].split(",")
    wanted = OVERVIEW_HEADER.split(",") if path.parent.parent.name == "overview" else csv_header(True)
    if names[0] != "timestamp" or not set(names) & set(wanted[1:]):
        yield Finding(str(path), "header", "does not begin with the columns", f"mv {path} {path}.damaged, and rerun the day")
        return
    yield from _lines(path, names, lines[1:])


def _lines(path: Path, names: list[str], lines: list[str]) -> Iterator[Finding]:
    previous = None
    for number, line in enumerate(lines, 2):
        cells = next(csv.reader([line]), [])
        move = f"remove line {number} of {path}, then g6 rerun --cycle INSTANT --index INDEX"
        if len(cells) != len(names):
            yield Finding(str(path), "line", f"line {number} has {len(cells)} cells, the header {len(names)}", move)
            continue
        try:
            at = parse_z(cells[0])
        except ValueError:
            yield Finding(str(path), "line", f"line {number} begins with {cells[0]!r}, which is no instant", move)
            continue
        if previous is not None and at <= previous:
            kind, what = ("duplicate", "is there twice") if at == previous else ("order", "stands after a later one")
            yield Finding(str(path), kind, f"line {number}: {cells[0]} {what}", move)
        previous = at
