"""Notes that stand for days in cold places, which are read there without being brought back.

Where `day.parquet` was, `day.cold` says in which place it lies. A reader that is given the note
fetches the columns and the rows that it needs.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from g6.adapters.parquet.cold_place import ColdPlace, words_of
from g6.adapters.parquet.file_memory import FileMemory
from g6.domain.schema.json_reading import text, whole
from g6.domain.schema.layout import COLD_FILE
from g6.errors import BadInput, Unavailable, UserError
from g6.files import replace, shown

__all__ = [
    "ColdNote",
    "cold_content",
    "cold_digest",
    "is_cold",
    "read_note",
    "stored_source",
    "unanswered",
    "write_note",
]

FORM = "g6-cold-v1"


@dataclass(frozen=True, slots=True)
class ColdNote:
    """Where the file of a day lies.

    Attributes:
        address: The cold place.
        name: The file in it, as it is called below a data directory.
        bytes: Its size.
        sha256: The SHA-256 of its content.
    """

    address: str
    name: str
    bytes: int
    sha256: str


def is_cold(path: Path) -> bool:
    """Tell whether a path is that of a note, whose file lies in a cold place.

    >>> is_cold(Path("overview/date=2026-11-20/day.cold"))
    True
    """
    return path.name == COLD_FILE


def read_note(path: Path) -> ColdNote:
    """Return what a note says.

    Raises:
        BadInput: It is damaged.
        FileNotFoundError: It is gone.
    """
    return _NOTES.of(path)[0]


def write_note(path: Path, note: ColdNote) -> None:
    """Write a note.

    Raises:
        StoreBusy: A disk refuses.
    """
    replace(path, f"{json.dumps({'form': FORM, **asdict(note)}, indent=1)}\n".encode())


def stored_source(path: Path) -> str | pa.NativeFile:
    """Return what a Parquet reader opens: a path, or the file that a note stands for.

    Raises:
        BadInput: The note is damaged.
        FileNotFoundError: The note is gone.
        Unavailable: The cold place does not answer, or has no such file.
    """
    if not is_cold(path):
        return os.fsencode(path).decode()
    note, place = _NOTES.of(path)
    try:
        return place.opened(note.name)
    except OSError as error:
        raise unanswered(path, error) from error


def cold_content(path: Path) -> bytes:
    """Return the file that a note stands for.

    Raises:
        BadInput: It is another one than was put there, or the note is damaged.
        FileNotFoundError: The note is gone.
        Unavailable: The cold place does not answer, or has no such file.
    """
    note, place = _NOTES.of(path)
    content = place.content(note.name)
    if content is None:
        raise unanswered(path, FileNotFoundError("there is no such file"))
    if hashlib.sha256(content).hexdigest() != note.sha256:
        raise _damaged(path, note)
    return content


def cold_digest(path: Path) -> tuple[int, str] | None:
    """Return size and SHA-256 of the file that a note stands for, None where it is not there.

    Raises:
        BadInput: The note is damaged.
        Unavailable: The cold place does not answer.
    """
    note, place = _NOTES.of(path)
    content = place.content(note.name)
    return None if content is None else (len(content), hashlib.sha256(content).hexdigest())


def unanswered(path: Path, error: BaseException) -> UserError:
    """Return the error of a file that cannot be read in its cold place: damaged, or not there."""
    note, place = _NOTES.of(path)
    # Arrow raises the same OSError for a page that is damaged and for a server that is away.
    with suppress(Unavailable):
        content = place.content(note.name)
        if content is not None and hashlib.sha256(content).hexdigest() != note.sha256:
            return _damaged(path, note)
    return Unavailable(
        f"{note.name} cannot be read in {note.address}: {words_of(error)}",
        "see that the place answers and keys are in the environment; g6 archive check reads it all",
    )


def _damaged(path: Path, note: ColdNote) -> BadInput:
    reason = f"stands for a file in {note.address} that is not what was put there: another SHA-256"
    fix = "bring the day back from a backup (g6 restore BACKUP), and archive it again"
    return BadInput(shown(path), None, reason, fix)


def _read(path: Path) -> tuple[ColdNote, ColdPlace]:
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["form"] != FORM:
            raise ValueError(f"it is of the form {document['form']}")
        note = ColdNote(
            text(document, "address"),
            text(document, "name"),
            whole(document, "bytes"),
            text(document, "sha256"),
        )
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"does not say in which cold place its day lies ({error})"
        fix = f"write the note again: g6 archive put PLACE --date {path.parent.name[5:]}"
        raise BadInput(shown(path), None, reason, fix) from error
    return note, ColdPlace(note.address)


# To connect to S3 takes longer than to read the columns of an overview.
_NOTES = FileMemory(_read, most=64)
