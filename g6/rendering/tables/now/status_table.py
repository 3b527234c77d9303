"""The status of the running system on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from g6.domain.schema.json_types import JsonObject
from g6.rendering.parts import NoView, Part
from g6.rendering.status_screen import status_line, status_parts
from g6.studies.now.system_status import SystemStatus

JSON_INDENT = 2


def parts(document: SystemStatus, _: NoView) -> Iterator[Part]:
    """Yield cycle, market, provider, indices and queues."""
    yield from status_parts(document.page)


def line(document: SystemStatus) -> str:
    """Return the newest cycle in a line."""
    return status_line(document.page)


def json_value(document: SystemStatus) -> JsonObject:
    """Return the document that `/status` answers with."""
    return document.page.to_json()
