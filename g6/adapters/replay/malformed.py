"""The one error of reading a recording, before it is known which file it stands in."""

from __future__ import annotations


class Malformed(ValueError):
    """A document or table is not as it should be, at `row`, or as a whole where that is None."""

    def __init__(self, row: int | str | None, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        self.reason = reason
