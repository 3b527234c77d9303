"""Texts that are a word of an enum or empty, as rows, events and the ledger have them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from g6.domain.schema.words import Reason

NoWord: TypeAlias = Literal[""]
"""The empty text that is stored and sent where there is no status or no reason yet."""
REASONS = frozenset(map(str, Reason))


def reason_of(text: str) -> Reason | NoWord:
    """Return the reason that a text says, the empty text where it says none.

    Raises:
        ValueError: It is no reason.

    >>> reason_of("late"), reason_of("")
    (<Reason.LATE: 'late'>, '')
    """
    return Reason(text) if text else ""


def stored_reason(text: str | None) -> Reason | NoWord:
    """Return the reason of a stored row, the empty text where it says none of a live unit.

    A row that was filled in later says `backfill`, with which no live unit ends.

    >>> stored_reason("late"), stored_reason("backfill"), stored_reason(None)
    (<Reason.LATE: 'late'>, '', '')
    """
    return Reason(text) if text in REASONS else ""
