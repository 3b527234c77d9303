"""Files of old days on a terminal, by day and kind and in total."""

from __future__ import annotations

from collections.abc import Iterator

from g6.rendering.parts import Block, NoView, Part
from g6.rendering.wording import counted, megabytes
from g6.studies.stored.days.pruning_plan import PruningPlan


def parts(document: PruningPlan, _: NoView) -> Iterator[Part]:
    """Yield a line per day and kind, then the total."""
    for day in document.days:
        yield Block(f"{day.day}  {day.kind:<9} {day.files:>6} files  {megabytes(day.bytes)}")
    outcome = "deleted" if document.is_done else "would be deleted"
    yield Block(f"{counted(len(document.files), 'file')}, {megabytes(document.bytes)} {outcome}")


def json_value(document: PruningPlan) -> object:
    """Return the days and the total under the names that are published."""
    return {
        "days": document.days,
        "files": len(document.files),
        "bytes": document.bytes,
        "deleted": document.is_done,
    }
