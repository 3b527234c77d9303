"""The section of the tick stream."""

from __future__ import annotations

from pydantic import Field

from g6.config.sections import Section


class Ticker(Section):
    """The tick stream (provider kite): ticks go into the quote cache, collectors read it and ask REST for what is stale."""

    enabled: bool = Field(
        default=True,
        description="kite: stream, beside g6 up and run; off: everything is asked for over REST",
    )
    connections: int = Field(
        default=3,
        ge=1,
        le=3,
        description="connections at most; the broker allows three to an API key",
    )
    tokens: int = Field(
        default=3000, ge=1, le=3000, description="instruments of one connection at most"
    )
    flush_seconds: float = Field(
        default=0.1, ge=0.02, le=5, description="between two writes of what changed to the cache"
    )
    silent_seconds: float = Field(
        default=8.0,
        ge=3,
        le=60,
        description="in a session, an open connection that brings nothing for so long is renewed",
    )
    max_age: float = Field(
        default=5.0,
        ge=1,
        le=60,
        description="a row is asked for over REST when its connection was not heard of for so long",
    )
