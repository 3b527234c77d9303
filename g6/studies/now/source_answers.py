"""Which sources of quotes there are, and what each can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from g6.ports.readers import SourceLine, SourceReader
from g6.studies.documents import columns_of

__all__ = ["SourceParameters", "SourceTable", "answer"]


@dataclass(frozen=True, slots=True)
class SourceParameters:
    """Asks for the sources. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The sources that ship, then those of other distributions."""

    sources: tuple[SourceLine, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per source."""
        return columns_of(SourceLine, self.sources)


def answer(reader: SourceReader, parameters: SourceParameters) -> SourceTable:  # noqa: ARG001
    """Return the sources."""
    return SourceTable(tuple(reader.sources()))
