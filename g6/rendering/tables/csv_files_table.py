"""The inventory of CSV files on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from g6.rendering.parts import Line, NoView, Part
from g6.rendering.wording import counts_in_words
from g6.studies.stored.days.csv_files import CsvInventory


def parts(document: CsvInventory, _: NoView) -> Iterator[Part]:
    """Yield a line per fact."""
    for name, value in asdict(document.files).items():
        yield Line(f"{name:<18} {_text(value)}")


def json_value(document: CsvInventory) -> object:
    """Return the facts under the names that are published."""
    return document.files


def _text(value: object) -> object:
    if isinstance(value, Mapping):
        return counts_in_words(value)
    return value
