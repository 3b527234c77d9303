"""What a running installation wrote so far, and how its processes are."""

from __future__ import annotations

import csv
from pathlib import Path


def status_of(pid: int) -> dict[str, str]:
    """Return the lines of a process's status in /proc by their names."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def overview(directory: Path) -> dict[str, list[str]]:
    """Return the status of each index by its cycle."""
    statuses: dict[str, list[str]] = {}
    for path in sorted(directory.glob("csv/overview/*/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                statuses.setdefault(row["timestamp"], []).append(row["status"])
    return statuses


def whole_cycles(directory: Path) -> int:
    """Return how many cycles were OK for both indices."""
    return sum(statuses == ["OK", "OK"] for statuses in overview(directory).values())


def first_and_last(directory: Path) -> tuple[str, str]:
    """Return the first cycle that was OK for both indices, and the last that has a row."""
    statuses = overview(directory)
    whole = [cycle for cycle, each in statuses.items() if each == ["OK", "OK"]]
    return min(whole), max(statuses)
