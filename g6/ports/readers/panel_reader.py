"""What the study of panel files reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol


class PanelReader(Protocol):
    """Reads panel files beside their manifest."""

    @property
    def directory(self) -> Path:
        """Return where the configured panels are."""
        ...

    def files(self, directory: Path) -> Sequence[str]:
        """Return the names of the JSON files in a directory, ascending."""
        ...

    def issues(self, directory: Path) -> Mapping[str, str]:
        """Return a word by file that is not as the manifest says."""
        ...
