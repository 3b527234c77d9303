"""Instants and words as the screens of studies write them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import IST

__all__ = ["around", "heading", "in_india", "spelled", "strike_cell"]


def in_india(cycle: str) -> str:
    """Return a cycle's instant as a person in India reads it.

    >>> in_india("2026-11-18T05:30:00Z")
    'Wed 18 Nov 2026 11:00:00 IST'
    """
    return f"{parse_z(cycle).astimezone(IST):%a %d %b %Y %H:%M:%S} IST"


def heading(index: str, what: str, cycle: str) -> str:
    """Return the title of a picture: what it shows, of which index and when."""
    return f"{index} {what} · {parse_z(cycle).astimezone(IST):%a %d %b %Y %H:%M} IST"


def spelled(word: str) -> str:
    """Return a word of a column as a person writes it, a dash for none.

    >>> spelled("long_build_up")
    'long build up'
    """
    return word.replace("_", " ") or "–"


def strike_cell(strike: float, *, is_centre: bool) -> str:
    """Return a strike for the middle column of a chain, the one at the money between arrows."""
    return f"▶ {strike:g} ◀" if is_centre else f"{strike:g}"


def around(offset: NDArray[np.float64] | Sequence[float]) -> int:
    """Return the row at the money: the least offset, the middle one where no offset is known."""
    distance = np.abs(np.asarray(offset, dtype=np.float64))
    return int(np.nanargmin(distance)) if np.isfinite(distance).any() else len(distance) // 2
