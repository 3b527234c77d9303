"""The section of the tick stream."""

from __future__ import annotations

from pydantic import Field

from g6.config.sections import Section


class TickerSettings(Section):
    """The tick stream of kite. It fills the quote cache, and REST is asked for stale quotes."""

    enabled: bool = Field(
        default=True,
        description="kite: run the stream beside g6 up and g6 run; off: everything is asked for "
        "over REST",
    )
    # The bounds of these two are Kite's: three connections to an API key, 3,000 instruments each.
    connections: int = Field(
        default=3,
        ge=1,
        le=3,
        description="connections at most; Kite allows three to an API key",
    )
    tokens: int = Field(
        default=3000, ge=1, le=3000, description="instruments of one connection at most"
    )
    flush_seconds: float = Field(
        default=0.1,
        ge=0.02,
        le=5,
        description="seconds between two writes of changed quotes to the cache",
    )
    # Kite sends a heartbeat every couple of seconds on an idle connection.
    silent_seconds: float = Field(
        default=8.0,
        ge=3,
        le=60,
        description="seconds without a tick in a session after which an open connection is renewed",
    )
    max_age: float = Field(
        default=5.0,
        ge=1,
        le=60,
        description="seconds without a sign of a connection after which its instruments are asked "
        "for over REST",
    )
