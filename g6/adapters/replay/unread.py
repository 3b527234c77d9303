"""The parts of a recording that were not read, or flagged, each with place and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from g6.adapters.replay.malformed import Malformed

UnreadKind = Literal[
    "copy", "no_answer", "no_index", "not_asked", "expired", "contradiction", "flagged", "damaged"
]
"""The kind of a part that was not read, or not for what it says.

- copy: an earlier file has it.
- no_answer: the file is no answer of an exchange.
- no_index: the underlying of a file or of `count` rows is no index of ours.
- not_asked: the index was not requested.
- expired: the last day of the options was over.
- contradiction: an earlier row has the option and instant with other figures, and counts.
- flagged: an option is read, with a figure that cannot be: that is flagged and in no sum.
- damaged: something that was requested is missing.
"""

WORDS: Mapping[UnreadKind, str] = {
    "copy": "copies of what was there already",
    "not_asked": "files of indices not asked for",
    "no_index": "files or rows of other underlyings",
    "no_answer": "files without an answer",
    "expired": "options that had expired",
    "contradiction": "rows that contradict an earlier one, which counts",
    "flagged": "options with a figure that cannot be",
    "damaged": "damaged files, rows or figures",
}
"""The words for each kind in messages. The kind that costs most comes last."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was left out (`row` None), or `count` options or figures at `row` of one."""

    path: Path
    row: int | str | None
    reason: str
    kind: UnreadKind
    count: int = 1

    def __str__(self) -> str:
        where = f"{self.path.name}, row {self.row}" if self.row is not None else self.path.name
        return f"{where}: {self.reason}"

    @property
    def is_bad(self) -> bool:
        """Whether somebody should mend it: what was asked for is missing, or cannot be."""
        return self.kind in ("damaged", "flagged")

    @property
    def outcome(self) -> str:
        """What became of it, as messages begin."""
        return outcome_of(is_read=self.kind == "flagged")


class NotRead(Malformed):
    """A whole document is left out, for a reason of this kind."""

    def __init__(self, reason: str, kind: UnreadKind, row: int | str | None = None) -> None:
        super().__init__(row, reason)
        self.kind = kind


def outcome_of(*, is_read: bool) -> str:
    """Return what became of a part that is told of, as messages begin.

    >>> outcome_of(is_read=False), outcome_of(is_read=True)
    ('not read', 'read and flagged')
    """
    return "read and flagged" if is_read else "not read"


def kind_of(error: Malformed) -> UnreadKind:
    """Return the kind of an error, damaged where it has none."""
    return error.kind if isinstance(error, NotRead) else "damaged"


def totals(left_out: Iterable[LeftOut]) -> dict[UnreadKind, int]:
    """Return how many parts were left out, by the kinds that occur.

    >>> expired = LeftOut(Path("a.json"), 3, "…", "expired", 20)
    >>> totals([expired, LeftOut(Path("b.json"), None, "…", "copy")])
    {'expired': 20, 'copy': 1}
    """
    counts: Counter[UnreadKind] = Counter()
    for part in left_out:
        counts[part.kind] += part.count
    return dict(counts)
