"""The folder of backups that a command names."""

from __future__ import annotations

from pathlib import Path

from g6.adapters.data_dir.backup_checks import CheckedContents
from g6.adapters.data_dir.backups import BackupFolder

__all__ = ["backup_folder", "checked_contents"]


def backup_folder(place: Path) -> BackupFolder:
    """Return the backups in a directory, which need not be there yet."""
    return BackupFolder(place)


def checked_contents(folder: BackupFolder) -> CheckedContents:
    """Return when the contents of a folder of backups were read whole."""
    return CheckedContents(folder.directory)
