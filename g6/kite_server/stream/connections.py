"""One connection of the WebSocket: its subscriptions, its queue, and the frames that left."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from g6.kite_server.stream.root_feed import PacketTable

_MOST_QUEUED = 64
"""Messages that wait for a client.

One that does not read loses its oldest.
"""

TokenNumbers = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class SentFrame:
    """One frame that left.

    Attributes:
        at: Epoch seconds of the wall.
        connection: Number of the connection.
        token: Tokens of its packets.
        stamp: Times of its packets, epoch seconds of the market.
    """

    at: float
    connection: int
    token: TokenNumbers
    stamp: TokenNumbers

    def as_json(self) -> dict[str, object]:
        """Return its values as JSON has them."""
        return {
            "sent_at": self.at,
            "connection": self.connection,
            "token": self.token.tolist(),
            "exchange_timestamp": self.stamp.tolist(),
        }


class Message(NamedTuple):
    """A message that waits.

    A frame of ticks carries its tokens and times.
    """

    payload: str | bytes
    token: TokenNumbers | None = None
    stamp: TokenNumbers | None = None


@dataclass(eq=False)
class StreamConnection:
    """One connection.

    Attributes:
        number: Its number since the start.
        socket: The WebSocket.
        api_key: The key of its handshake.
        since: Wall time of the handshake.
        modes: Number of the subscribed mode by token.
        queue: Messages that wait to be sent.
        sent_at: Wall time of the last message.
        closing: The close that is under way.
    """

    number: int
    socket: ServerConnection
    api_key: str
    since: float = field(default_factory=time.time)
    modes: dict[int, int] = field(default_factory=dict)
    queue: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(_MOST_QUEUED))
    sent_at: float = 0.0
    closing: asyncio.Future[None] | None = None
    _rows: dict[tuple[str, int], tuple[PacketTable, NDArray[np.int8]]] = field(default_factory=dict)

    def modes_of(self, root: str, position: int, table: PacketTable) -> NDArray[np.int8]:
        """Return the number of the subscribed mode for each row of a root's table."""
        counted_for, modes = self._rows.get((root, position), (None, None))
        if modes is None or counted_for is not table:
            numbers = [self.modes.get(token, 0) for token in table.tokens.tolist()]
            modes = np.array(numbers, dtype=np.int8)
            self._rows[root, position] = (table, modes)
        return modes

    def forget_rows(self) -> None:
        """Count modes afresh after a change of subscriptions."""
        self._rows.clear()

    def put(self, message: Message) -> None:
        """Queue a message."""
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(message)


def pair_of(request: Request | None) -> tuple[str, str]:
    """Return API key and access token of a handshake."""
    query = parse_qs(urlsplit(request.path if request else "").query)
    return query.get("api_key", [""])[0], query.get("access_token", [""])[0]
