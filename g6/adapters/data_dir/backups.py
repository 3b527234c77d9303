"""Backups of a data directory: contents by their SHA-256, and a list of files for each backup.

    objects/ab/ab12…            one content, whatever files have or had it
    snapshots/20261118T103000Z.json   the files of one backup, written last

A content that is there is not copied again, so that a second backup costs what is new, and one that
was broken off goes on where it was.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import date
from pathlib import Path, PurePosixPath

from g6.adapters.data_dir.backup_sources import BackupListing, SourceFile
from g6.domain.schema.json_reading import part, text, whole
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import Kind
from g6.errors import BadInput, NothingToDo
from g6.files import refusals, replace, shown

__all__ = [
    "BackupContent",
    "BackupFolder",
    "BackupSnapshot",
    "RestoredFile",
    "content_of",
    "nothing_reverted",
]

FORM = "g6-backup-v1"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BackupContent:
    """The content of one file.

    Attributes:
        sha256: 64 hex digits, by which it is stored.
        bytes: Its size.
        changed: When the file was written, nanoseconds since 1970.
    """

    sha256: str
    bytes: int
    changed: int


@dataclass(frozen=True, slots=True)
class BackupSnapshot:
    """One backup.

    Attributes:
        name: Its instant, such as `20261118T103000Z`.
        source: The data directory.
        files: By name.
        left_out: The cycles that were being stored.
    """

    name: str
    source: str
    files: Mapping[str, BackupContent]
    left_out: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file.bytes for file in self.files.values())

    def of_day(self, day: date) -> BackupSnapshot:
        """Return the files of one session day alone."""
        mark = day.isoformat()
        files = {name: file for name, file in self.files.items() if mark in name}
        return BackupSnapshot(self.name, self.source, files, self.left_out)

    def of_file(self, name: str) -> BackupSnapshot:
        """Return one file alone."""
        return BackupSnapshot(self.name, self.source, {name: self.files[name]}, self.left_out)


@dataclass(frozen=True, slots=True)
class RestoredFile:
    """What became of one file.

    Attributes:
        name: As the backup calls it.
        outcome: `written`, `same` (it was there), `other` (another one is there), `newer` (another
            one is there, with rows that the backup has not) or `damaged` (the backup does not have
            its content any more, so nothing was written).
        bytes: Its size.
        reverted: The cycles whose rows would be lost with a `newer` one.
    """

    name: str
    outcome: str
    bytes: int
    reverted: tuple[str, ...] = ()


Reverted = Callable[[str, bytes, bytes], Sequence[str]]
"""Returns the cycles whose rows a file of a name would lose for the content of a backup."""


def nothing_reverted(name: str, stored: bytes, backup: bytes) -> Sequence[str]:  # noqa: ARG001
    """Return no cycle: every file is replaced."""
    return ()


class BackupFolder:
    """The backups in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def names(self) -> Sequence[str]:
        """Return the names of the backups, oldest first."""
        return sorted(path.stem for path in (self.directory / "snapshots").glob("[!.]*.json"))

    def snapshot(self, name: str | None = None) -> BackupSnapshot:
        """Return a backup, the newest by default.

        Raises:
            NothingToDo: There is none.
            BadInput: Its list is damaged, or names a file outside of the data directory.
        """
        names = self.names()
        if not names or (name is not None and name not in names):
            there = f"; there are {', '.join(names[-5:])}" if names else ""
            raise NothingToDo(
                f"no backup{f' {name}' if name else ''} is in {self.directory}{there}",
                f"g6 backup {self.directory} makes one",
            )
        path = self.directory / "snapshots" / f"{name or names[-1]}.json"
        try:
            return _parsed(path.stem, json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"is no list of a backup ({error})"
            fix = f"restore an earlier one: --snapshot {names[0]}"
            raise BadInput(shown(path), None, reason, fix) from error

    def copy(
        self, file: SourceFile, listing: BackupListing, contents: Mapping[str, BackupContent]
    ) -> tuple[BackupContent, bool] | None:
        """Copy the content of a file that is not there yet.

        Args:
            file: One of the listing.
            listing: What the backup holds.
            contents: The contents of the backup before, by the names of the files.

        Returns:
            The content and whether it was copied, None where the file is not what was listed.

        Raises:
            StoreBusy: A disk refuses.
        """
        before = contents.get(file.name)
        if before is not None and self._is_there(before):
            is_same = before.changed == file.changed and before.bytes == file.bytes
            if is_same and not listing.is_growing(file):
                return before, False
        content = content_of(file, listing)
        if content is None:
            return None
        stored = BackupContent(hashlib.sha256(content).hexdigest(), len(content), file.changed)
        is_new = not self._is_there(stored)
        if is_new:
            replace(self._path(stored.sha256), content)
        return stored, is_new

    def _is_there(self, content: BackupContent) -> bool:
        path = self._path(content.sha256)
        return path.is_file() and path.stat().st_size == content.bytes

    def finish(
        self, name: str, source: Path, files: Mapping[str, BackupContent], left_out: Iterable[str]
    ) -> BackupSnapshot:
        """Store the list of a backup, all of whose contents are there.

        Args:
            name: The instant of the backup, such as `20261118T103000Z`.
            source: The data directory.
            files: The contents by the names of the files.
            left_out: The cycles that were being stored.

        Returns:
            The backup.

        Raises:
            StoreBusy: A disk refuses.
        """
        snapshot = BackupSnapshot(name, str(source), files, tuple(sorted(left_out)))
        contents = {
            path: {"sha256": file.sha256, "bytes": file.bytes, "changed": file.changed}
            for path, file in sorted(files.items())
        }
        document = {
            "form": FORM,
            "source": snapshot.source,
            "left_out": list(snapshot.left_out),
            "files": contents,
        }
        list_path = self.directory / "snapshots" / f"{name}.json"
        replace(list_path, f"{json.dumps(document, indent=1)}\n".encode())
        return snapshot

    def damage_of(self, content: BackupContent) -> str:
        """Read a content, and return what is wrong with it, empty if nothing.

        A damaged one gets another name, so that the next backup copies it anew.
        """
        path = self._path(content.sha256)
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            return _unreadable(path, error)
        return "" if digest == content.sha256 else f"is not what was backed up; {_set_aside(path)}"

    def restore(
        self,
        snapshot: BackupSnapshot,
        directory: Path,
        csv_dir: Path,
        *,
        overwrite: bool,
        reverted: Reverted = nothing_reverted,
    ) -> Iterator[RestoredFile]:
        """Write the files of a backup.

        Args:
            snapshot: The backup, or a part of it.
            directory: The data directory.
            csv_dir: Where its CSV files go.
            overwrite: Whether a file that is there and is another one is replaced.
            reverted: Returns the cycles that a replaced file would lose. One that loses some stays.

        Yields:
            What became of each file.

        Raises:
            StoreBusy: A disk refuses.
        """
        for name, file in snapshot.files.items():
            root, _, rest = name.partition("/")
            target = csv_dir / rest if root == Kind.CSV else directory / name
            there = _digest(target)
            if there == file.sha256:
                yield RestoredFile(name, "same", file.bytes)
                continue
            if there is not None and not overwrite:
                yield RestoredFile(name, "other", file.bytes)
                continue
            path = self._path(file.sha256)
            content = _stored(path)
            if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
                yield RestoredFile(name, "damaged", file.bytes)
                continue
            newer = () if there is None else reverted(name, _stored(target) or b"", content)
            if newer:
                yield RestoredFile(name, "newer", file.bytes, tuple(newer))
                continue
            replace(target, content)
            yield RestoredFile(name, "written", file.bytes)

    def free_bytes(self) -> int:
        """Return how many bytes the disk of the backups has room for."""
        place = self.directory
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def _path(self, sha256: str) -> Path:
        return self.directory / "objects" / sha256[:2] / sha256


def _parsed(name: str, document: Document) -> BackupSnapshot:
    if document["form"] != FORM:
        raise ValueError(f"it is of the form {document['form']}")
    files = {}
    for path in part(document, "files"):
        if not _is_below_its_root(path):
            raise ValueError(f"{path!r} is no name below the data directory")
        file = part(part(document, "files"), path)
        sha256 = text(file, "sha256")
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"the sha256 of {path!r} is not 64 lower-case hex digits")
        files[path] = BackupContent(sha256, whole(file, "bytes"), whole(file, "changed"))
    left_out = document["left_out"]
    words = tuple(map(str, left_out)) if isinstance(left_out, list) else ()
    return BackupSnapshot(name, text(document, "source"), files, words)


