"""Rows in CSV files."""

from g6.adapters.csv.csv_store import CsvStore

__all__ = ["CsvStore"]
