"""Builds the stores of rows: the configured sinks as one, and the reader of what was stored."""

from __future__ import annotations

from g6.adapters.csv import CsvStore
from g6.adapters.parquet import ParquetStore
from g6.adapters.wrapping.tee import Tee
from g6.config import Settings
from g6.ports.store import Store


def store(settings: Settings) -> Store:
    """Return the configured sinks as one store."""
    # Reading asks them in this order. Parquet keeps every strike, CSV the window around the money.
    sinks: list[Store] = []
    if settings.storage.parquet.enabled:
        sinks.append(ParquetStore(settings.directory))
    if settings.storage.csv.enabled:
        sinks.append(CsvStore(settings.csv_dir))
    return Tee(*sinks)


def parquet_store(settings: Settings) -> ParquetStore:
    """Return the Parquet store alone, which imports write to."""
    return ParquetStore(settings.directory)
