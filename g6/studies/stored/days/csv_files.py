"""The CSV files: how many, how large, from when to when, by index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from g6.ports.readers import ArchiveReader, CsvFiles

__all__ = ["CsvFilesParameters", "CsvInventory", "answer"]


@dataclass(frozen=True, slots=True)
class CsvFilesParameters:
    """Asks for the CSV files. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class CsvInventory:
    """What there is of CSV files."""

    files: CsvFiles

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index."""
        counts = self.files.per_index_counts
        return {"index": list(counts), "files": list(counts.values())}


def answer(reader: ArchiveReader, parameters: CsvFilesParameters) -> CsvInventory:  # noqa: ARG001
    """Return what there is of CSV files."""
    return CsvInventory(reader.csv_files())
