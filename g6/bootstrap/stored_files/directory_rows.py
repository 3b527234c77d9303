"""The reader of the rows of a data directory, over any store of it."""

from __future__ import annotations

from pathlib import Path

from g6.adapters.clocks import WallClock
from g6.adapters.exchange.exchange_files import freeze_quantity
from g6.adapters.parquet.queries.stored_reader import DirectoryReader
from g6.config import calendar
from g6.ports import Store

__all__ = ["rows_of"]


def rows_of(directory: Path, store: Store) -> DirectoryReader:
    """Return the reader of a directory's rows, chains through a store."""
    return DirectoryReader(directory, store, calendar(), freeze_quantity, WallClock())
