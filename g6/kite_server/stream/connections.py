"""One connection of the WebSocket: what it wants, what waits to be sent to it, and what was."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from g6.kite_server.stream.root_feed import PacketTable

_WAITING = 64


@dataclass(frozen=True, slots=True)
class SentFrame:
    """One frame that left: when (epoch seconds of the wall), on which connection, and tokens and times of its packets."""

    at: float
    connection: int
    token: NDArray[np.uint32]
    stamp: NDArray[np.uint32]


@dataclass(eq=False)
class Client:
    """One connection and what it wants: the mode's number by token."""

    number: int
    socket: ServerConnection
    api_key: str
    since: float = field(default_factory=time.time)
    wants: dict[int, int] = field(default_factory=dict)
    waiting: asyncio.Queue[tuple[Any, ...]] = field(default_factory=lambda: asyncio.Queue(_WAITING))
    sent_at: float = 0.0
    closing: asyncio.Future[None] | None = None
    _marks: dict[tuple[str, int], tuple[PacketTable, NDArray[np.int8]]] = field(
        default_factory=dict
    )

    def modes_of(self, root: str, place: int, sheet: PacketTable) -> NDArray[np.int8]:
        """Return the number of the mode wanted for each row of a sheet."""
        known = self._marks.get((root, place))
        if known is None or known[0] is not sheet:
            modes = np.array(
                [self.wants.get(token, 0) for token in sheet.tokens.tolist()], dtype=np.int8
            )
            known = self._marks[root, place] = (sheet, modes)
        return known[1]

    def forget(self) -> None:
        """Count modes afresh after a change of wishes."""
        self._marks.clear()

    def put(self, *message: Any) -> None:
        """Queue something to be sent; a client that does not read loses its oldest frames."""
        if self.waiting.full():
            self.waiting.get_nowait()
        self.waiting.put_nowait(message)


def pair_of(request: Request | None) -> tuple[str, str]:
    """Return API key and access token of a handshake."""
    query = parse_qs(urlsplit(request.path if request else "").query)
    return query.get("api_key", [""])[0], query.get("access_token", [""])[0]
