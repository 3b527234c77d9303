"""The certificates of a configured data directory: reading them, and issuing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from g6.adapters.data_dir.certificate_files import CertificateFiles, content_digest, stored_paths
from g6.adapters.data_dir.retention import remove
from g6.adapters.parquet import ParquetHistory
from g6.adapters.parquet.cold_notes import cold_digest, is_cold
from g6.adapters.parquet.days import day_path
from g6.adapters.parquet.days import days as days_of
from g6.adapters.parquet.maintenance import certified_rows
from g6.bootstrap.stored_files.kept_quality import keep_quality
from g6.bootstrap.stored_files.newest_certificates import (
    CertificateList,
    public_key,
    signature_by_key,
)
from g6.config import Settings, calendar
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.gaps import CycleCounts, counts_of, gaps_of
from g6.domain.documents.certificates import (
    Certificate,
    CertificateLink,
    CertifiedContents,
    CertifiedFile,
    CertifiedGap,
    NewestCertificates,
)
from g6.domain.schema.layout import DAY_FILE, Kind, certified_name
from g6.errors import BadInput, NothingToDo
from g6.pipeline.maintenance.certifying import certify_all
from g6.ports.readers import DatedFile
from g6.studies.stored.days.certificate_checks import gone_fix, gone_words
from g6.studies.stored.days.past_span import PastSpan
from g6.studies.stored.days.stored_past import index_days

__all__ = [
    "DirectoryCertificates",
    "certificate_count",
    "certify_with_days_before",
    "issue_certificates",
    "mark_all",
    "newest_certificate_link",
    "note_replayed",
    "prune",
    "uncertified_days",
]

MOST_BEFORE = 10
"""Earlier days that are certified on the way: a worker's job has its limits."""


