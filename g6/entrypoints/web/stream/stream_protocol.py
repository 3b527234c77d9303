"""The door of the web port: requests for the event stream are answered here, others by uvicorn.

A framework's streaming response takes 60 KB and four tasks a listener. Here a listener is a socket
and one small object, and an event is one write of bytes that all share.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

from g6.entrypoints.web.auth import Guard, RequestLines, WebRefusal
from g6.entrypoints.web.problems import told_elsewhere
from g6.entrypoints.web.request_log import log_request, request_id
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.stream_door import StreamDoor, StreamRequest
from g6.entrypoints.web.stream.stream_listener import Listener
from g6.entrypoints.web.stream.stream_messages import Batch, StreamMessage
from g6.entrypoints.web.web_connection import WebConnection
from g6.errors import UserError

__all__ = ["StreamProtocol"]

PATH = "/events"
HEAD_END = b"\r\n\r\n"
HEAD_BYTES = 16_384
"""Bytes of a request's head at most."""
SOCKET_BYTES = 65_536
"""What may wait in the kernel for one listener, which would otherwise hold up to 4 MB of it."""
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

    def __init__(self, door: StreamDoor, guard: Guard, **connection: Any) -> None:
        super().__init__(guard, **connection)
        self._door = door
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
        begun = monotonic()
        peer = transport.get_extra_info("peername")
        client = str(peer[0]) if peer else ""
        sent = request.headers.get("x-request-id", "")
        name = request_id(sent)
        refusal = self._guard.refusal(request, client)
        stream_request = StreamRequest()
        if refusal is None:
            try:
                stream_request = self._door.request(_words(request))
            except UserError as error:
                sentence, fix = told_elsewhere(error)
                refusal = WebRefusal(422, sentence, fix=fix)
        if refusal is None:
            self._begin(stream_request, name)
        else:
            headers = {**refusal.headers, "X-Request-ID": name}
            transport.write(replace(refusal, headers=headers).as_bytes())
            transport.close()
        status = 200 if refusal is None else refusal.status
        seconds = monotonic() - begun
        log_request(f"GET {PATH}", status, seconds, name, client, has_id=bool(sent))

    def _begin(self, request: StreamRequest, name: str) -> None:
        """Hand the connection over to the stream."""
        transport = self.transport
        # uvicorn counts the connections that it waits for at its end, and closes idle ones.
        self.connections.discard(self)
        self._unset_keepalive_if_required()
        pipe = SsePipe(self._door.hub, transport)
        transport.set_protocol(pipe)
        pipe.open(name)
        pipe.listener = self._door.admit(pipe, request)


def _words(request: RequestLines) -> dict[str, str]:
    """Return the words of a request's address, and the id of the last event from its headers."""
    query = parse_qs(urlsplit(request.target).query, keep_blank_values=True)
    words = {name: ",".join(texts) for name, texts in query.items()}
    last_id = request.headers.get("last-event-id") or words.get("last_event_id", "")
    return words | {"last_event_id": last_id}


class SsePipe(asyncio.Protocol):
    """Carries events to one listener as server-sent events."""

    __slots__ = ("_hub", "_transport", "listener")

    def __init__(self, hub: Hub, transport: asyncio.Transport) -> None:
        self.listener: Listener | None = None
        self._hub = hub
        self._transport = transport

    @property
    def is_closed(self) -> bool:
        """Whether the listener is gone."""
        return self._transport.is_closing()

    def open(self, name: str) -> None:
        """Write the head of the answer, with the id of its request."""
        connection: socket.socket = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        self._transport.write(HEAD + f"X-Request-ID: {name}\r\n\r\n".encode())

    def waiting(self) -> int:
        """Return the bytes that the kernel has not taken yet."""
        return self._transport.get_write_buffer_size()

    def write(self, message: StreamMessage) -> int:
        """Write one event and return its length in bytes."""
        self._transport.write(message.sse)
        return len(message.sse)

    def write_batch(self, batch: Batch, topics: tuple[str, ...], last: int) -> int:
        """Write those events that a listener chose and has not yet."""
        data = batch.sse(topics, last)
        if data:
            self._transport.write(data)
        return len(data)

    def close(self) -> None:
        """End the connection after what was written."""
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Leave the hub."""
        if self.listener is not None:
            self._hub.leave(self.listener)
