"""How many files and bytes there are below a data directory, by kind."""

from __future__ import annotations

import os
from pathlib import Path

KINDS = ("chain", "overview", "instruments", "events", "csv", "panels")
OTHER = "other"


def sizes(directory: Path) -> dict[str, tuple[int, int]]:
    """Return (files, bytes) below the data directory by kind; what belongs to none is `other`."""
    found = dict.fromkeys((*KINDS, OTHER), (0, 0))
    for folder, _, names in os.walk(directory):
        top = Path(folder).relative_to(directory).parts[:1]
        kind = top[0] if top and top[0] in KINDS else OTHER
        files, size = found[kind]
        for name in names:
            try:
                size += (Path(folder) / name).stat().st_size
            except FileNotFoundError:  # folded meanwhile
                continue
            files += 1
        found[kind] = files, size
    return found
