"""The systems that run on this machine: the data directories that processes of this user own."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from g6.adapters.data_dir.owner import owner
from g6.domain.schema.json_reading import whole
from g6.domain.schema.layout import OWNER_FILE

__all__ = ["RunningSystem", "running_systems"]

_PROGRAM = "g6"
_PLAIN_NAMESPACE = "g6"


@dataclass(frozen=True, slots=True)
class RunningSystem:
    """A system that owns a data directory and has a Redis.

    Attributes:
        directory: The data directory, that of its namespace.
        who: What a person calls the process that started it.
        pid: That process.
        namespace: Its namespace in Redis.
    """

    directory: Path
    who: str
    pid: int
    namespace: str = _PLAIN_NAMESPACE

    @property
    def options(self) -> tuple[str, ...]:
        """The options with which a command looks at it."""
        if self.namespace == _PLAIN_NAMESPACE:
            return ("--data-dir", str(self.directory))
        base = str(self.directory.parent)
        return ("--data-dir", base, "--set", f"namespace={self.namespace}")


def running_systems() -> list[RunningSystem]:
    """Return the systems that this user runs on this machine, by directory.

    Whoever owns a directory holds its record open, so nothing has to be written down or tidied up.
    """
    directories: set[Path] = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real != os.getuid():
                continue
            if not any(_PROGRAM in word for word in process.cmdline()):
                continue
            paths = (Path(file.path) for file in process.open_files())
            directories.update(path.parent for path in paths if path.name == OWNER_FILE)
    systems: list[RunningSystem] = []
    for directory in sorted(directories):
        record = owner(directory) or {}
        # A directory of CSV files has no kind of market, and an import has no Redis.
        if record.get("broker") and record.get("kind"):
            who = str(record.get("who") or "g6")
            namespace = str(record.get("namespace") or _PLAIN_NAMESPACE)
            pid = whole(record, "pid") if "pid" in record else 0
            systems.append(RunningSystem(directory, who, pid, namespace))
    return systems
