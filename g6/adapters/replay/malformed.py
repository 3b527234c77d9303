"""The one error of reading a recording, before it is known which file it stands in."""

from __future__ import annotations


class Malformed(ValueError):
    """A document or table is not what it should be; `row` says where in it, None nowhere in particular."""

    def __init__(self, row: int | str | None, reason: str) -> None:
        super().__init__(reason)
        self.row, self.reason = row, reason
