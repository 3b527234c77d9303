"""Builds the history of a data directory, which has each day certified once it is compacted."""

from __future__ import annotations

from datetime import date

from g6.adapters.data_dir.certificate_files import CertificateFiles
from g6.adapters.parquet import ParquetHistory
from g6.adapters.wrapping.certified_history import CertifiedHistory
from g6.config import Settings
from g6.ports.history import History

__all__ = ["history", "stored_days"]


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

    return CertifiedHistory(days, CertificateFiles(settings.directory).rewriting, certify)
