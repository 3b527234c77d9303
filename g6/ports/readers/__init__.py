"""Readers for the studies: stored rows, outcomes of past cycles, files, and listings."""

from g6.ports.readers.archive import (
    ArchiveReader,
    ColumnSummary,
    CsvFiles,
    FileTotals,
    Holding,
    SnapshotColumns,
    UnitReader,
)
from g6.ports.readers.listings import ListingReader
from g6.ports.readers.past import CollectionSettings, PastReader, StoredChains
from g6.ports.readers.readings import RunningReader, StoredReader

__all__ = [
    "ArchiveReader",
    "CollectionSettings",
    "ColumnSummary",
    "CsvFiles",
    "FileTotals",
    "Holding",
    "ListingReader",
    "PastReader",
    "RunningReader",
    "SnapshotColumns",
    "StoredChains",
    "StoredReader",
    "UnitReader",
]
