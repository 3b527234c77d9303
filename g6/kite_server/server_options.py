"""The options that a server is started with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from g6.kite_server.logins import FLUSH
from g6.ports.sources import Provider


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The options of a server.

    Attributes:
        host: Address to listen on.
        port: Port of HTTP, 0 for a free one.
        ws_port: Port of the WebSocket, 0 for a free one.
        start: Market time at the start, None for the wall's.
        speed: Market seconds per wall second.
        seed: Seed of the simulated market.
        market_faults: Faults of the simulated market, in its own words.
        faults: Faults of the server, as `server_faults.parse` reads them.
        invented: How many invented roots the simulated market serves beside the others.
        recording: Answers from a recorded day, instead of the simulated market.
        dump: Instrument rows to serve instead of the market's.
        credentials: File of the credentials to accept instead of `demo`.
        flush_at: Clock time (IST) at which access tokens die.
        steady: Whether every subscribed instrument ticks once a second, changed or not.
        renewable: Whether sessions carry a refresh token.
        index_depth: One of `payloads.SHAPES`.
        callback: Where the login page sends the browser.
        certificate: What certifies the stored day that is served, a header of every answer.
    """

    host: str = "127.0.0.1"
    port: int = 0
    ws_port: int = 0
    start: datetime | None = None
    speed: float = 1.0
    seed: int = 7
    market_faults: str = ""
    faults: tuple[str, ...] = ()
    invented: int = 0
    recording: Provider | None = None
    dump: Path | None = None
    credentials: Path | None = None
    flush_at: time = FLUSH
    steady: bool = False
    renewable: bool = False
    index_depth: str = "null"
    callback: str = ""
    certificate: str = ""
