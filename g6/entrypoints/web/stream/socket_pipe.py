"""A pipe over a WebSocket, which carries the same sequence as the event stream."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.stream_messages import Batch, StreamMessage

__all__ = ["SocketPipe"]


class SocketPipe:
    """Carries events to one listener as messages of a WebSocket."""

    def __init__(self, socket: WebSocket) -> None:
        self.is_closed = False
        self._socket = socket
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._waiting = 0

    async def run(self, hub: Hub) -> None:
        """Write to the socket until one side ends it."""
        reading = asyncio.create_task(self._read_to_the_end(hub))
        try:
            with suppress(WebSocketDisconnect):
                while (message := await self._queue.get()) is not None:
                    await self._socket.send_text(message)
                    self._waiting -= len(message)
        finally:
            self.is_closed = True
            reading.cancel()

    async def _read_to_the_end(self, hub: Hub) -> None:
        """Read what a client says, which is that it applied a traced event, until it goes."""
        with suppress(WebSocketDisconnect):
            while True:
                text = await self._socket.receive_text()
                with suppress(ValueError, AttributeError):
                    hub.applied(str(json.loads(text).get("applied", "")))
        self.close()

    def waiting(self) -> int:
        """Return what waits for the socket, in characters."""
        return self._waiting

    def write(self, message: StreamMessage) -> int:
        """Queue one event."""
        return self._put(message.message)

    def write_batch(self, batch: Batch, topics: tuple[str, ...], last: int) -> int:
        """Queue those events that a listener chose and has not yet."""
        return sum(map(self._put, batch.texts(topics, last)))

    def _put(self, text: str) -> int:
        self._waiting += len(text)
        self._queue.put_nowait(text)
        return len(text)

    def close(self) -> None:
        """End the connection after what is queued."""
        self.is_closed = True
        self._queue.put_nowait(None)
