"""What the server is started with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from g6.kite_server.logins import FLUSH


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """`port`, `ws_port`: 0 takes a free one; `start`: market time at the start, None the wall's; `speed`: market seconds a second.

    `market_faults`: faults of the simulated market in its own words; `faults`: those of the server, as `faults.parse` reads them;
    `recording`: a day to replay instead of the simulated market; `dump`: instrument rows to serve; `credentials`: what to accept
    instead of `demo`; `steady`: every subscribed instrument ticks once a second whether it changed or not; `renewable`:
    sessions carry a refresh token; `index_depth`: one of `payloads.SHAPES`; `callback`: where the login page sends the browser.
    """

    host: str = "127.0.0.1"
    port: int = 0
    ws_port: int = 0
    start: datetime | None = None
    speed: float = 1.0
    seed: int = 7
    market_faults: str = ""
    faults: tuple[str, ...] = ()
    recording: Path | None = None
    dump: Path | None = None
    credentials: Path | None = None
    flush_at: time = FLUSH
    steady: bool = False
    renewable: bool = False
    index_depth: str = "null"
    callback: str = ""
