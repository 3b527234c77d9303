"""A whole data directory in a cold place, and back: what is left when a system is given up.

The place has the tree of the data directory and `cold-export.json`, the SHA-256 of every file,
which is written last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from g6.adapters.data_dir.backup_sources import BackupListing, SourceFile
from g6.adapters.data_dir.backups import content_of
from g6.adapters.parquet.cold_notes import cold_content, is_cold
from g6.adapters.parquet.cold_place import ColdPlace, source_of
from g6.domain.schema.json_reading import part, text, whole
from g6.domain.schema.layout import DAY_FILE, Kind
from g6.errors import BadInput, NothingToDo, UserError
from g6.files import refusals, replace, shown

__all__ = [
    "ExportedFile",
    "export_file",
    "exported_files",
    "finish_export",
    "own_export",
    "restore_file",
]

LIST = "cold-export.json"
FORM = "g6-cold-export-v1"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export.

    Attributes:
        name: Below the data directory. Those of CSV begin with `csv/` wherever they were.
        bytes: Its size.
        sha256: The SHA-256 of its content.
    """

    name: str
    bytes: int
    sha256: str


def own_export(place: ColdPlace, directory: Path) -> frozenset[str]:
    """Return the SHA-256 of what an earlier export of a data directory put into a place.

    Raises:
        UserError: The export there is of another data directory.
        BadInput: Its list is damaged.
        Unavailable: The place does not answer.
    """
    content = place.content(LIST)
    if content is None:
        return frozenset()
    source, files = _listed(place, content)
    if source != source_of(directory):
        raise UserError(
            f"{LIST} in {place.address} is of another data directory than {directory},"
            " and stays as it is",
            "use another place",
        )
    return frozenset(file.sha256 for file in files)


def export_file(
    place: ColdPlace, file: SourceFile, listing: BackupListing, earlier: Container[str]
) -> tuple[ExportedFile, bool] | None:
    """Put a file into the place, an archived one from where it lies.

    Args:
        place: Where it goes.
        file: The file.
        listing: What it is of.
        earlier: SHA-256 of what the export before this one put there, which is replaced.

    Returns:
        What lies there now and whether it was written, None where the file is gone.

    Raises:
        UserError: The place has another file.
        Unavailable: A place does not answer, or gives back something else.
        StoreBusy: A disk refuses.
    """
    name = file.name
    content = content_of(file, listing)
    if content is not None and is_cold(file.path):
        name = f"{name.rpartition('/')[0]}/{DAY_FILE}"
        content = cold_content(file.path)
    if content is None:
        return None
    is_new = place.write(name, content, earlier)
    return ExportedFile(name, len(content), hashlib.sha256(content).hexdigest()), is_new


def finish_export(place: ColdPlace, files: Sequence[ExportedFile], directory: Path) -> None:
    """Write the list of an export, all of whose files are there.

    Raises:
        UserError: An export of another data directory ended there meanwhile.
        Unavailable: The place does not answer.
        StoreBusy: A disk refuses.
    """
    listed = {file.name: {"bytes": file.bytes, "sha256": file.sha256} for file in files}
    source = source_of(directory)
    document = {"form": FORM, "source": source, "files": dict(sorted(listed.items()))}
    own_export(place, directory)
    before = hashlib.sha256(place.content(LIST) or b"").hexdigest()
    place.write(LIST, f"{json.dumps(document, indent=1)}\n".encode(), {before})


def exported_files(place: ColdPlace) -> list[ExportedFile]:
    """Return the files of the export in a place.

    Raises:
        NothingToDo: There is no export.
        BadInput: Its list is damaged.
        Unavailable: The place does not answer.
    """
    content = place.content(LIST)
    if content is None:
        raise NothingToDo(
            f"{place.address} has no {LIST}, which ends a whole export",
            f"g6 export --cold {place.address} writes one",
        )
    return _listed(place, content)[1]


def _listed(place: ColdPlace, content: bytes) -> tuple[str, list[ExportedFile]]:
    """Return of which data directory an export is, empty if it does not say, and its files.

    Raises:
        BadInput: The list is damaged.
    """
    try:
        document = json.loads(content)
        if document["form"] != FORM:
            raise ValueError(f"it is of the form {document['form']}")
        source = text(document, "source") if "source" in document else ""
        return source, list(_files(part(document, "files")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"is no list of an export ({error})"
        raise BadInput(f"{place.address}/{LIST}", None, reason) from error


def _files(listed: Mapping[str, object]) -> Iterator[ExportedFile]:
    for name in listed:
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"{name} lies outside of a data directory")
        file = part(listed, name)
        yield ExportedFile(name, whole(file, "bytes"), text(file, "sha256"))


def restore_file(place: ColdPlace, file: ExportedFile, directory: Path, csv_dir: Path) -> str:
    """Write one file of an export where it belongs.

    Returns:
        `written`, `same` where it was there, `other` where another one is there and stays.

    Raises:
        BadInput: It is not what was exported, or its name leads elsewhere.
        Unavailable: The place does not answer.
        StoreBusy: A disk refuses.
    """
    folder, _, rest = file.name.partition("/")
    root, name = (csv_dir, rest) if folder == Kind.CSV else (directory, file.name)
    target = root / name
    if not target.resolve().is_relative_to(root.resolve()):
        reason = f"names {file.name}, which lies outside of {shown(root)}; it was not written"
        fix = "see who wrote that list, and take the files from a backup"
        raise BadInput(f"{place.address}/{LIST}", None, reason, fix)
    with refusals(target):
        if target.is_file():
            is_same = hashlib.sha256(target.read_bytes()).hexdigest() == file.sha256
            return "same" if is_same else "other"
    content = place.content(file.name)
    if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
        what = "is gone" if content is None else "is not what was exported: another SHA-256"
        reason = f"{what}; {shown(target)} was not written"
        raise BadInput(f"{place.address}/{file.name}", None, reason, "take it from a backup")
    replace(target, content)
    return "written"
