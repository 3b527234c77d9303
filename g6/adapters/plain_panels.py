"""Panels as older systems wrote them: the data alone in a file, without an envelope."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.documents.panels import SCHEMA, envelope
from g6.domain.schema.json_types import JsonObject
from g6.domain.schema.layout import MANIFEST
from g6.errors import NothingToDo

__all__ = ["PlainPanels", "plain_panels"]

SOURCE = "converted"
_INSTANTS = ("updated_at", "cycle", "timestamp", "time", "ts", "generated_at")
"""Under which names plain data say when they are of, the surest first."""
_NAME = re.compile(r"[A-Za-z0-9_]+")


@dataclass(slots=True)
class PlainPanels:
    """What a directory of plain files holds.

    Attributes:
        documents: The panels in envelopes, by name.
        enveloped: Files that have an envelope already.
        refusals: Why a file is no panel, by its name.
    """

    documents: dict[str, JsonObject] = field(default_factory=dict)
    enveloped: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)


def plain_panels(directory: Path, now: datetime) -> PlainPanels:
    """Read the plain panel files of a directory, and change nothing there.

    Args:
        directory: The JSON files are directly in it.
        now: When the envelopes are made.

    Raises:
        NothingToDo: There is no JSON file.
    """
    paths = sorted(path for path in directory.glob("*.json") if path.name[0] != ".")
    panels = PlainPanels()
    for path in paths:
        if path.name != MANIFEST:
            _add(panels, path, now)
    if not (panels.documents or panels.enveloped or panels.refusals):
        raise NothingToDo(f"there is no panel file in {directory}", "name the directory with them")
    return panels


def _add(panels: PlainPanels, path: Path, now: datetime) -> None:
    try:
        content = json.loads(path.read_bytes())
        modified = path.stat().st_mtime
    except (OSError, ValueError, RecursionError) as error:
        panels.refusals[path.name] = f"cannot be read: {type(error).__name__}"
        return
    if not isinstance(content, dict | list):
        panels.refusals[path.name] = "is neither an object nor a list"
        return
    if not _NAME.fullmatch(path.stem):
        panels.refusals[path.name] = "its name is none of a panel: letters, digits and _ alone"
        return
    meta = content.get("meta") if isinstance(content, dict) else None
    if isinstance(meta, dict) and meta.get("schema") == SCHEMA:
        panels.enveloped.append(path.name)
        return
    at = _instant(content) or datetime.fromtimestamp(modified, UTC)
    panels.documents[path.stem] = envelope(
        path.stem, content, isoformat_z(at), isoformat_z(now), SOURCE
    )


def _instant(content: object) -> datetime | None:
    """Return the instant that plain data say they are of. One without a zone is UTC."""
    if not isinstance(content, Mapping):
        return None
    for name in _INSTANTS:
        value = content.get(name)
        try:
            if isinstance(value, str):
                at = datetime.fromisoformat(value)
                return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            continue
    return None
