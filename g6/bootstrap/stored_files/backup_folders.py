"""The folder of backups that a command names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from g6.adapters.csv.reverted_lines import reverted_lines
from g6.adapters.data_dir.backup_checks import CheckedContents
from g6.adapters.data_dir.backups import BackupFolder

__all__ = ["backup_folder", "checked_contents", "reverted_cycles"]


def backup_folder(place: Path) -> BackupFolder:
    """Return the backups in a directory, which need not be there yet."""
    return BackupFolder(place)


def checked_contents(folder: BackupFolder) -> CheckedContents:
    """Return when the contents of a folder of backups were read whole."""
    return CheckedContents(folder.directory)


def reverted_cycles(name: str, stored: bytes, backup: bytes) -> Sequence[str]:
    """Return the cycles of which a file has rows that a restore of it would revert.

    Args:
        name: The name of the file.
        stored: Its content.
        backup: What it is to be replaced by.
    """
    if name.endswith(".csv"):
        return reverted_lines(stored, backup)
    if not name.endswith(".parquet"):
        return ()
    from g6.adapters.parquet.maintenance.reverted_rows import reverted_rows

    return reverted_rows(stored, backup)
