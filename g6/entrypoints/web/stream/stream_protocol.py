"""The door of the web port: requests for the event stream are answered here, others by uvicorn.

A framework's streaming response takes 60 KB and four tasks a listener. Here a listener is a socket
and one small object, and an event is one write of bytes that all share.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

from g6.domain.documents.stream_events import StreamEventType
from g6.entrypoints.web.auth import Guard, RequestLines
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.sequence import Batch, without_id
from g6.entrypoints.web.web_connection import WebConnection

__all__ = ["StreamProtocol"]

PATH = "/events"
HEAD_END = b"\r\n\r\n"
HEAD_BYTES = 16_384
"""Bytes of a request's head at most."""
BUFFER_BYTES = 65_536
"""What may wait in the process for one listener that does not read."""
SOCKET_BYTES = 65_536
"""Likewise in the kernel, which would otherwise hold up to 4 MB of it."""
HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/event-stream; charset=utf-8\r\n"
    b"Cache-Control: no-store\r\n"
    b"X-Accel-Buffering: no\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"Connection: close\r\n"
)
PREFIX = b"GET /events"


class StreamProtocol(WebConnection):
    """One connection of the web port.

    A browser asks for the page and then, over the same connection, for the stream.
    """

    def __init__(self, hub: Hub, guard: Guard, **connection: Any) -> None:
        super().__init__(guard, **connection)
        self._hub = hub
        self._guard = guard
        self._head = b""

    def data_received(self, data: bytes) -> None:
        """Answer a request for the stream, and leave all others to uvicorn."""
        if self.is_refused():
            return
        head = self._head + data
        self._head = b""
        is_between_requests = self.cycle is None or self.cycle.response_complete
        is_stream = head.startswith(PREFIX) or PREFIX.startswith(head)
        if not is_between_requests or not is_stream:
            super().data_received(head)
            return
        if HEAD_END not in head and len(head) < HEAD_BYTES:
            self._head = head
            return
        request = RequestLines.parse(head)
        if request is None or urlsplit(request.target).path != PATH:
            super().data_received(head)
            return
        self._answer(request)

    def _answer(self, request: RequestLines) -> None:
        transport = self.transport
        peer = transport.get_extra_info("peername")
        refusal = self._guard.refusal(request, str(peer[0]) if peer else "")
        if refusal is not None:
            transport.write(refusal.as_bytes())
            transport.close()
            return
        # uvicorn counts the connections that it waits for at its end, and closes idle ones.
        self.connections.discard(self)
        self._unset_keepalive_if_required()
        query = parse_qs(urlsplit(request.target).query)
        topics = tuple(topic for text in query.get("topics", []) for topic in text.split(","))
        last = request.headers.get("last-event-id") or "".join(query.get("last_event_id", [])[:1])
        listener = SseListener(self._hub, transport, topics)
        transport.set_protocol(listener)
        listener.begin(last, request.headers.get("x-request-id", ""))


class SseListener(asyncio.Protocol):
    """A listener over server-sent events."""

    __slots__ = ("_hub", "_is_paused", "_last", "_missed", "_transport", "topics")

    def __init__(self, hub: Hub, transport: asyncio.Transport, topics: tuple[str, ...]) -> None:
        self.topics = topics
        self._hub = hub
        self._transport = transport
        self._last = 0
        self._is_paused = False
        self._missed = False

    def begin(self, last_id: str, request_id: str) -> None:
        """Write the head of the answer, and what the listener has not: events or a snapshot."""
        connection: socket.socket = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        self._transport.set_write_buffer_limits(high=BUFFER_BYTES)
        name = f"X-Request-ID: {request_id}\r\n".encode() if request_id else b""
        self._transport.write(HEAD + name + b"\r\n")
        sequence = self._hub.sequence
        events = sequence.after(last_id) if last_id else None
        if events is None:
            self._snapshot("lost" if last_id else "connected", is_recovered=not last_id)
        elif events:
            self._transport.write(Batch(events).sse(self.topics, 0))
            self._last = events[-1].number
        self._hub.join(self)

    def send(self, batch: Batch) -> None:
        """Write events, or remember that they were missed."""
        if self._is_paused:
            self._missed = True
        elif data := batch.sse(self.topics, self._last):
            self._transport.write(data)
        self._last = max(self._last, batch.last)

    def start_again(self) -> None:
        """Write a snapshot: the epoch has changed."""
        self._last = 0
        if self._is_paused:
            self._missed = True
        else:
            self._snapshot("lost", is_recovered=False)

    def beat(self, sse: bytes, message: str) -> None:  # noqa: ARG002
        """Write a heartbeat."""
        if not self._is_paused:
            self._transport.write(sse)

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def pause_writing(self) -> None:
        """Write nothing until the client has read what waits."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Write a snapshot in place of what was missed."""
        self._is_paused = False
        if self._missed:
            self._missed = False
            self._hub.counts.slow += 1
            self._transport.write(without_id(StreamEventType.SLOW_READER, {})[0])
            # Alerts and changes of open interest stand in no panel: they are lost.
            self._snapshot("slow", is_recovered=False)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Leave the hub."""
        self._hub.leave(self)

    def _snapshot(self, why: str, *, is_recovered: bool) -> None:
        event = self._hub.sequence.snapshot(is_recovered=is_recovered, topics=self.topics)
        self._last = event.number
        self._hub.counts.snapshot_sent(why)
        self._transport.write(event.sse)
