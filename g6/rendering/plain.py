"""Documents as JSON and CSV: instants as ISO text with `Z`, null or an empty cell for NaN."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from math import isfinite, isnan
from typing import TextIO

import numpy as np

from g6.domain.cycles.cycle import isoformat_z
from g6.studies.documents import Column, Document

__all__ = ["as_json", "plain", "write_csv"]


def as_json(document: object) -> str:
    """Return a document as one line of JSON."""
    return json.dumps(plain(document))


def plain(value: object) -> object:
    """Return a document for JSON: dicts and lists, null for NaN, ISO text for days and instants."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_key(name): plain(member) for name, member in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return [plain(member) for member in value]
    if isinstance(value, datetime):
        return isoformat_z(value)
    if isinstance(value, date):
        return value.isoformat()
    # NaN is no JSON: json.dumps would write it, and other languages refuse the line.
    return None if isinstance(value, float) and not isfinite(value) else value


def _key(name: object) -> object:
    return name.isoformat() if isinstance(name, date) else name


def write_csv(document: Document, file: TextIO, line_end: str = "\n") -> None:
    """Write a document's main table as CSV."""
    columns = document.columns()
    writer = csv.writer(file, lineterminator=line_end)
    writer.writerow(columns)
    cells = [[_cell(value) for value in _values(column)] for column in columns.values()]
    writer.writerows(zip(*cells, strict=True))


def _values(column: Column) -> Sequence[object]:
    if isinstance(column, np.ndarray):
        values: list[object] = column.tolist()
        return values
    return column


def _cell(value: object) -> object:
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    return plain(value)
