"""The kept open interest by participant, as a study reads it."""

from __future__ import annotations

from collections.abc import Sequence

from g6.adapters.data_dir.day_documents import DayDocuments
from g6.config import Settings
from g6.domain.quotes.participants import ParticipantDay
from g6.domain.schema.layout import Folder


class DirectoryParticipants:
    """Reads the documents of a data directory."""

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.directory

    @property
    def place(self) -> str:
        """Return the directory that is read."""
        return str(self._directory)

    def days(self) -> Sequence[ParticipantDay]:
        """Return every kept day, the oldest first.

        Raises:
            BadInput: A file is damaged.
        """
        documents = DayDocuments(self._directory / Folder.PARTICIPANTS)
        return [ParticipantDay.parse(document) for _, document in documents.all()]
