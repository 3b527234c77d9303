"""A study's main table as a file: CSV, lines of JSON, Arrow or a sheet."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pyarrow as pa

from g6.domain.documents.json_plain import json_plain
from g6.rendering import plain
from g6.rendering.table_files import sheet_bytes
from g6.studies.documents import DocumentColumn, StudyDocument

__all__ = ["FILES", "arrow_table"]

About = Mapping[str, str]
"""What a file says of its rows beside them, line by line."""


def arrow_table(document: StudyDocument) -> pa.Table:
    """Return a document's main table, UTC instants, with NaN as missing.

    A column of values of several kinds becomes text.
    """
    columns = {name: _array(column) for name, column in document.columns().items()}
    return pa.table(columns)


def _array(column: DocumentColumn) -> pa.Array:
    values = column.tolist() if isinstance(column, np.ndarray) else list(column)
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([_text(value) for value in values], pa.string())


def _text(value: object) -> str | None:
    if value is None or value != value:  # noqa: PLR0124 - NaN differs from itself
        return None
    return value if isinstance(value, str) else json.dumps(json_plain(value))


def _csv(document: StudyDocument, _: About) -> bytes:
    text = io.StringIO()
    plain.write_csv(document, text)
    return text.getvalue().encode()


def _lines(document: StudyDocument, _: About) -> bytes:
    columns = document.columns()
    lines = zip(*map(_plain_values, columns.values()), strict=True)
    return b"".join(_line(columns, values) for values in lines)


def _plain_values(column: DocumentColumn) -> list[object]:
    values = json_plain(column if isinstance(column, np.ndarray) else list(column))
    return values if isinstance(values, list) else []


def _line(names: Iterable[str], values: Iterable[object]) -> bytes:
    row = dict(zip(names, values, strict=True))
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _arrow(document: StudyDocument, about: About) -> bytes:
    table = arrow_table(document)
    table = table.replace_schema_metadata({f"g6.{name}": text for name, text in about.items()})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def _sheet(document: StudyDocument, about: About) -> bytes:
    return sheet_bytes(arrow_table(document), about)


FILES: Mapping[str, Callable[[StudyDocument, About], bytes]] = {
    "csv": _csv,
    "ndjson": _lines,
    "arrow": _arrow,
    "xlsx": _sheet,
}
"""By the suffix of an address: what makes the file of a document."""
