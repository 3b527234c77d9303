"""The routes beside the event stream: WebSocket, the state as a whole, login by cookie."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files

from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import Response
from starlette.websockets import WebSocketDisconnect

from g6.domain.documents.stream_events import StreamEventType
from g6.entrypoints.web.auth import COOKIE
from g6.entrypoints.web.problems import problem
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.sequence import Batch, StreamMessage, without_id

__all__ = ["add_stream"]

QUEUE_LENGTH = 256
"""Messages that may wait for one WebSocket."""
SESSION_SECONDS = 43_200


def add_stream(app: FastAPI, hub: Hub, token: str) -> None:
    """Add `/resync`, `/ws` and `/login`. `/events` is answered by the port's own protocol.

    Args:
        app: The application of the web port.
        hub: What hands events out.
        token: What `/login` is answered with as a cookie, empty where none is needed.
    """

    @app.get("/resync", tags=["stream"])
    def resync() -> Response:
        """Return every panel as it is now, with the id to go on from."""
        event = hub.sequence.snapshot(is_recovered=True)
        hub.counts.snapshot_sent("resync")
        return Response(event.message, media_type="application/json")

    @app.get("/events", tags=["stream"])
    def events() -> Response:
        """Stream events: a snapshot, then what changes."""
        return problem(503, "this connection cannot become a stream", "open one of its own")

    @app.get("/g6-stream.js", tags=["stream"], include_in_schema=False)
    def client() -> Response:
        """Return the reference client for browsers."""
        script = files("g6.entrypoints.web").joinpath("static/g6-stream.js").read_bytes()
        return Response(script, media_type="text/javascript; charset=utf-8")

    @app.websocket("/ws")
    async def ws(socket: WebSocket, topics: str = "", last_event_id: str = "") -> None:
        await socket.accept()
        chosen = tuple(filter(None, topics.split(",")))
        await SocketListener(hub, socket, chosen).run(last_event_id)

    @app.post("/login", tags=["stream"], status_code=204)
    def login(request: Request) -> Response:
        """Take the token, which the request carries, into a cookie for a browser's stream."""
        answer = Response(status_code=204)
        if token:
            is_secure = request.url.scheme == "https"
            answer.set_cookie(
                COOKIE,
                token,
                max_age=SESSION_SECONDS,
                httponly=True,
                samesite="strict",
                secure=is_secure,
            )
        return answer


class SocketListener:
    """A listener over a WebSocket, which gets the same sequence."""

    def __init__(self, hub: Hub, socket: WebSocket, topics: tuple[str, ...]) -> None:
        self._hub = hub
        self._socket = socket
        self._topics = topics
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE_LENGTH)
        self._last = 0
        self._missed = False

    async def run(self, last_id: str) -> None:
        """Write to the socket until one side ends it."""
        sequence = self._hub.sequence
        events = sequence.after(last_id) if last_id else None
        if events is None:
            self._snapshot("lost" if last_id else "connected", is_recovered=not last_id)
        else:
            self._put(events)
        self._hub.join(self)
        reading = asyncio.create_task(self._read_to_the_end())
        try:
            with suppress(WebSocketDisconnect):
                await self._write_all()
        finally:
            self._hub.leave(self)
            reading.cancel()

    async def _write_all(self) -> None:
        while (message := await self._queue.get()) is not None:
            await self._socket.send_text(message)
            if self._missed and self._queue.empty():
                self._missed = False
                self._hub.counts.slow += 1
                self._queue.put_nowait(without_id(StreamEventType.SLOW_READER, {})[1])
                # Alerts and changes of open interest stand in no panel: they are lost.
                self._snapshot("slow", is_recovered=False)

    async def _read_to_the_end(self) -> None:
        """Read what a client says, which is nothing, until it goes."""
        with suppress(WebSocketDisconnect):
            while True:
                await self._socket.receive_text()
        self.close()

    def send(self, batch: Batch) -> None:
        """Queue events, or remember that they were missed."""
        self._put(batch.of(self._topics, self._last))
        self._last = max(self._last, batch.last)

    def start_again(self) -> None:
        """Queue a snapshot: the epoch has changed."""
        self._snapshot("lost", is_recovered=False)

    def beat(self, sse: bytes, message: str) -> None:  # noqa: ARG002
        """Queue a heartbeat."""
        if self._queue.empty():
            self._queue.put_nowait(message)

    def close(self) -> None:
        """End the connection after what is queued. A full queue is of a client that is gone."""
        while self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    def _put(self, events: Sequence[StreamMessage]) -> None:
        if self._missed or self._queue.qsize() + len(events) > QUEUE_LENGTH:
            self._missed = True
            return
        for event in events:
            self._queue.put_nowait(event.message)
            self._last = event.number

    def _snapshot(self, why: str, *, is_recovered: bool) -> None:
        if self._queue.full():
            self._missed = True
            return
        event = self._hub.sequence.snapshot(is_recovered=is_recovered, topics=self._topics)
        self._last = event.number
        self._hub.counts.snapshot_sent(why)
        self._queue.put_nowait(event.message)