def _is_below_its_root(name: str) -> bool:
    """Tell whether a file of this name lies below the data directory, or that of CSV files.

    >>> _is_below_its_root("csv/NIFTY/this_week/0/2026-11-18.csv")
    True
    >>> _is_below_its_root("csv/../../x"), _is_below_its_root("csv//x"), _is_below_its_root("/x")
    (False, False, False)
    """
    root, _, rest = name.partition("/")
    path = PurePosixPath(rest if root == Kind.CSV else name)
    is_inside = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
    return is_inside and "\0" not in name


def _stored(path: Path) -> bytes | None:
    """Return a content, None where it is gone or its disk has lost it."""
    with refusals(path):
        try:
            return path.read_bytes()
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.EIO}:
                return None
            raise


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged")


def _unreadable(path: Path, error: OSError) -> str:
    """Say why a content cannot be read. One that its disk has lost is set aside."""
    if error.errno == errno.ENOENT and _aside(path).exists():
        return f"was damaged; it is now {shown(_aside(path))}"
    reason = f"cannot be read: {error.strerror or error}"
    return f"{reason}; {_set_aside(path)}" if error.errno == errno.EIO else reason


def _set_aside(path: Path) -> str:
    """Give a damaged content another name, and say so."""
    aside = _aside(path)
    try:
        path.replace(aside)
    except OSError as error:
        return f"it cannot be renamed to {shown(aside)}: {error.strerror or error}"
    return f"it is now {shown(aside)}"


def content_of(file: SourceFile, listing: BackupListing) -> bytes | None:
    """Return what is kept of a file, None where it is gone, or does not fit the others any more.

    A day's file that was archived, pruned or rewritten since it was listed once was left out of a
    backup without a word, or stood in it beside a certificate of another one.
    """
    with refusals(file.path):
        try:
            with file.path.open("rb") as stream:
                facts = os.fstat(stream.fileno())
                content = stream.read()
        except FileNotFoundError:
            return None
    if not listing.fits(file, facts.st_size, facts.st_mtime_ns):
        return None
    as_read = replace_fields(file, changed=facts.st_mtime_ns)
    return _whole_lines(content, listing) if listing.is_growing(as_read) else content


def _whole_lines(content: bytes, listing: BackupListing) -> bytes:
    """Return the lines of a CSV file of the cycles that the backup has, each whole."""
    lines = content[: content.rfind(b"\n") + 1].splitlines(keepends=True)
    fitting = lines[:1]
    for line in lines[1:]:
        if listing.has_line_of(line.partition(b",")[0].decode("utf-8", errors="replace")):
            fitting.append(line)
    return b"".join(fitting)


def _digest(path: Path) -> str | None:
    with refusals(path):
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except (FileNotFoundError, NotADirectoryError):
            return None
