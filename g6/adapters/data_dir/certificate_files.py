"""The certificates of a data directory: `certificates/date=DAY/vN.json`, and notes beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from g6.domain.documents.certificates import Certificate, CertificateLink, NewestCertificates
from g6.domain.schema import layout
from g6.domain.schema.json_reading import part, read_record
from g6.domain.schema.layout import (
    COLD_FILE,
    DAY_FILE,
    LIST_MADE_ANEW,
    NEWEST_CERTIFICATES,
    Folder,
    Kind,
)
from g6.errors import BadInput
from g6.files import directory_lock, free_directory_lock, quoted, refusals, replace, shown

__all__ = [
    "CertificateFiles",
    "content_digest",
    "day_directories",
    "newest_content",
    "stored_paths",
]

_MARK = ".rewritten-"
_BLOCK = 1 << 20


class CertificateFiles:
    """Reads and writes the certificates of one data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._names: dict[Path, str] = {}

    @contextmanager
    def locked(self, day: date, *, shared: bool = False) -> Iterator[None]:
        """Hold the certificates of a day: alone, or shared with others who rewrite its files."""
        folder = self._folder(day)
        with refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with directory_lock(folder, shared=shared):
            yield

    def days(self) -> Sequence[date]:
        """Return the days that have a certificate, ascending."""
        days = []
        for folder in (self._directory / Folder.CERTIFICATES).glob(layout.ANY_DAY):
            day = layout.parse_day_name(folder.name)
            if day is not None and self.versions(day):
                days.append(day)
        return sorted(days)

    def versions(self, day: date) -> Sequence[int]:
        """Return the versions of a day's certificate, ascending."""
        try:
            names = [path.name for path in self._folder(day).iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(filter(None, map(layout.parse_certificate_version, names)))

    def path(self, day: date, version: int) -> Path:
        """Return the file of a certificate."""
        return self._directory / layout.certificate_file(day, version)

    def read(self, day: date, version: int | None = None) -> Certificate | None:
        """Return a version of a day's certificate, or the newest. None where there is none.

        Raises:
            BadInput: Its file is damaged.
        """
        if version is None:
            versions = self.versions(day)
            if not versions:
                return None
            version = versions[-1]
        path = self.path(day, version)
        try:
            certificate = Certificate.from_json(json.loads(path.read_text("utf-8")))
            if (certificate.day, certificate.version) != (day, version):
                raise ValueError(f"it is {certificate.name}")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            reason = f"is not the certificate of {day} v{version} ({error})"
            fix = "bring it back from a backup (g6 restore BACKUP), or ask who keeps a copy"
            raise BadInput(shown(path), None, reason, fix) from error
        return certificate

    def newest_name(self, day: date) -> str:
        """Return day, version and root of a day's newest certificate, empty where it has none.

        Of a replayed day that has none yet it is that of the day which was replayed.

        Raises:
            BadInput: Its file is damaged.
        """
        versions = self.versions(day)
        if not versions:
            source = self.source(day)
            return "" if source is None else source.name
        path = self.path(day, versions[-1])
        if path not in self._names:
            certificate = self.read(day, versions[-1])
            if certificate is None:
                return ""
            # A stored certificate is never written again.
            self._names[path] = certificate.link.name
        return self._names[path]

    def note_source(self, day: date, source: CertificateLink) -> None:
        """Note of which certificate's day the rows of a replayed day are made.

        Raises:
            StoreBusy: A disk refuses.
        """
        content = json.dumps({"replayed": source.to_json()})
        replace(self._directory / layout.certificate_source_file(day), f"{content}\n".encode())

    def source(self, day: date) -> CertificateLink | None:
        """Return the certificate of the day that a day was replayed from, None of other days."""
        path = self._directory / layout.certificate_source_file(day)
        try:
            document = json.loads(path.read_bytes())
            return read_record(CertificateLink, part(document, "replayed"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, certificate: Certificate) -> None:
        """Store a certificate.

        Raises:
            StoreBusy: A disk refuses.
        """
        text = json.dumps(certificate.to_json(), indent=1, ensure_ascii=False)
        replace(self.path(certificate.day, certificate.version), f"{text}\n".encode())

    @property
    def newest_path(self) -> Path:
        """Return the file that lists the newest certificates."""
        return self._directory / NEWEST_CERTIFICATES

    def newest(self) -> NewestCertificates | None:
        """Return the list of newest certificates, None where none was written yet.

        Raises:
            BadInput: Its file is damaged.
        """
        path = self.newest_path
        try:
            return NewestCertificates.from_json(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            reason = f"is no list of newest certificates ({error})"
            fix = (
                "bring it back from a backup (g6 restore BACKUP); or mv "
                f"{quoted(path)} {quoted(path)}.damaged && g6 data compact lists what is there"
            )
            raise BadInput(shown(path), None, reason, fix) from error

    @contextmanager
    def newest_locked(self) -> Iterator[None]:
        """Hold the list of newest certificates alone."""
        folder = self.newest_path.parent
        with refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with directory_lock(folder):
            yield

    def write_newest(self, newest: NewestCertificates) -> None:
        """Store the list of newest certificates.

        Raises:
            StoreBusy: A disk refuses.
        """
        replace(self.newest_path, newest_content(newest))

    @property
    def made_anew_path(self) -> Path:
        """Return the file that says when a missing list was made anew."""
        return self._directory / LIST_MADE_ANEW

    def note_made_anew(self, at: str) -> None:
        """Note that a list was missing at an instant, and is made of the certificates there are.

        Raises:
            StoreBusy: A disk refuses.
        """
        replace(self.made_anew_path, f"{at}\n".encode())

    def made_anew(self) -> str:
        """Return when a missing list was made anew, empty where none was."""
        try:
            return self.made_anew_path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    @contextmanager
    def rewriting(self, day: date, names: Iterable[str]) -> Iterator[None]:
        """Note what the block rewrites on purpose. No certificate of the day is issued meanwhile.

        The notes come first: where a process is killed in the block, the next certificate of the
        day has what it rewrote. Notes of what the block left as it was are taken back at its end.

        Args:
            day: The session day.
            names: The indices, or `overview`, whose day's file may be another one afterwards.

        Raises:
            StoreBusy: The disk refuses a note.
        """
        try:
            with self.locked(day, shared=True):
                for name in names:
                    self._note(day, name)
                yield
        finally:
            self._forget_unchanged(day)

    def mark(self, day: date, name: str) -> None:
        """Note that the files of an index, or of `overview`, are to be certified as they are."""
        path = self._mark_path(day, name)
        with refusals(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")

    def _note(self, day: date, name: str) -> None:
        """Note which file a name stands for, unless an earlier note says what it was before."""
        path = self._mark_path(day, name)
        if not path.exists():
            replace(path, json.dumps(self._identity(day, name)).encode())

    def marks(self, day: date) -> Mapping[str, bool]:
        """Return the names that were noted, and whether the file of each is another one since."""
        names: dict[str, bool] = {}
        for path in self._folder(day).glob(f"{_MARK}*"):
            name = path.name.removeprefix(_MARK)
            # Without a content it was marked for good, by a person or by an earlier version.
            before = _content(path)
            if before is not None:
                identity = json.dumps(self._identity(day, name)).encode()
                names[name] = before != identity
        return names

    def forget(self, day: date, names: Iterable[str]) -> None:
        """Forget these notes of a day."""
        for name in names:
            self._mark_path(day, name).unlink(missing_ok=True)

    def _forget_unchanged(self, day: date) -> None:
        """Forget the notes of files that nobody rewrote, unless somebody is about to."""
        with free_directory_lock(self._folder(day)) as is_free:
            if is_free:
                marks = self.marks(day)
                self.forget(day, [name for name in marks if not marks[name]])

    def _identity(self, day: date, name: str) -> list[int] | None:
        """Return what a day's file is told from its next one by, None where it is not there."""
        kind = Kind.OVERVIEW if name == Kind.OVERVIEW else Kind.CHAIN
        path = self._directory / layout.day_folder(kind, day, name) / DAY_FILE
        try:
            facts = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return [facts.st_ino, facts.st_mtime_ns, facts.st_size]

    def _mark_path(self, day: date, name: str) -> Path:
        return self._folder(day) / f"{_MARK}{name}"

    def _folder(self, day: date) -> Path:
        return self._directory / Folder.CERTIFICATES / layout.day_name(day)


def newest_content(newest: NewestCertificates) -> bytes:
    """Return what the file of the list of newest certificates has."""
    return f"{json.dumps(newest.to_json(), indent=1)}\n".encode()


def _content(path: Path) -> bytes | None:
    """Return what a note says, None where it was forgotten meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def day_directories(directory: Path, day: date) -> list[Path]:
    """Return the directories of a day that a certificate is of, those that there are."""
    name = layout.day_name(day)
    chains = sorted((directory / layout.folder(Kind.CHAIN)).glob(f"{layout.ANY_INDEX}/{name}"))
    others = [
        directory / layout.day_folder(kind, day) for kind in (Kind.INSTRUMENTS, Kind.OVERVIEW)
    ]
    return [folder for folder in (*chains, *others) if folder.is_dir()]


def stored_paths(directory: Path, day: date) -> list[str]:
    """Return everything that lies in the directories of a day, relative to the data directory.

    Hidden files are left out: what is being written, and marks. The note of a cold place stands for
    the file that lies there.
    """
    paths: set[str] = set()
    for folder in day_directories(directory, day):
        for path in folder.iterdir():
            if not path.name.startswith("."):
                there = folder / DAY_FILE if path.name == COLD_FILE else path
                paths.add(there.relative_to(directory).as_posix())
    return sorted(paths)


def content_digest(path: Path) -> tuple[int, str] | None:
    """Return size and SHA-256 of a file, None where it is not there.

    Raises:
        BadInput: It cannot be read.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise BadInput(shown(path), None, reason, f"chmod u+r {shown(path)}") from error
    return size, digest.hexdigest()
