"""A series of numbers in one line of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

__all__ = ["sparkline"]

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float | None], width: int) -> str:
    """Return the newest values as bars between the least and the largest, the newest at the end.

    Args:
        values: Oldest first, None or NaN unknown. Where there are more than cells, a cell shows
            the newest of its share.
        width: Cells.

    >>> sparkline([1.0, 2.0, None, 8.0], 4)
    '▁▂ █'
    >>> sparkline([5.0, 5.0], 4)
    '  ▄▄'
    """
    if width <= 0:
        return ""
    stride = max(1, -(-len(values) // width))
    newest_first = list(reversed(values))[::stride][:width]
    numbers = [value for value in newest_first if value is not None and isfinite(value)]
    if not numbers:
        return " " * width
    low = min(numbers)
    span = max(numbers) - low
    cells = []
    for value in reversed(newest_first):
        if value is None or not isfinite(value):
            cells.append(" ")
        elif span == 0:
            cells.append(BARS[3])
        else:
            cells.append(BARS[round((value - low) / span * (len(BARS) - 1))])
    return "".join(cells).rjust(width)
