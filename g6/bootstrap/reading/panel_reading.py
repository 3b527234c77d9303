"""Panel files, as the study of them reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from g6.adapters.panel_files import verify_manifest_hashes
from g6.config import Settings

__all__ = ["DirectoryPanels"]


@dataclass(frozen=True, slots=True)
class DirectoryPanels:
    """Reads the panel files of the configured directory, or of another one."""

    settings: Settings

    @property
    def directory(self) -> Path:
        """Return where the configured panels are."""
        return self.settings.panels_dir

    def files(self, directory: Path) -> Sequence[str]:
        """Return the names of the JSON files in a directory, ascending."""
        return sorted(path.name for path in directory.glob("*.json") if path.is_file())

    def issues(self, directory: Path) -> Mapping[str, str]:
        """Return a word by file that is not as the manifest says."""
        return dict(verify_manifest_hashes(directory))
