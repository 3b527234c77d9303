"""Readers of stored data for the studies: rows, outcomes of past cycles, and files."""

from g6.ports.readers.archive import (
    ArchiveReader,
    ColumnSummary,
    CsvFiles,
    FileTotals,
    Holding,
    SnapshotColumns,
    UnitReader,
)
from g6.ports.readers.past import CollectionSettings, PastReader, StoredChains
from g6.ports.readers.readings import RunningReader, StoredReader

__all__ = [
    "ArchiveReader",
    "CollectionSettings",
    "ColumnSummary",
    "CsvFiles",
    "FileTotals",
    "Holding",
    "PastReader",
    "RunningReader",
    "SnapshotColumns",
    "StoredChains",
    "StoredReader",
    "UnitReader",
]
