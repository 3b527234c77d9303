"""Panels as JSON files, a manifest of their hashes, and the check of both."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.panels import (
    SCHEMA,
    VERSION,
    canonical,
    canonical_plain,
    digest,
    manifest,
)
from g6.domain.schema.json_reading import part, text
from g6.domain.schema.json_types import Document
from g6.domain.schema.layout import MANIFEST, panel_file
from g6.errors import BadInput, Unavailable
from g6.files import directory_lock, refusals, replace, replace_together

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_CYCLES = ".cycles.json"
_HASH = re.compile(r"[0-9a-f]{64}")
_ENVELOPE = {"panel", "version", "generated_at", "updated_at", "data", "meta"}
_PANEL = re.compile(r"[A-Za-z0-9_]+")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
_MARK = re.compile(r"[0-9a-f]{12}")
_SOURCE = re.compile(r".+", re.DOTALL)
_FORM = re.compile(re.escape(SCHEMA))
_log = logging.getLogger(__name__)
Mode = Literal["off", "warn", "strict"]


class PanelFiles:
    """PanelStore over a directory. A panel yields only to the same or a newer cycle."""

    def __init__(self, directory: Path, validate: Mode = "warn") -> None:
        self._directory = directory
        self._mode: Mode = validate

    def put(self, panels: Mapping[str, Document]) -> tuple[str, ...]:
        """Write the panels that are no older than what stands and return their names.

        Raises:
            StoreBusy: The file system refuses.
            BadInput: A panel is not what its schema says, and validation is strict.
        """
        written = {name: _canonical_and_digest(document) for name, document in panels.items()}
        for name, document in panels.items():
            validate(document, self._mode, written[name][1])
        with refusals(self._directory):
            self._directory.mkdir(parents=True, exist_ok=True)
            with directory_lock(self._directory):
                return self._put(panels, written)

    def _put(
        self, panels: Mapping[str, Document], written: Mapping[str, tuple[bytes, str]]
    ) -> tuple[str, ...]:
        cycles = {name: str(at) for name, at in (_read(self._directory / _CYCLES) or {}).items()}
        yielding: dict[str, str] = {}
        for name, document in panels.items():
            cycle = str(document["updated_at"])
            if name not in cycles or parse_z(cycles[name]) <= parse_z(cycle):
                yielding[name] = cycle
        if not yielding:
            return ()
        # Cycles first, manifest last: after a crash a newer panel is known as newer, and the check
        # of the manifest finds what is unfinished.
        replace(self._directory / _CYCLES, canonical(cycles | yielding))
        contents = {panel_file(name): written[name][0] + b"\n" for name in yielding}
        replace_together(self._directory, contents)
        before = part(_read(self._directory / MANIFEST) or {}, "hashes")
        hashes = {file.removesuffix(".json"): text(before, file) for file in before}
        hashes |= {name: written[name][1] for name in yielding}
        generated_at = max(str(panels[name]["generated_at"]) for name in yielding)
        replace(self._directory / MANIFEST, canonical(manifest(hashes, generated_at)) + b"\n")
        return tuple(yielding)

    def get(self, name: str) -> Document | None:
        """Return a panel's document, None when it is absent or no JSON."""
        return _read(self._directory / panel_file(name))

    def all(self) -> Mapping[str, Document]:
        """Return every panel's document by name."""
        documents = {}
        for name in self.names():
            document = self.get(name)
            if document is not None:
                documents[name] = document
        return documents

    def names(self) -> Sequence[str]:
        """Return the names of the panels."""
        files = self._directory.glob("[!.]*.json")
        return sorted(path.stem for path in files if path.name != MANIFEST)

    def verify(self) -> Mapping[str, str]:
        """Return the codes of `verify_manifest_hashes`, none before the first panel was put."""
        return verify_manifest_hashes(self._directory) if self._directory.is_dir() else {}


def _canonical_and_digest(document: Document) -> tuple[bytes, str]:
    """Return a panel's canonical JSON, and the digest of its data, which is written out once."""
    data = _marked_data(document)
    if data is None:
        data = canonical(document.get("data"))
    of_data = sha256(data).hexdigest()
    rest = {name: document[name] for name in document if name != "data"}
    if "data" not in document or not rest or min(rest) < "data":
        return canonical(document), of_data
    return b'{"data":' + data + b"," + canonical(rest)[1:], of_data


