"""Rows and instruments in Parquet files: the store, folding its files, and reading it back."""

from g6.adapters.parquet_store.history import ParquetHistory
from g6.adapters.parquet_store.store import ParquetStore

__all__ = ["ParquetHistory", "ParquetStore"]
