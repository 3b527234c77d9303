"""Rows in CSV files."""

from g6.adapters.csv_store.store import CsvStore

__all__ = ["CsvStore"]
