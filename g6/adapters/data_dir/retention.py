"""Files by their days: what pruning would remove, removing it, and the totals of CSV files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.schema.layout import COLD_FILE, Kind
from g6.files import directory_lock, refusals
from g6.ports.readers import CsvFiles, DatedFile

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})")


def older(directory: Path, csv_dir: Path, before: date, kinds: Sequence[str]) -> list[DatedFile]:
    """Return the files of days before `before`, oldest first."""
    files: list[DatedFile] = []
    for kind in kinds:
        root = csv_dir if kind == Kind.CSV else directory / kind
        files += [file for file in _dated(kind, root) if file.day < before]
    return sorted(files, key=lambda file: (file.day, file.kind, file.path))


def _dated(kind: str, root: Path) -> Iterator[DatedFile]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            match = _DAY.search(path.parent.name if kind != Kind.CSV else path.stem)
            if match and not name.startswith(".") and name != COLD_FILE:
                yield DatedFile(path, kind, date.fromisoformat(match[1]), path.stat().st_size)


def remove(files: Iterable[DatedFile]) -> None:
    """Delete these files and the directories that are empty then.

    Raises:
        StoreBusy: A disk refuses.
    """
    for file in files:
        folder = file.path.parent
        with refusals(file.path):
            if folder.is_dir():
                with directory_lock(folder):
                    file.path.unlink(missing_ok=True)
                # A folder with something else in it refuses.
                with suppress(OSError):
                    folder.rmdir()


def scan(csv_dir: Path) -> CsvFiles:
    """Return the totals of CSV files: count, size in MB, first and last change, counts by index."""
    files = [path for path in csv_dir.rglob("*.csv") if path.is_file()]
    facts = [path.stat() for path in files]
    changed = sorted(fact.st_mtime for fact in facts)
    counts = Counter(_index(path.relative_to(csv_dir)) for path in files)
    return CsvFiles(
        csv_dir=str(csv_dir),
        total_files=len(files),
        total_size_mb=round(sum(fact.st_size for fact in facts) / 1e6, 3),
        oldest_file_utc=_instant(changed[0]) if changed else None,
        newest_file_utc=_instant(changed[-1]) if changed else None,
        per_index_counts=dict(sorted(counts.items())),
    )


def _index(path: Path) -> str:
    return path.parts[1] if path.parts[0] == Kind.OVERVIEW else path.parts[0]


def _instant(epoch: float) -> str:
    return isoformat_z(datetime.fromtimestamp(int(epoch), UTC))
