"""Builds the stores of rows: the configured sinks as one, and the reader of what was stored."""

from __future__ import annotations

import resource

from g6.adapters.csv import CsvStore
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.config import Settings
from g6.ports.store import Store

MOST_OPEN_FILES = 4096
"""CSV files that a process keeps open at most. Six indices of 400 options have 1,400 a day."""


def store(settings: Settings) -> Store:
    """Return the configured sinks as one store."""
    # Reading asks them in this order. Parquet keeps every strike, CSV the window around the money.
    sinks: list[Store] = []
    if settings.storage.parquet.enabled:
        sinks.append(ParquetStore(settings.directory))
    if settings.storage.csv.enabled:
        sinks.append(CsvStore(settings.csv_dir, _most_open()))
    return Tee(*sinks)


def _most_open() -> int:
    """Return how many files may stay open: half of what a process may have, within a bound."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_OPEN_FILES if soft == resource.RLIM_INFINITY else min(MOST_OPEN_FILES, soft // 2)


def parquet_store(settings: Settings) -> ParquetStore:
    """Return the Parquet store alone, which imports write to."""
    return ParquetStore(settings.directory)
