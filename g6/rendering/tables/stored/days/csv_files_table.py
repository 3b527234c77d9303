"""The inventory of CSV files on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from g6.rendering.parts import Line, NoView, Part
from g6.rendering.wording import counts_in_words, in_india, number
from g6.studies.stored.days.csv_files import CsvInventory


def parts(document: CsvInventory, _: NoView) -> Iterator[Part]:
    """Yield a line per fact."""
    files = document.files
    yield Line(f"CSV files in  {files.csv_dir}")
    yield Line(f"how many      {files.total_files:,}")
    yield Line(f"size          {number(files.total_size_mb)} MB")
    for name, at in (("oldest", files.oldest_file_utc), ("newest", files.newest_file_utc)):
        yield Line(f"{name} change {'–' if at is None else in_india(at)}")
    yield f"by index: {counts_in_words(files.per_index_counts) or '–'}"


def json_value(document: CsvInventory) -> object:
    """Return the facts under the names that are published."""
    return document.files
