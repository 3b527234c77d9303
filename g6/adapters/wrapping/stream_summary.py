"""The state of a stream, for people and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from g6.domain.quotes.tick import Feed

DEAD_SECONDS = 5.0
"""A ticker tells of itself four times a second. One that did not for so long does not run."""


def summary(feeds: Mapping[int, Feed], now: float) -> dict[str, Any]:
    """Return the connections of a stream and their sums, ages in seconds, None where unknown.

    A connection's `state` is dead where its process told nothing.
    """
    return {
        "connections": {str(number): _connection(feed, now) for number, feed in feeds.items()},
        "tokens": sum(feed.tokens for feed in feeds.values()),
        "ticks_per_second": round(sum(feed.ticks_per_second for feed in feeds.values()), 1),
        "newest_tick": max((feed.newest for feed in feeds.values()), default=0.0) or None,
    }


def _connection(feed: Feed, now: float) -> dict[str, object]:
    is_told_of = now - feed.told <= DEAD_SECONDS
    return {
        "state": feed.state if is_told_of else "dead",
        "reason": feed.reason,
        "tokens": feed.tokens,
        "ticks_per_second": feed.ticks_per_second,
        "last_frame_age": round(now - feed.last_frame, 3) if feed.last_frame else None,
        "reconnects": dict(feed.reconnects or {}),
        "dropped": feed.dropped,
        "texts": dict(feed.texts or {}),
    }
