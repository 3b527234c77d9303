"""The log files of a data directory, as studies read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from g6.adapters.clocks import WallClock
from g6.domain.schema.json_types import Json
from g6.errors import NothingToDo
from g6.log.rotation import LogFile, log_files
from g6.ports import Clock
from g6.ports.readers import LogLine

__all__ = ["DirectoryLogs"]

FIELDS = ("ts", "level", "event", "cycle", "index", "trace")
"""Fields of a JSON line that a log line has by name."""
TRACEBACK = "Traceback (most recent call last)"
CURRENT = 2
"""Files of each process that are read where nobody says since when: the newest of them."""


@dataclass(slots=True)
class DirectoryLogs:
    """Reads the files of a directory, and of each only what came since it was read last."""

    directory: Path
    clock: Clock = field(default_factory=WallClock)
    _ends: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Return the directory of the logs."""
        return str(self.directory)

    def lines(self, since: datetime | None) -> Sequence[LogLine]:
        """Return the new lines of all files, by their instants."""
        files = log_files(self.directory)
        if not files:
            raise NothingToDo(
                f"no log is in {self.directory}: g6 up, g6 run and g6 demo write them there"
            )
        lines: list[LogLine] = []
        for file in _chosen(files, since):
            lines += _parsed(file.name, self._text(file.path))
        # Of one process the lines stand in their order, and a stable sort leaves them so.
        return sorted(lines, key=lambda line: line.at)

    def wait(self, seconds: float) -> None:
        """Wait before the files are read again."""
        self.clock.sleep(seconds)

    def _text(self, path: Path) -> str:
        """Return what a file holds beyond the place up to which it was read, whole lines only."""
        try:
            with path.open("rb") as file:
                facts = path.stat()
                # A rotated file has its inode still; a file that was cut begins anew.
                identity = (facts.st_dev, facts.st_ino)
                begin = self._ends.get(identity, 0)
                file.seek(begin if begin <= facts.st_size else 0)
                content = file.read()
                end = content.rfind(b"\n") + 1
                self._ends[identity] = file.tell() - len(content) + end
        except OSError:
            return ""
        return content[:end].decode("utf-8", errors="replace")


def _chosen(files: Sequence[LogFile], since: datetime | None) -> Iterator[LogFile]:
    """Yield the files that are read, of each process the oldest first."""
    by_process: dict[str, list[LogFile]] = {}
    for file in files:
        by_process.setdefault(file.name, []).append(file)
    for own in by_process.values():
        if since is None:
            yield from own[-CURRENT:]
            continue
        for file in own:
            if file.path.exists() and file.path.stat().st_mtime >= since.timestamp():
                yield file


def _parsed(process: str, text: str) -> Iterator[LogLine]:
    """Yield the lines of a file: its JSON, and what was printed beside it."""
    at = ""
    is_traceback = False
    for line in text.splitlines():
        entry = _entry(line)
        if entry is not None:
            is_traceback = False
            at = str(entry.get("ts", at))
            yield LogLine(
                at=at,
                level=str(entry.get("level", "info")),
                process=process,
                event=str(entry.get("event", "")),
                cycle=str(entry.get("cycle", "")),
                index=str(entry.get("index", "")),
                trace=str(entry.get("trace", "")),
                more={name: value for name, value in entry.items() if name not in FIELDS},
            )
        elif line.strip():
            # An interpreter that dies, and a library that prints, know nothing of our form.
            is_traceback = line.startswith(TRACEBACK) or is_traceback
            yield LogLine(at, "error" if is_traceback else "info", process, line)


def _entry(line: str) -> dict[str, Json] | None:
    """Return the fields of a JSON line, None for any other."""
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
