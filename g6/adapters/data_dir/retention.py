"""Files by the day they are of: what pruning would take away, taking it away, and what there is of CSV."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.schema.layout import PRUNABLE, Kind
from g6.files import directory_lock, refusals

KINDS = tuple(map(str, PRUNABLE))
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Dated:
    """One file of one session day."""

    path: Path
    kind: str
    day: date
    bytes: int


def older(
    directory: Path, csv_dir: Path, before: date, kinds: Sequence[str] = KINDS
) -> list[Dated]:
    """Return the files of days before `before`, oldest first."""
    roots = {kind: csv_dir if kind == "csv" else directory / kind for kind in KINDS}
    found = (each for kind in kinds for each in _dated(kind, roots[kind]) if each.day < before)
    return sorted(found, key=lambda each: (each.day, each.kind, each.path))


def _dated(kind: str, root: Path) -> Iterator[Dated]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            match = _DAY.search(path.parent.name if kind != "csv" else path.stem)
            if match and not name.startswith("."):
                yield Dated(path, kind, date.fromisoformat(match[1]), path.stat().st_size)


def remove(files: Iterable[Dated]) -> None:
    """Delete these files and the directories that are empty then. Errors: StoreBusy."""
    for each in files:
        with refusals(each.path):
            if each.path.parent.is_dir():
                with directory_lock(each.path.parent):
                    each.path.unlink(missing_ok=True)
                _rmdir(each.path.parent)


def _rmdir(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # something else is in it
        return


def scan(csv_dir: Path) -> dict[str, Any]:
    """Return how many CSV files there are, their size in MB, the first and last change, and counts by index."""
    files = [path for path in csv_dir.rglob("*.csv") if path.is_file()]
    facts = [path.stat() for path in files]
    changed = sorted(fact.st_mtime for fact in facts)
    counts = Counter(_index(path.relative_to(csv_dir)) for path in files)
    return {
        "csv_dir": str(csv_dir),
        "total_files": len(files),
        "total_size_mb": round(sum(fact.st_size for fact in facts) / 1e6, 3),
        "oldest_file_utc": _instant(changed[0]) if changed else None,
        "newest_file_utc": _instant(changed[-1]) if changed else None,
        "per_index_counts": dict(sorted(counts.items())),
    }


def _index(path: Path) -> str:
    return path.parts[1] if path.parts[0] == Kind.OVERVIEW else path.parts[0]


def _instant(epoch: float) -> str:
    return isoformat_z(datetime.fromtimestamp(int(epoch), UTC))
