"""Which cycles a restore of a CSV file would revert."""

from __future__ import annotations

from collections.abc import Sequence


def reverted_lines(stored: bytes, backup: bytes) -> Sequence[str]:
    r"""Return the cycles of which a file has other lines than a backup of it, in its order.

    Args:
        stored: The content of the CSV file. A torn or damaged line of it is none.
        backup: What it is to be replaced by.

    >>> reverted_lines(b"timestamp,ce\n2026-11-18T05:30:00Z,1\n2026-11-18T05", b"timestamp,ce\n")
    ['2026-11-18T05:30:00Z']
    """
    head, *lines = stored.split(b"\n")
    before = frozenset(backup.split(b"\n"))
    cycles: dict[str, None] = {}
    for line in lines:
        instant, _, _ = line.partition(b",")
        is_whole = line.count(b",") == head.count(b",") and instant[:1].isdigit()
        if is_whole and line not in before:
            cycles[instant.decode("ascii", errors="replace")] = None
    return list(cycles)