class DirectoryCertificates:
    """Ports `CertificateReader` and `CertificateStore` over a configured data directory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._directory = settings.directory
        self._files = CertificateFiles(settings.directory)

    @property
    def place(self) -> str:
        """Return the data directory as it was named."""
        return str(self._directory)

    @property
    def public_key(self) -> str:
        """Return the public half of the configured key in hex digits, empty without a key.

        Raises:
            Unavailable: The key cannot be read.
        """
        return public_key(self._settings)

    def certified_days(self) -> Sequence[date]:
        """Return the days that have a certificate, ascending."""
        return self._files.days()

    def file_of(self, day: date, version: int) -> str:
        """Return the path of a certificate's file."""
        return str(self._files.path(day, version))

    def certificate(self, day: date, version: int | None = None) -> Certificate | None:
        """Return a version of a day's certificate, or the newest. None where there is none.

        Raises:
            BadInput: Its file is damaged.
        """
        return self._files.read(day, version)

    def stored_paths(self, day: date) -> Sequence[str]:
        """Return everything that lies in the directories of a day."""
        return stored_paths(self._directory, day)

    def content_digest(self, path: str) -> tuple[int, str] | None:
        """Return size and SHA-256 of a file, None where it is not there.

        Raises:
            BadInput: It cannot be read.
            Unavailable: It lies in a cold place, which does not answer.
        """
        there = self._where(path)
        return cold_digest(there) if is_cold(there) else content_digest(there)

    def is_signed(self, document: Certificate | NewestCertificates) -> bool:
        """Tell whether the signature is that of the root, by the key in it.

        Raises:
            Unavailable: `cryptography` is not installed.
        """
        if document.signature is None:
            return False
        from g6.adapters.data_dir.signing import is_signature_of

        return is_signature_of(document.root, document.signature)

    @property
    def newest_file(self) -> str:
        """Return the path of the file that lists the newest certificates."""
        return str(self._files.newest_path)

    def newest(self) -> NewestCertificates | None:
        """Return the list of newest certificates, None where none was written yet.

        Raises:
            BadInput: Its file is damaged.
        """
        return self._files.newest()

    def list_made_anew(self) -> tuple[str, str] | None:
        """Return the file that notes a missing list, and when it was made anew."""
        at = self._files.made_anew()
        return (str(self._files.made_anew_path), at) if at else None

    def locked(self, day: date) -> AbstractContextManager[None]:
        """Hold the certificates of a day."""
        return self._files.locked(day)

    def mark(self, day: date, name: str) -> None:
        """Note that the files of an index, or of `overview`, are to be certified as they are."""
        self._files.mark(day, name)

    def marks(self, day: date) -> Mapping[str, bool]:
        """Return the names that were noted, and whether the files of each were rewritten since."""
        return self._files.marks(day)

    def forget_marks(self, day: date, names: Iterable[str]) -> None:
        """Forget what was noted of a day."""
        self._files.forget(day, names)

    def is_whole(self, day: date) -> bool:
        """Tell whether each index and the overview of a day that has or had rows are one file."""
        if certified_rows.is_loose(self._directory, day):
            return False
        return certified_rows.has_rows(self._directory, day) or bool(self._files.versions(day))

    def stored_files(
        self, day: date, records: Mapping[str, CertifiedFile]
    ) -> Sequence[CertifiedFile]:
        """Return the records of the files of a day, by path.

        Raises:
            BadInput: A file is damaged.
        """
        paths = filter(_is_text, self.stored_paths(day))
        return [records.get(path) or self._record(path) for path in paths]

    def _where(self, path: str) -> Path:
        """Return where a certified file is: here, or in the cold place that a note names."""
        file = self._directory / path
        return day_path(file.parent) if file.name == DAY_FILE else file

    def _record(self, path: str) -> CertifiedFile:
        rows = certified_rows.row_count(self._where(path))
        facts = self.content_digest(path)
        if facts is None:
            raise BadInput(path, None, "vanished while it was read", "call it again")
        return CertifiedFile(path, rows, *facts)

    def contents(self, day: date) -> CertifiedContents:
        """Return coverage, gaps, sources and configurations of a day.

        Raises:
            BadInput: A file is damaged.
        """
        from g6.bootstrap.stored_files.past_reading import DirectoryPast

        reader = DirectoryPast(self._settings, calendar())
        coverage: dict[str, CycleCounts] = {}
        gaps: list[CertifiedGap] = []
        try:
            units = index_days(reader, PastSpan(first=day, last=day))
        except NothingToDo:
            units = []
        for unit in units:
            coverage[unit.index] = counts_of(unit.grid, unit.outcomes)
            gaps += map(CertifiedGap.of, gaps_of(unit.index, unit.grid, unit.outcomes))
        return CertifiedContents(
            kind=reader.kind(),
            coverage=coverage,
            gaps=tuple(gaps),
            sources=certified_rows.source_counts(self._directory, day),
            configs=certified_rows.config_ids(self._directory, day),
        )

    def sign(self, certificate: Certificate) -> Certificate:
        """Return the certificate signed, or as it is where no key is configured.

        Raises:
            Unavailable: The key cannot be read, or `cryptography` is not installed.
        """
        return replace(certificate, signature=signature_by_key(self._settings, certificate.root))

    def keep_certificate(self, certificate: Certificate) -> None:
        """Store a certificate for good."""
        self._files.write(certificate)