def _marked_data(document: Document) -> bytes | None:
    """Return the canonical JSON of a panel's data, None where its mark is not of that text."""
    # What has the mark of its data was plain when it was marked. To make it plain once more was a
    # third of the time that putting the panels of a cycle took.
    with suppress(KeyError, TypeError, ValueError):
        data = canonical_plain(document["data"])
        if part(document, "meta")["hash"] == sha256(data).hexdigest()[:12]:
            return data
    return None


def _read(path: Path) -> Document | None:
    with suppress(OSError, ValueError, RecursionError):
        content = json.loads(path.read_bytes())
        return content if isinstance(content, dict) else None
    return None


@cache
def validator() -> Draft202012Validator:
    """Return the validator of a panel's document."""
    # jsonschema is slow to import, and only the process that writes panels needs it.
    from jsonschema import Draft202012Validator

    schema = files("g6.domain.documents").joinpath("panel-envelope-v1.json")
    return Draft202012Validator(json.loads(schema.read_text("utf-8")))


def validate(document: Document, mode: Mode, of_data: str = "") -> tuple[str, ...]:
    """Return the faults of a panel's document.

    Args:
        document: The panel.
        mode: off does not look for faults, warn logs them, strict raises them.
        of_data: The digest of its data, where that is known.

    Raises:
        BadInput: There are faults, and the mode is strict.
    """
    if mode == "off":
        return ()
    issues = _schema_issues(document)
    of_data = of_data or digest(document["data"])
    if not issues and part(document, "meta")["hash"] != of_data[:12]:
        issues = ("meta.hash: is not the hash of data",)
    name = str(document.get("panel", "?"))
    if issues and mode == "strict":
        raise BadInput(
            panel_file(name),
            None,
            "; ".join(issues),
            "mend the panel, or set panels.validate to warn",
        )
    for issue in issues:
        _log.warning("panel %s: %s", name, issue)
    return issues


def _schema_issues(document: Document) -> tuple[str, ...]:
    if _is_envelope(document):
        return ()
    issues = []
    for error in validator().iter_errors(document):
        path = ".".join(map(str, error.absolute_path)) or "document"
        issues.append(f"{path}: {error.message}")
    return tuple(sorted(issues))


def _is_envelope(document: Document) -> bool:
    """Tell whether a document is a panel as panels are made, of which the schema has no fault.

    The schema words the faults of any other.
    """
    # jsonschema takes 0.2 ms for each of the seventeen panels of a cycle.
    if document.keys() != _ENVELOPE:
        return False
    meta = document["meta"]
    if type(document["version"]) is not int or document["version"] != VERSION:
        return False
    if not isinstance(document["data"], dict | list) or not isinstance(meta, dict):
        return False
    words = (
        (_PANEL, document["panel"]),
        (_INSTANT, document["generated_at"]),
        (_INSTANT, document["updated_at"]),
        (_MARK, meta.get("hash")),
        (_SOURCE, meta.get("source")),
        (_FORM, meta.get("schema")),
    )
    return all(isinstance(word, str) and form.fullmatch(word) for form, word in words)


def verify_manifest_hashes(directory: Path | str) -> dict[str, str]:
    """Return the fault of each file, empty when every panel is what the manifest says.

    Returns:
        A code by file: `mismatch`, `file_missing`, `invalid_hash_format`, `read_error:<Type>` (it
        cannot be read as JSON) or `error:<Type>` (it is JSON, and no panel or manifest).

    Raises:
        Unavailable: There is no such directory.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise Unavailable(
            f"there is no directory {directory}", "name the panels' directory, or run a cycle first"
        )
    with refusals(directory), directory_lock(directory, shared=True):
        try:
            content = json.loads((directory / MANIFEST).read_bytes())
            hashes = dict(content["hashes"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            return {MANIFEST: _code(error)}
        codes = {}
        for name, expected in hashes.items():
            if code := _issue(directory / name, expected):
                codes[name] = code
    return codes


def _issue(path: Path, expected: object) -> str:
    if not isinstance(expected, str) or not _HASH.fullmatch(expected):
        return "invalid_hash_format"
    try:
        document = json.loads(path.read_bytes())
        # A panel of other data is a mismatch whatever it is marked with, or without any mark.
        is_same = digest(document["data"]) == expected and document["meta"]["hash"] == expected[:12]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return _code(error)
    return "" if is_same else "mismatch"


def _code(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "file_missing"
    is_unreadable = isinstance(error, OSError | ValueError | RecursionError)
    return f"{'read_error' if is_unreadable else 'error'}:{type(error).__name__}"
