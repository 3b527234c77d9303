"""Documents as JSON and CSV: instants as ISO text with `Z`, null or an empty cell for NaN."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from math import isnan
from typing import TextIO

import numpy as np

from g6.domain.documents.json_plain import json_plain
from g6.studies.documents import DocumentColumn, StudyDocument

__all__ = ["as_json", "write_csv"]


def as_json(document: object, indent: int | None = None) -> str:
    """Return a document as JSON, on one line unless it is indented."""
    return json.dumps(json_plain(document), indent=indent)


def write_csv(document: StudyDocument, file: TextIO, line_end: str = "\n") -> None:
    """Write a document's main table as CSV."""
    columns = document.columns()
    writer = csv.writer(file, lineterminator=line_end)
    writer.writerow(columns)
    cells = [list(map(_cell, _values(column))) for column in columns.values()]
    writer.writerows(zip(*cells, strict=True))


def _values(column: DocumentColumn) -> Sequence[object]:
    if isinstance(column, np.ndarray):
        values: list[object] = column.tolist()
        return values
    return column


def _cell(value: object) -> object:
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    return json_plain(value)
