"""What the checks of data quality say of stored days: running them, and keeping the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date

from g6.adapters.data_dir.day_documents import DayDocuments
from g6.bootstrap.kept_panels import keep_panel
from g6.bootstrap.stored_files.directory_rows import rows_of
from g6.bootstrap.stores import parquet_store
from g6.config import Settings
from g6.domain.quotes.quality_days import QualityDay
from g6.domain.schema.layout import Folder
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader
from g6.studies.checks.quality.check_runs import checked_day, day_units

__all__ = ["PANEL", "DirectoryQuality", "keep_quality"]

PANEL = "quality"


class DirectoryQuality:
    """Port `QualityReader` over a data directory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rows = rows_of(settings.directory, parquet_store(settings))
        self._documents = DayDocuments(settings.directory / Folder.QUALITY)

    @property
    def place(self) -> str:
        """Return the directory that is read."""
        return str(self._settings.directory)

    @property
    def rows(self) -> StoredReader:
        """Return the reader of the stored rows."""
        return self._rows

    def days(self) -> Sequence[date]:
        """Return the days whose results are kept, the oldest first."""
        return self._documents.days()

    def results(self, day: date) -> QualityDay | None:
        """Return what is kept of a day, None where nothing is.

        Raises:
            BadInput: The file is damaged.
        """
        document = self._documents.get(day)
        return None if document is None else QualityDay.parse(document)

    def agreement(self, day: date, index: str) -> Mapping[str, float]:
        """Return the shares of a day that agree with the exchange's file, empty without one.

        Raises:
            BadInput: The file is damaged.
        """
        # It brings what reads end-of-day files, which no other answer needs.
        from g6.bootstrap.importing.end_of_day_comparison import agreement_history

        for compared in agreement_history(self._settings):
            if (compared.day, compared.index) == (day.isoformat(), index):
                return compared.shares
        return {}


def keep_quality(settings: Settings, day: date) -> QualityDay | None:
    """Check a stored day, and keep the results: in the history, and the newest day as a panel.

    Returns:
        The results, None where no chain of the day is stored: what was kept of it stays.

    Raises:
        StoreBusy: A disk refuses.
        BadInput: A kept file is damaged.
    """
    reader = DirectoryQuality(settings)
    with suppress(NothingToDo):
        quality = checked_day(reader, day)
        documents = DayDocuments(settings.directory / Folder.QUALITY)
        documents.put(day, quality.to_json())
        if day == documents.days()[-1]:
            units = day_units(reader, day)
            cycle = max(of_index[-1].cycle for of_index in units.values())
            keep_panel(settings, PANEL, quality.to_json(), cycle, "quality")
        return quality
    return None
