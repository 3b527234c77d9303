"""Readers of stored rows and of the running system, as the doors hand them to studies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from g6.adapters.exchange_files import freeze_quantity
from g6.adapters.memory.sender import MemorySender
from g6.adapters.parquet.store import ParquetStore
from g6.adapters.parquet.stored_reader import DirectoryReader
from g6.bootstrap.process_runtime import build_runtime
from g6.bootstrap.stores import store
from g6.bootstrap.wiring import wire
from g6.config import Settings, calendar, load
from g6.ports import Store
from g6.ports.readings import RunningReader, StoredReader


def reader(kind: str, settings: Settings) -> object:
    """Return the reader of a study's kind. Errors: RedisDown, Unavailable for a running system."""
    return READERS[kind](settings)


def reader_of_directory(kind: str, directory: Path) -> object:
    """Return the reader of a data directory, with defaults where the kind needs settings."""
    if kind == "stored":
        return directory_reader(directory)
    return reader(kind, load(None, {"data_dir": directory, "demo_dir": directory}))


def running_reader(settings: Settings) -> RunningReader:
    """Return the ports of the system that runs in a data directory or on a configured Redis."""
    return build_runtime(wire(settings), MemorySender())


def stored_reader(settings: Settings) -> StoredReader:
    """Return the reader of the configured data directory, through the configured sinks."""
    return _reader(settings.directory, store(settings))


def directory_reader(directory: Path) -> StoredReader:
    """Return the reader of a data directory alone, whatever is configured."""
    return _reader(directory, ParquetStore(directory))


def _reader(directory: Path, rows: Store) -> StoredReader:
    return DirectoryReader(directory, rows, calendar(), freeze_quantity)


READERS: Mapping[str, Callable[[Settings], object]] = {
    "stored": stored_reader,
    "running": running_reader,
}
"""By the kind that a study names in `table.STUDIES`."""
