"""Rows in CSV files."""

from g6.adapters.csv.store import CsvStore

__all__ = ["CsvStore"]
