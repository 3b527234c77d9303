"""How reports' values become those of samples."""

from __future__ import annotations

from math import nan

from g6.domain.cycles.cycle import parse_z

__all__ = ["BUS", "epoch", "number"]

BUS = "events"
"""The one bus, as its families' label has it."""


def number(value: object) -> float:
    """Return a number as a float, NaN for what is none.

    >>> number(3), number(None)
    (3.0, nan)
    """
    return float(value) if isinstance(value, int | float) else nan


def epoch(instant: str) -> float:
    """Return an ISO instant in epoch seconds.

    >>> epoch("1970-01-01T00:01:00Z")
    60.0
    """
    return parse_z(instant).timestamp()
