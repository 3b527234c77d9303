"""Readers of the stored rows, as the doors hand them to studies."""

from __future__ import annotations

from pathlib import Path

from g6.adapters.exchange_files import freeze_quantity
from g6.adapters.parquet.store import ParquetStore
from g6.adapters.parquet.stored_reader import DirectoryReader
from g6.bootstrap import process_runtime
from g6.config import Settings, calendar
from g6.ports import Store
from g6.ports.readings import StoredReader


def stored_reader(settings: Settings) -> StoredReader:
    """Return the reader of the configured data directory, through the configured sinks."""
    return _reader(settings.directory, process_runtime.store(settings))


def directory_reader(directory: Path) -> StoredReader:
    """Return the reader of a data directory alone, whatever is configured."""
    return _reader(directory, ParquetStore(directory))


def _reader(directory: Path, store: Store) -> StoredReader:
    return DirectoryReader(directory, store, calendar(), freeze_quantity)
