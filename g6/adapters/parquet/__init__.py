"""Rows and instruments in Parquet files: the store, folding its files, and reading it back."""

from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.adapters.parquet.parquet_store import ParquetStore

__all__ = ["ParquetHistory", "ParquetStore"]
