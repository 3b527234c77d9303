"""The state of a stream, for people and metrics."""

from __future__ import annotations

from collections.abc import Mapping

from g6.domain.quotes.tick import Feed
from g6.domain.reports import StreamFacts
from g6.domain.reports.provider_facts import ConnectionFacts

DEAD_SECONDS = 5.0
"""A ticker tells of itself four times a second. One that did not for so long does not run."""


def stream_facts(feeds: Mapping[int, Feed], now: float) -> StreamFacts:
    """Return how a stream is.

    Args:
        feeds: The connections by number.
        now: Wall time in epoch seconds.
    """
    connections = {str(number): _connection(feed, now) for number, feed in feeds.items()}
    return StreamFacts(
        connections,
        tokens=sum(feed.tokens for feed in feeds.values()),
        ticks_per_second=round(sum(feed.ticks_per_second for feed in feeds.values()), 1),
        newest_tick=max((feed.newest for feed in feeds.values()), default=0.0) or None,
    )


def _connection(feed: Feed, now: float) -> ConnectionFacts:
    """Return how a connection is: dead where its process told nothing lately."""
    return ConnectionFacts(
        state=feed.state if now - feed.told <= DEAD_SECONDS else "dead",
        reason=feed.reason,
        tokens=feed.tokens,
        ticks_per_second=feed.ticks_per_second,
        last_frame_age=round(now - feed.last_frame, 3) if feed.last_frame else None,
        reconnects=dict(feed.reconnects or {}),
        dropped=feed.dropped,
        texts=dict(feed.texts or {}),
    )
