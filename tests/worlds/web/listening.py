"""Listeners of a running stream: one that follows it in a thread, and one that does not read."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

from g6.domain.documents.stream_state import StreamState
from g6.entrypoints.python.panel_stream import PanelStream
from tests.waiting import eventually
from tests.worlds.web.web_stream import Running


class Listening:
    """A listener in a thread, with what it heard."""

    def __init__(self, running: Running, **options: Any) -> None:
        self.stream = PanelStream(running.url, **options)
        self.heard: list[Any] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for event in self.stream:
            self.heard.append(event)

    def types(self) -> list[str]:
        return [event.type for event in self.heard]

    def hears(self, kind: str, count: int = 1) -> None:
        eventually(lambda: self.types().count(kind) >= count)


def stalled_listener(running: Running) -> socket.socket:
    """Return a connection to the stream that has room for little and is not read."""
    host, port = running.url.removeprefix("http://").split(":")
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.settimeout(10)
    stalled.connect((host, int(port)))
    stalled.sendall(b"GET /events HTTP/1.1\r\nHost: g6\r\n\r\n")
    return stalled


def replayed(received: bytes) -> tuple[StreamState, list[str]]:
    """Return the state after the whole events of some bytes, and their types."""
    state = StreamState()
    types: list[str] = []
    for block in received.partition(b"\r\n\r\n")[2].decode().split("\n\n")[:-1]:
        fields = dict(text.split(": ", 1) for text in block.split("\n"))
        state.apply(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
        types.append(fields["event"])
    return state, types
