"""Builds the history of a data directory, which has each day certified once it is compacted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from g6.adapters.data_dir.certificate_files import CertificateFiles, content_digest
from g6.adapters.parquet import ParquetHistory
from g6.adapters.parquet.cold_notes import cold_digest, is_cold
from g6.adapters.parquet.days import day_path
from g6.adapters.wrapping.certified_history import CertifiedHistory
from g6.config import Settings
from g6.domain.schema.layout import Kind, certified_name
from g6.errors import BadInput
from g6.files import quoted, shown
from g6.ports.history import History

__all__ = ["history", "refuse_exchanged", "stored_days"]


def history(settings: Settings) -> History | None:
    """Return the stored days, None where nothing is stored as Parquet."""
    if not settings.storage.parquet.enabled:
        return None
    return _certified(settings, ParquetHistory(settings.directory, settings.csv_dir))


def stored_days(settings: Settings) -> History:
    """Return the days that are stored as Parquet, whatever is configured to be written."""
    return _certified(settings, ParquetHistory(settings.directory))


def _certified(settings: Settings, days: History) -> History:
    def certify(day: date) -> None:
        # What a certificate says is told by studies, which no cycle of a worker needs.
        from g6.bootstrap.stored_files.directory_certificates import certify_with_days_before

        certify_with_days_before(settings, day)

    def check(day: date, names: Iterable[str]) -> None:
        refuse_exchanged(settings.directory, day, names)

    return CertifiedHistory(days, CertificateFiles(settings.directory).rewriting, check, certify)


def refuse_exchanged(directory: Path, day: date, names: Iterable[str]) -> None:
    """Refuse files of a day that are gone, or not what its newest certificate says.

    What is made of such a file would be certified, and nobody could tell any more. A file that was
    rewritten on purpose and is not certified yet passes.

    Args:
        directory: The data directory.
        day: The session day.
        names: Indices, or `overview`.

    Raises:
        BadInput: A file was exchanged or is gone, or the certificate is damaged.
        Unavailable: It lies in a cold place, which does not answer.
    """
    certificates = CertificateFiles(directory)
    newest = certificates.read(day)
    if newest is None:
        return
    rewritten = {name for name, is_another in certificates.marks(day).items() if is_another}
    certify = f"g6 data compact --date {day} --certify"
    due = set(names) - rewritten - {Kind.INSTRUMENTS}
    for file in newest.files:
        if certified_name(file.path) not in due:
            continue
        path = day_path((directory / file.path).parent)
        content = cold_digest(path) if is_cold(path) else content_digest(path)
        if content is None:
            # Of a day whose file was gone, one cycle that was run again became the whole day.
            reason = f"is certified ({newest.name}) and not there; nothing takes its place"
            fix = f"g6 restore BACKUP --date {day} brings it back; where nobody has it, {certify}"
            raise BadInput(shown(directory / file.path), None, reason, fix)
        if content != (file.bytes, file.sha256):
            reason = f"is not what its certificate says ({newest.name}): another SHA-256"
            fix = (
                f"mv {quoted(path)} {quoted(path)}.exchanged && g6 restore BACKUP --date {day} "
                f"brings the certified one back; where it was changed on purpose, {certify}"
            )
            raise BadInput(shown(path), None, f"{reason}; nothing was made of it", fix)
