"""Moving compacted days to a cold place, and bringing them back.

The tree of the place is that of a data directory, certificates included, so that whatever reads
the one reads the other. A file is removed here when it was read back from there, and a note says
where it lies. Whatever is broken off goes on when it is called again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from g6.adapters.data_dir.certificate_files import CertificateFiles, newest_content
from g6.adapters.parquet import ParquetHistory, days
from g6.adapters.parquet.cold_notes import (
    ColdNote,
    cold_content,
    cold_digest,
    is_cold,
    read_note,
    write_note,
)
from g6.adapters.parquet.cold_place import ColdPlace, source_of
from g6.adapters.parquet.days import FoldLevel
from g6.bootstrap.stored_files.directory_certificates import (
    issue_certificates,
    uncertified_days,
)
from g6.bootstrap.stored_files.newest_certificates import CertificateList
from g6.config import Settings
from g6.domain.documents.certificates import NewestCertificates
from g6.domain.schema import layout
from g6.domain.schema.layout import (
    COLD_FILE,
    DAY_FILE,
    NEWEST_CERTIFICATES,
    Kind,
    certified_name,
)
from g6.errors import BadInput, StoreBusy, Unavailable
from g6.files import directory_lock, refusals, replace

__all__ = [
    "ArchivedDay",
    "archive_day",
    "archived_days",
    "bring_back",
    "certify",
    "damaged_files",
    "days_to_archive",
    "put_certificates",
]

SOURCE = ".cold-source"
"""File of a place that says which data directory may replace its own earlier files there."""


@dataclass(frozen=True, slots=True)
class ArchivedDay:
    """The notes of one day. The names of the fields are published.

    Attributes:
        day: The session day.
        places: The cold places where its files lie.
        files: How many they are.
        bytes: Their size.
    """

    day: date
    places: tuple[str, ...]
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _DayCertificates:
    newest: dict[str, str]
    earlier: frozenset[str]


@dataclass(frozen=True, slots=True)
class _ArchivedFile:
    path: Path
    identity: tuple[int, int, int]
    note: ColdNote


def archived_days(directory: Path) -> list[ArchivedDay]:
    """Return the days of which files lie in cold places, ascending.

    Raises:
        BadInput: A note is damaged.
    """
    by_day: dict[date, list[ColdNote]] = {}
    for folder in _folders(directory):
        day = days.named_day(folder)
        # A day that came back and whose note stayed, by a kill between, is brought back again.
        note = folder / COLD_FILE
        if day is not None and note.is_file():
            by_day.setdefault(day, []).append(read_note(note))
    return [
        ArchivedDay(
            day,
            tuple(sorted({note.address for note in notes})),
            len(notes),
            sum(note.bytes for note in notes),
        )
        for day, notes in sorted(by_day.items())
    ]


def days_to_archive(directory: Path, before: date) -> list[date]:
    """Return the days before another one of which a file is here, ascending."""
    here = set[date]()
    for folder in _folders(directory):
        day = days.named_day(folder)
        is_here = any(not is_cold(file.path) for file in days.files(folder))
        if is_here and day is not None and day < before:
            here.add(day)
    return sorted(here)


def certify(settings: Settings, chosen: Sequence[date]) -> None:
    """Issue the certificates that some days lack.

    Raises:
        BadInput: A file is damaged.
        StoreBusy: A disk refuses.
    """
    due = set(chosen) & set(uncertified_days(settings))
    issue_certificates(settings, sorted(due))


def archive_day(
    directory: Path,
    day: date,
    place: ColdPlace,
    *,
    keep: bool = False,
    before_leaving: Callable[[], None] | None = None,
) -> int:
    """Put the files of a compacted day into a place. Listings of instruments stay here as well.

    Args:
        directory: The data directory.
        day: The session day.
        place: Where they go.
        keep: Whether the files stay here as well.
        before_leaving: Puts what must be there before a file leaves.

    Returns:
        The bytes of the rows.

    Raises:
        BadInput: The day is not compacted, or was changed since its certificate.
        UserError: The place has another file that was not archived from here.
        StoreBusy: A file was rewritten meanwhile, or a disk refuses.
        Unavailable: The place does not answer, or gives back something else.
    """
    folders = [folder for folder in _folders(directory) if days.named_day(folder) == day]
    copies: list[_ArchivedFile] = []
    certified = _certified_digests(directory, day)
    if place.content(SOURCE) != _source_line(directory):
        certified = _DayCertificates(certified.newest, frozenset())
    for folder in folders:
        files = days.files(folder)
        if any(file.level is not FoldLevel.DAY for file in files):
            fix = f"g6 data compact --date {day}"
            raise BadInput(str(folder), None, "is not compacted yet", fix)
        here = (file.path for file in files if not is_cold(file.path))
        copies.extend(_copied(directory, path, place, certified) for path in here)
    for name in certified.newest:
        if certified_name(name) == Kind.INSTRUMENTS:
            _copied(directory, directory / name, place, certified)
    # Nothing is removed before all of the day is there: a listing that was gone once left rows
    # there without their certificate, and no day here to call the command again for.
    _put_versions(directory, place, day)
    if before_leaving is not None:
        before_leaving()
    for copy in copies if not keep else ():
        _leave(copy)
    return sum(copy.note.bytes for copy in copies)


def put_certificates(settings: Settings, place: ColdPlace, last: date) -> None:
    """Put the certificates of all days up to the last one: each names the day before.

    Raises:
        UserError: The place has certificates of another data directory.
        BadInput: A certificate is damaged.
        StoreBusy: A disk refuses.
        Unavailable: The place does not answer, or gives back something else.
    """
    directory = settings.directory
    for day in CertificateFiles(directory).days():
        if day <= last:
            _put_versions(directory, place, day)
    there = place.content(NEWEST_CERTIFICATES)
    newest = CertificateList(settings).until(last, _newest_there(place, there))
    if newest.links:
        earlier = {hashlib.sha256(there).hexdigest()} if there is not None else set()
        place.write(NEWEST_CERTIFICATES, newest_content(newest), earlier)
    if place.content(SOURCE) is None:
        place.write(SOURCE, _source_line(directory))


def _newest_there(place: ColdPlace, content: bytes | None) -> NewestCertificates | None:
    """Return the list of newest certificates of a place, None where it has none.

    Raises:
        BadInput: It is damaged.
    """
    if content is None:
        return None
    try:
        return NewestCertificates.from_json(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"is no list of newest certificates ({error})"
        fix = "move it away, and call the same command again"
        raise BadInput(f"{place.address}/{NEWEST_CERTIFICATES}", None, reason, fix) from error


def _put_versions(directory: Path, place: ColdPlace, day: date) -> None:
    for version in CertificateFiles(directory).versions(day):
        name = layout.certificate_file(day, version)
        place.write(name, (directory / name).read_bytes())


def _source_line(directory: Path) -> bytes:
    return f"{source_of(directory)}\n".encode()


def _copied(
    directory: Path, path: Path, place: ColdPlace, certified: _DayCertificates
) -> _ArchivedFile:
    name = path.relative_to(directory).as_posix()
    fix = "g6 data check tells what to do"
    try:
        identity = days.identity_of(path)
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise BadInput(str(path), None, "is certified and not there", fix) from error
    digest = hashlib.sha256(content).hexdigest()
    if certified.newest.get(name, digest) != digest:
        reason = "is not what its certificate says: another SHA-256, and it stays here"
        raise BadInput(str(path), None, reason, fix)
    place.write(name, content, certified.earlier)
    return _ArchivedFile(path, identity, ColdNote(place.address, name, len(content), digest))


def _leave(copy: _ArchivedFile) -> None:
    """Write the note of a file that lies in the place, and remove it here."""
    path = copy.path
    with refusals(path), directory_lock(path.parent.parent), directory_lock(path.parent):
        if days.identity_of(path) != copy.identity:
            raise StoreBusy(f"{path} was rewritten meanwhile; call the same command again")
        write_note(path.parent / COLD_FILE, copy.note)
        path.unlink()


def _certified_digests(directory: Path, day: date) -> _DayCertificates:
    certificates = CertificateFiles(directory)
    newest: dict[str, str] = {}
    earlier = set[str]()
    for version in certificates.versions(day):
        certificate = certificates.read(day, version)
        files = certificate.files if certificate is not None else ()
        newest = {file.path: file.sha256 for file in files}
        earlier.update(newest.values())
    return _DayCertificates(newest, frozenset(earlier))


def bring_back(directory: Path, day: date) -> int:
    """Bring the archived files of a day back, and return their bytes. The place keeps its own.

    Raises:
        BadInput: A file is not what was put there, or a note is damaged.
        StoreBusy: A disk refuses.
        Unavailable: The place does not answer.
    """
    size = 0
    # Nothing is noted: what comes back is what was put there, and a file that somebody exchanged
    # there must not be certified for it.
    with CertificateFiles(directory).rewriting(day, ()):
        for folder in _folders(directory):
            if days.named_day(folder) == day:
                size += _back(folder)
    return size


def _back(folder: Path) -> int:
    note = folder / COLD_FILE
    if not note.is_file():
        return 0
    size = 0
    # A day that was written here again meanwhile counts, as it does for readers.
    if not (folder / DAY_FILE).is_file():
        content = cold_content(note)
        replace(folder / DAY_FILE, content)
        size = len(content)
    with refusals(note), directory_lock(folder):
        note.unlink(missing_ok=True)
    return size


def damaged_files(directory: Path, day: date) -> Iterator[tuple[str, str]]:
    """Read each archived file of a day, and yield its name with what is wrong, empty if nothing.

    Raises:
        BadInput: A note is damaged.
    """
    for folder in _folders(directory):
        path = days.day_path(folder)
        if days.named_day(folder) != day or not is_cold(path):
            continue
        note = read_note(path)
        try:
            digest = cold_digest(path)
        except Unavailable as error:
            yield note.name, error.sentence
            continue
        if digest is None:
            yield note.name, f"is not there any more: {note.address}"
        else:
            is_whole = digest == (note.bytes, note.sha256)
            yield note.name, "" if is_whole else f"is not what was put there: {note.address}"


def _folders(directory: Path) -> Iterator[Path]:
    """Yield the directories of the days of each index and of the overview."""
    history = ParquetHistory(directory)
    for name in history.names():
        for day in days.days(history.root(name)):
            yield days.directory_of(history.root(name), day)
