"""Why nobody opened a cycle, from when beats lived and when Redis was away."""

from __future__ import annotations

from collections.abc import Iterable

from g6.domain.schema.words import Reason

Span = tuple[float, float]


def why_unopened(
    due: float, lived: Iterable[Span], outages: Iterable[tuple[float, float, str]]
) -> str:
    """Return why nobody opened a cycle, empty where nothing is known of it.

    A cycle that a living beat sent and no worker took before its message expired is `no_worker`.

    Args:
        due: When the cycle was due, epoch seconds.
        lived: Spans in which a beat sent.
        outages: Spans with their reason, `redis_down` or `ledger_lost`. They come first.

    >>> why_unopened(5.0, [(0.0, 9.0)], [])
    <Reason.NO_WORKER: 'no_worker'>
    """
    for first, last, reason in outages:
        if first <= due <= last:
            return reason
    if any(first <= due <= last for first, last in lived):
        return Reason.NO_WORKER
    return ""
