"""What a study of data quality reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from g6.domain.quotes.quality_days import QualityDay
from g6.ports.readers.readings import StoredReader


class QualityReader(Protocol):
    """Reads stored rows, and what checks have said of stored days."""

    @property
    def place(self) -> str:
        """Return the directory that is read, as people write it."""
        ...

    @property
    def rows(self) -> StoredReader:
        """Return the reader of the stored rows."""
        ...

    def days(self) -> Sequence[date]:
        """Return the days whose results are kept, the oldest first."""
        ...

    def results(self, day: date) -> QualityDay | None:
        """Return what is kept of a day, None where nothing is.

        Raises:
            BadInput: The file is damaged.
        """
        ...

    def agreement(self, day: date, index: str) -> Mapping[str, float]:
        """Return the shares of a day that agree with the exchange's file, empty without one.

        Raises:
            BadInput: The file is damaged.
        """
        ...
