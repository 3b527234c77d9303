"""Numbers, instants and words as every screen writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import IST

__all__ = [
    "CRORE",
    "LAKH",
    "around",
    "countdown",
    "counts_in_words",
    "heading",
    "in_india",
    "megabytes",
    "number",
    "percent",
    "spelled",
    "strike_cell",
]

LAKH = 1e5
CRORE = 1e7
MINUTES_PER_HOUR = 60


def number(value: float | None, places: int = 2, sign: bool = False) -> str:
    """Return a number with fixed places, a dash where there is none.

    >>> number(24006.667), number(12.5, 1, sign=True), number(None)
    ('24,006.67', '+12.5', '–')
    """
    if value is None or isnan(value):
        return "–"
    return f"{value:{'+' if sign else ''},.{places}f}"


def percent(value: float | None) -> str:
    """Return a fraction as a percentage.

    >>> percent(0.0895)
    '8.9'
    """
    return "–" if value is None or isnan(value) else f"{100 * value:.1f}"


def counts_in_words(counts: Mapping[str, object]) -> str:
    """Return names with their counts, as a sentence lists them.

    >>> counts_in_words({"NIFTY": 4, "SENSEX": 2})
    'NIFTY 4, SENSEX 2'
    """
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def countdown(seconds: float) -> str:
    """Return seconds as hours and minutes.

    >>> countdown(65_100), countdown(720)
    ('18 h 05 min', '12 min')
    """
    hours, minutes = divmod(int(seconds // 60), MINUTES_PER_HOUR)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def megabytes(size: float) -> str:
    """Write bytes as a person reads them: `79.5 GB`, `12.5 MB`, `7.1 kB`."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


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
    # Without a forward there is no ATM, and every offset is NaN: argmin of that raises.
    distance = np.abs(np.asarray(offset, dtype=np.float64))
    return int(np.nanargmin(distance)) if np.isfinite(distance).any() else len(distance) // 2
