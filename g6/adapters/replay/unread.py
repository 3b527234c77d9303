"""What a recording was read without: files, rows and figures, each with its place and its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from g6.adapters.replay.malformed import Malformed

Kind = Literal["copy", "no_answer", "no_index", "not_asked", "expired", "damaged"]
"""Why: there already; no answer of an exchange at all; an underlying that is no index of ours; an index that was not asked for;
options whose last day was over; damaged, so that something that was asked for is missing."""

WORDS: Mapping[Kind, str] = {
    "copy": "copies of what was there already",
    "not_asked": "files of indices not asked for",
    "no_index": "files of other underlyings",
    "no_answer": "files without an answer",
    "expired": "options that had expired",
    "damaged": "damaged files, rows or figures",
}
"""What people read for each, what costs most last."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One thing that was left out: a file (`row` None), or `count` options or figures at `row` of one."""

    path: Path
    row: int | str | None
    reason: str
    kind: Kind
    count: int = 1

    def __str__(self) -> str:
        where = f"{self.path.name}, row {self.row}" if self.row is not None else self.path.name
        return f"{where}: {self.reason}"


class NotRead(Malformed):
    """A document that is left out as a whole, with its kind."""

    def __init__(self, reason: str, kind: Kind, row: int | str | None = None) -> None:
        super().__init__(row, reason)
        self.kind = kind


def kind_of(error: Malformed) -> Kind:
    """Return the kind of an error: damaged, unless it says otherwise."""
    return error.kind if isinstance(error, NotRead) else "damaged"


def totals(left_out: Iterable[LeftOut]) -> dict[Kind, int]:
    """Return how many things were left out, by kind; kinds without any are not in it.

    >>> totals([LeftOut(Path("a.json"), 3, "…", "expired", 20), LeftOut(Path("b.json"), None, "…", "copy")])
    {'expired': 20, 'copy': 1}
    """
    counts: Counter[Kind] = Counter()
    for part in left_out:
        counts[part.kind] += part.count
    return dict(counts)
