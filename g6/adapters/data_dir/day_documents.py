"""Documents of days: one JSON file a day in a folder, written whole."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from pathlib import Path

from g6.domain.documents.panels import canonical
from g6.domain.schema.json_types import Document, JsonObject
from g6.errors import BadInput
from g6.files import refusals, replace


class DayDocuments:
    """The documents of a folder, by day. A day that is put again is replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, day: date, document: JsonObject) -> bool:
        """Write a day's document. Return false where it stands there already, byte for byte.

        Raises:
            StoreBusy: The disk refuses the file.
        """
        content = canonical(document) + b"\n"
        path = self._path(day)
        with suppress(FileNotFoundError):
            if path.read_bytes() == content:
                return False
        with refusals(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, content)
        return True

    def get(self, day: date) -> Document | None:
        """Return a day's document, None where there is none.

        Raises:
            BadInput: The file is damaged.
        """
        path = self._path(day)
        try:
            document = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            raise BadInput(path, None, f"cannot be read: {error}", f"rm {path}") from error
        if not isinstance(document, dict):
            raise BadInput(path, None, "is no document of a day", f"rm {path}")
        return document

    def all(self) -> list[tuple[date, Document]]:
        """Return every day's document, the oldest first.

        Raises:
            BadInput: A file is damaged.
        """
        documents = []
        for day in self.days():
            document = self.get(day)
            if document is not None:
                documents.append((day, document))
        return documents

    def days(self) -> list[date]:
        """Return the days that have a document, the oldest first."""
        days = []
        for path in sorted(self._folder.glob("????-??-??.json")):
            with suppress(ValueError):
                days.append(date.fromisoformat(path.stem))
        return days

    def _path(self, day: date) -> Path:
        return self._folder / f"{day.isoformat()}.json"
