"""Panels as JSON files for anybody who can read a directory, with a manifest of their hashes; and the check of both."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.panels import canonical, digest, manifest
from g6.domain.schema.layout import MANIFEST, panel_file
from g6.errors import BadInput, Unavailable
from g6.files import directory_lock, refusals, replace

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_CYCLES = ".cycles.json"
_HASH = re.compile(r"[0-9a-f]{64}")
_log = logging.getLogger(__name__)
Mode = Literal["off", "warn", "strict"]


class PanelFiles:
    """PanelStore over `directory`. A panel yields only to the same or a newer cycle, compared under one lock on disk."""

    def __init__(self, directory: Path, validate: Mode = "warn") -> None:
        self._directory = directory
        self._mode: Mode = validate

    def put(self, cycle: str, panels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """Write the panels that yield to `cycle`, the manifest last; return their names. Errors: StoreBusy, BadInput (strict)."""
        for document in panels.values():
            validate(document, self._mode)
        with refusals(self._directory):
            self._directory.mkdir(parents=True, exist_ok=True)
            with directory_lock(self._directory):
                return self._put(cycle, panels)

    def _put(self, cycle: str, panels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """Cycles first, manifest last: after a crash a newer panel is known as newer, and the check sees what is unfinished."""
        cycles: dict[str, str] = _read(self._directory / _CYCLES) or {}
        taken = tuple(
            name for name in panels if name not in cycles or parse_z(cycles[name]) <= parse_z(cycle)
        )
        if not taken:
            return ()
        replace(self._directory / _CYCLES, canonical(cycles | dict.fromkeys(taken, cycle)))
        for name in taken:
            replace(self._directory / panel_file(name), canonical(panels[name]) + b"\n")
        there: dict[str, Any] = _read(self._directory / MANIFEST) or {}
        hashes = {
            name.removesuffix(".json"): value for name, value in there.get("hashes", {}).items()
        }
        hashes |= {name: digest(panels[name]["data"]) for name in taken}
        generated_at = max(str(panels[name]["generated_at"]) for name in taken)
        replace(self._directory / MANIFEST, canonical(manifest(hashes, generated_at)) + b"\n")
        return taken

    def get(self, name: str) -> Mapping[str, Any] | None:
        """Return a panel's document, None when there is none or it is no JSON."""
        document: Mapping[str, Any] | None = _read(self._directory / panel_file(name))
        return document

    def all(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every panel's document by name."""
        return {name: document for name in self.names() if (document := self.get(name)) is not None}

    def names(self) -> Sequence[str]:
        """Return the names of the panels there are."""
        return sorted(
            path.stem for path in self._directory.glob("[!.]*.json") if path.name != MANIFEST
        )

    def verify(self) -> Mapping[str, str]:
        """Return what `verify_manifest_hashes` finds; nothing before the first panel was put."""
        return verify_manifest_hashes(self._directory) if self._directory.is_dir() else {}


def _read(path: Path) -> Any:
    with suppress(OSError, ValueError, RecursionError):
        return json.loads(path.read_bytes())
    return None


@cache
def validator() -> Draft202012Validator:
    """Return what validates a panel's document. Made by who writes panels alone: its library is slow to import."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(
        json.loads(files("g6").joinpath("panel-envelope-v1.json").read_text("utf-8"))
    )


def validate(document: Mapping[str, Any], mode: Mode) -> tuple[str, ...]:
    """Return what is wrong with a panel's document: not looked for (`off`), logged (`warn`), raised as BadInput (`strict`)."""
    if mode == "off":
        return ()
    errors = validator().iter_errors(document)
    issues = tuple(
        sorted(
            f"{'.'.join(map(str, error.absolute_path)) or 'document'}: {error.message}"
            for error in errors
        )
    )
    if not issues and document["meta"]["hash"] != digest(document["data"])[:12]:
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


def verify_manifest_hashes(directory: Path | str) -> dict[str, str]:
    """Return what is wrong by file, empty when every panel is what the manifest says.

    Codes: `mismatch`, `file_missing`, `invalid_hash_format`, `read_error:<Type>` (cannot be read as JSON), `error:<Type>` (is JSON
    but no panel or manifest). Errors: Unavailable when there is no such directory.
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
        codes = {name: _issue(directory / name, expected) for name, expected in hashes.items()}
    return {name: code for name, code in codes.items() if code}


def _issue(path: Path, expected: Any) -> str:
    if not isinstance(expected, str) or not _HASH.fullmatch(expected):
        return "invalid_hash_format"
    try:
        document = json.loads(path.read_bytes())
        found = digest(document["data"])
        return "" if found == expected and document["meta"]["hash"] == expected[:12] else "mismatch"
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return _code(error)


def _code(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "file_missing"
    return f"{'read_error' if isinstance(error, OSError | ValueError | RecursionError) else 'error'}:{type(error).__name__}"
