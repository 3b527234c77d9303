"""Why nobody opened a cycle, from when beats lived and when Redis was away."""

from __future__ import annotations

from collections.abc import Iterable

from g6.domain.schema.words import Reason

Span = tuple[float, float]
SENT_WITHIN = 1.0
"""Seconds after its instant within which a beat sends a cycle: beat's longest sleep."""

STOOD_STILL_SECONDS = 5.0
"""Seconds without a sign or a send after which a beat stood still. It signs every two seconds.

A machine that slept for 20 s had its cycles of then said to be without a worker. On an overloaded
host a beat that sent all the time signed 5.7 s after its last sign: a unit of then was `no_beat`.
"""


SETTLED_SECONDS = 6.0
"""Seconds after which every beat that lives has signed: it signs every two, a socket waits five."""


def is_settled(now: float, *changes: float) -> bool:
    """Return whether beats have had their time to tell of an outage since each of these instants.

    A beat that was born in an outage signed first. The sweep that it sent asked before the older
    beat had told of the outage, and cycles of then were said to have had no beat.

    Args:
        now: Epoch seconds.
        changes: When a beat was born, or noted the end of an outage, epoch seconds.

    >>> is_settled(104.0, 101.5), is_settled(108.0, 101.5)
    (False, True)
    """
    return not any(0.0 <= now - at < SETTLED_SECONDS for at in changes)


def may_vouch(due: float, signed: float | None, now: float) -> bool:
    """Return whether the next sign of a beat may still vouch for a cycle that no beat vouches for.

    On an overloaded host the only beat sent a cycle 3.6 s late. A sweep said that no beat had been
    there, 0.6 s before the sign that told of it.

    Args:
        due: When the cycle was due, epoch seconds.
        signed: The newest sign of a beat, epoch seconds, None where there is none.
        now: Epoch seconds.

    >>> may_vouch(50.0, 50.6, 51.8), may_vouch(50.0, 50.6, 57.0), may_vouch(50.0, 56.0, 57.0)
    (True, False, False)
    """
    if signed is None or signed >= due + STOOD_STILL_SECONDS:
        return False
    return 0.0 <= now - signed < SETTLED_SECONDS


def known_end(met: float, now: float) -> float:
    """Return until when a beat that signs now knows of an outage that it met last at `met`.

    A beat that met a short outage and then stood still for 22 s told all of them as `redis_down`,
    also of a unit whose message was lost meanwhile while another beat and Redis were there.

    >>> known_end(100.0, 102.0), known_end(100.0, 122.0)
    (102.0, 100.0)
    """
    return met if now - met > STOOD_STILL_SECONDS else now


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
    >>> why_unopened(5.0, [(0.0, 9.0)], [(5.02, 7.0, Reason.REDIS_DOWN)])
    <Reason.REDIS_DOWN: 'redis_down'>
    """
    for first, last, reason in outages:
        # A beat gave its sign and then sent the cycle, and Redis went away between the two: a cycle
        # that was due 20 ms before the outage was said to be without a worker.
        if first - SENT_WITHIN <= due <= last:
            return reason
    if any(first <= due <= last for first, last in lived):
        return Reason.NO_WORKER
    return ""