def _is_text(path: str) -> bool:
    """Tell whether a path can stand in JSON: a damaged directory names files in no alphabet."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def certificate_count(settings: Settings) -> int:
    """Return how many certificates there are, all versions counted."""
    files = CertificateFiles(settings.directory)
    return sum(len(files.versions(day)) for day in files.days())


def newest_certificate_link(settings: Settings, day: date) -> CertificateLink | None:
    """Return what names a day's newest certificate, or that of the day it was replayed from.

    Raises:
        BadInput: Its file is damaged.
    """
    files = CertificateFiles(settings.directory)
    certificate = files.read(day)
    return files.source(day) if certificate is None else certificate.link


def note_replayed(settings: Settings, source: CertificateLink) -> None:
    """Note in the directory of a replay which certificate the replayed day has.

    Raises:
        StoreBusy: A disk refuses.
    """
    CertificateFiles(settings.directory).note_source(source.day, source)


def uncertified_days(settings: Settings) -> list[date]:
    """Return the days that have rows and no certificate, or were rewritten since, ascending."""
    certificates = DirectoryCertificates(settings)
    history = ParquetHistory(settings.directory)
    stored = set[date]()
    for name in history.names():
        stored.update(days_of(history.root(name)))
    certified = set(certificates.certified_days())
    due = [day for day in stored | certified if day not in certified or certificates.marks(day)]
    return sorted(day for day in due if certificates.is_whole(day))


def mark_all(settings: Settings, day: date) -> None:
    """Note all files of a day as rewritten on purpose, so that the day is certified anew.

    A certificate of it that was issued and is gone is not missed any more.
    """
    certificates = DirectoryCertificates(settings)
    CertificateList(settings).forget(day)
    newest = certificates.certificate(day)
    paths = {file.path for file in newest.files} if newest else set()
    for name in {certified_name(path) for path in paths | set(certificates.stored_paths(day))}:
        certificates.mark(day, name)


def prune(settings: Settings, files: Iterable[DatedFile]) -> list[date]:
    """Delete files of old days, and return the certified days that were rewritten.

    Those days go on to say what they hold once `issue_certificates` is called for them, or for any
    reason later. Days that an earlier call pruned before it was ended are among them.

    Raises:
        StoreBusy: A disk refuses.
    """
    certificates = CertificateFiles(settings.directory)
    certified = set(certificates.days())
    pruned = set[date]()
    for file in files:
        if file.day in certified and file.kind in (Kind.CHAIN, Kind.OVERVIEW):
            pruned.add(file.day)
            path = file.path.relative_to(settings.directory).as_posix()
            with certificates.rewriting(file.day, [certified_name(path)]):
                remove([file])
        else:
            remove([file])
    pruned.update(day for day in uncertified_days(settings) if day in certified)
    return sorted(pruned)


def certify_with_days_before(settings: Settings, day: date) -> list[Certificate]:
    """Issue the certificate of a day, and of the last days before it that have none.

    Of the first days after an upgrade each names the one before as well.

    Raises:
        StoreBusy: A disk refuses.
        BadInput: A file is damaged, or the day's newest certificate is gone.
        Unavailable: A key is configured and cannot be used.
    """
    before = [other for other in uncertified_days(settings) if other < day]
    listed = CertificateList(settings)
    whole = [other for other in before if listed.lost(other) is None]
    return issue_certificates(settings, [*whole[-MOST_BEFORE:], day])


def issue_certificates(
    settings: Settings, days: Sequence[date], *, listing: bool = True
) -> list[Certificate]:
    """Issue the certificates of some days that are due, by the wall clock, and check those days.

    Args:
        settings: They name the directory and the key.
        days: The session days.
        listing: Whether the newest ones are listed. Who calls it for many days lists them once.

    Raises:
        StoreBusy: A disk refuses.
        BadInput: A file is damaged, or the newest certificate of a day is gone.
        Unavailable: A key is configured and cannot be used.
    """
    now = isoformat_z(datetime.now(UTC).replace(microsecond=0))
    certificates = DirectoryCertificates(settings)
    listed = CertificateList(settings)
    was_missing = listing and listed.is_missing()
    lost = [link for day in days if (link := listed.lost(day)) is not None]
    gone = {link.day for link in lost}
    due = [day for day in days if day not in gone]
    issued = certify_all(certificates, due, now, lambda day: keep_quality(settings, day))
    if listing:
        listed.note(was_missing=was_missing)
    for link in lost:
        path = certificates.file_of(link.day, link.version)
        raise BadInput(path, None, gone_words(link), gone_fix(link))
    return issued
