"""Readers for the studies: stored rows, past cycles, files, listings, sources, the system."""

from g6.ports.readers.archive_reader import (
    ArchiveReader,
    ColumnSummary,
    CsvFiles,
    DatedFile,
    FileTotals,
    Holding,
    SnapshotColumns,
    UnitReader,
)
from g6.ports.readers.board_reader import BoardReader
from g6.ports.readers.certificate_reader import CertificateReader
from g6.ports.readers.collection_reader import CollectionReader
from g6.ports.readers.damages import DamageReader, DamageSearch
from g6.ports.readers.day import DayReader
from g6.ports.readers.listing_reader import EndOfDayFile, EndOfDayReader, FileLots, ListingReader
from g6.ports.readers.machine import MachineReader
from g6.ports.readers.panel_reader import PanelReader
from g6.ports.readers.participant_reader import ParticipantReader
from g6.ports.readers.past import CollectionSettings, PastReader, StoredChains
from g6.ports.readers.process_logs import LogLine, LogReader
from g6.ports.readers.quality_reader import QualityReader
from g6.ports.readers.readings import RunningReader, StatusReader, StoredReader
from g6.ports.readers.source_reader import ProviderReader, SourceLine, SourceReader

__all__ = [
    "ArchiveReader",
    "BoardReader",
    "CertificateReader",
    "CollectionReader",
    "CollectionSettings",
    "ColumnSummary",
    "CsvFiles",
    "DamageReader",
    "DamageSearch",
    "DatedFile",
    "DayReader",
    "EndOfDayFile",
    "EndOfDayReader",
    "FileLots",
    "FileTotals",
    "Holding",
    "ListingReader",
    "LogLine",
    "LogReader",
    "MachineReader",
    "PanelReader",
    "ParticipantReader",
    "PastReader",
    "ProviderReader",
    "QualityReader",
    "RunningReader",
    "SnapshotColumns",
    "SourceLine",
    "SourceReader",
    "StatusReader",
    "StoredChains",
    "StoredReader",
    "UnitReader",
]
