"""Supervisors that were killed, by what they had written down of themselves in a directory."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["KilledSystem", "identity_of", "killed_systems", "process_of"]

_ROSTERS = "[0-9]*.json"
_SAME_SECONDS = 1.0
"""Difference of two readings of when one process began."""


@dataclass(frozen=True, slots=True)
class KilledSystem:
    """A supervisor that ended without taking leave.

    Attributes:
        roster: The file in which it stands.
        who: What a person calls it, as its command.
        pid: Its process id.
        children: The processes that it had started, as they were written down.
        collects: Whether it brought a system that collects, and not workers for one command.
    """

    roster: Path
    who: str
    pid: int
    children: tuple[Mapping[str, object], ...]
    collects: bool = True


def killed_systems(rosters: Path) -> Iterator[KilledSystem]:
    """Yield the supervisors of this host that were killed, by their files in a directory."""
    for path in sorted(rosters.glob(_ROSTERS)):
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = json.loads(path.read_text("utf-8"))
            is_foreign = record["host"] != socket.gethostname()
            if is_foreign or process_of(record["supervisor"]) is not None:
                continue
            pid = int(record["supervisor"]["pid"])
            who = str(record.get("who") or "g6")
            children = tuple(record["processes"])
            yield KilledSystem(path, who, pid, children, bool(record.get("collects", True)))


def identity_of(pid: int) -> dict[str, float]:
    """Return what tells a process from a later one with its number."""
    try:
        return {"pid": pid, "started": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {"pid": pid, "started": 0.0}


def process_of(identity: Mapping[str, object]) -> psutil.Process | None:
    """Return the process of an identity that was written down, None where it has ended."""
    try:
        process = psutil.Process(int(str(identity["pid"])))
        is_same = abs(process.create_time() - float(str(identity["started"]))) < _SAME_SECONDS
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
