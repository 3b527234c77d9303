"""Why nobody opened a cycle, from when beats lived and when Redis was away."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[float, float]


def why_unopened(
    due: float, lived: Iterable[Span], outages: Iterable[tuple[float, float, str]]
) -> str:
    """Return the reason of a cycle that was due at `due` (epoch seconds) and that nobody opened, "" where nothing is known of it.

    `lived`: spans in which a beat sent; `outages`: spans with their reason (`redis_down`, `ledger_lost`), which come first. A cycle
    that a living beat sent and no worker took before its message expired is `no_worker`.
    """
    for first, last, reason in outages:
        if first <= due <= last:
            return reason
    return "no_worker" if any(first <= due <= last for first, last in lived) else ""
