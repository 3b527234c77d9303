"""Reading what backups hold: each content of every backup once, and when that was done last.

checked.json    by SHA-256, when a content was read whole, seconds since 1970
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from g6.adapters.data_dir.backups import BackupContent, BackupFolder
from g6.domain.schema.json_reading import number, part
from g6.errors import BadInput
from g6.files import replace

__all__ = ["BackupGenerations", "CheckedContents", "generations"]

FORM = "g6-backup-checked-v1"
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class BackupGenerations:
    """What all backups of a folder hold together.

    Attributes:
        names: The names of the backups whose lists can be read, oldest first.
        contents: Each content once, those of the newest backup first.
        files: The files that have a content, by its SHA-256. Those of an older backup name it.
        damaged_lists: By file, why the list of a backup cannot be read.
        source: The data directory of the newest one.
    """

    names: Sequence[str]
    contents: Sequence[BackupContent]
    files: Mapping[str, Sequence[str]]
    damaged_lists: Mapping[str, str]
    source: str


def generations(folder: BackupFolder) -> BackupGenerations:
    """Return what the backups of a folder hold together.

    Raises:
        NothingToDo: There is none.
    """
    names = folder.names() or [folder.snapshot().name]
    readable: list[str] = []
    contents: dict[str, BackupContent] = {}
    files: dict[str, dict[str, str]] = {}
    damaged: dict[str, str] = {}
    source = ""
    for name in reversed(names):
        try:
            snapshot = folder.snapshot(name)
        except BadInput as error:
            damaged[f"snapshots/{name}.json"] = error.reason
            continue
        readable.insert(0, name)
        source = source or snapshot.source
        is_newest = name == names[-1]
        for path, content in snapshot.files.items():
            contents.setdefault(content.sha256, content)
            words = path if is_newest else f"{path} of {name}"
            files.setdefault(content.sha256, {}).setdefault(path, words)
    of_contents = {sha256: tuple(words.values()) for sha256, words in files.items()}
    return BackupGenerations(readable, tuple(contents.values()), of_contents, damaged, source)


class CheckedContents:
    """When the contents of a folder of backups were read whole."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "checked.json"
        self._read_at = _stored(self._path)

    def due(
        self, contents: Iterable[BackupContent], within_days: float | None, now: float
    ) -> list[BackupContent]:
        """Return the contents to be read, the one that was read longest ago first.

        Args:
            contents: All that there are.
            within_days: What was read whole within so many days is left out. None reads all.
            now: Wall seconds.
        """
        since = now if within_days is None else now - within_days * DAY_SECONDS
        due = [content for content in contents if self._of(content) <= since]
        return sorted(due, key=self._of)

    def add(self, content: BackupContent, now: float) -> None:
        """Remember that a content was read whole."""
        self._read_at[content.sha256] = round(now, 3)

    def forget(self, content: BackupContent) -> None:
        """Forget a content that is damaged, so that it is read again once it was copied anew."""
        self._read_at.pop(content.sha256, None)

    def write(self) -> None:
        """Store what was read.

        Raises:
            StoreBusy: A disk refuses.
        """
        document = {"form": FORM, "read": dict(sorted(self._read_at.items()))}
        replace(self._path, f"{json.dumps(document, indent=0)}\n".encode())

    def _of(self, content: BackupContent) -> float:
        return self._read_at.get(content.sha256, 0.0)


def _stored(path: Path) -> dict[str, float]:
    # Without it all is read again, which costs time and no truth.
    try:
        document = json.loads(path.read_text("utf-8"))
        read = part(document, "read") if document["form"] == FORM else {}
        return {sha256: number(read, sha256) for sha256 in read}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
