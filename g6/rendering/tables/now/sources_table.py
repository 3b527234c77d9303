"""The sources of quotes as lines."""

from __future__ import annotations

from collections.abc import Iterator

from g6.ports.readers import SourceLine
from g6.rendering.parts import Line, NoView, Part
from g6.studies.now.source_answers import SourceTable


def parts(document: SourceTable, _: NoView) -> Iterator[Part]:
    """Yield a line per source."""
    for source in document.sources:
        yield Line(f"{source.name:<8}{source.summary}")


def json_value(document: SourceTable) -> tuple[SourceLine, ...]:
    """Return a list of the sources."""
    return document.sources
