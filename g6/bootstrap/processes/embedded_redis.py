"""Starts the Redis of a machine that has none configured."""

from __future__ import annotations

from pathlib import Path

from g6.adapters.redis.server import EmbeddedServer
from g6.config import Settings


def embedded_redis(settings: Settings, directory: Path) -> EmbeddedServer:
    """Start a server whose append-only file is in a directory, until its block ends.

    Raises:
        Unavailable: No server program is found, or it does not start.
    """
    return EmbeddedServer.start(directory, max_memory=settings.redis.max_memory)
