"""Many listeners of one stream, read by one loop, which notes when each cycle arrived."""

from __future__ import annotations

import re
import selectors
import socket
from dataclasses import dataclass, field
from time import monotonic
from typing import Self

from g6.errors import Unavailable

__all__ = ["CycleArrival", "StreamReaders"]

REQUEST = b"GET %b HTTP/1.1\r\nHost: %b\r\nAccept: text/event-stream\r\n\r\n"
CONNECT_SECONDS = 30.0
PIECE = 262_144
END_OF_CYCLE = re.compile(rb'event: end_of_cycle\ndata: \{[^\n]*?"cycle":"([^"]+)"')
EVENT = b"event: "
BLANK = b"\n\n"


@dataclass(frozen=True, slots=True)
class CycleArrival:
    """The end of one cycle at one listener.

    Attributes:
        cycle: The cycle.
        at: When its bytes were read, seconds of a clock that does not jump.
    """

    cycle: str
    at: float


@dataclass(slots=True)
class StreamReaders:
    """Connections to `/events` that are read by one loop.

    Attributes:
        arrivals: Ends of cycles, in the order of their reading.
        events: Events of any type that arrived.
        received: Bytes that all connections received.
        ended: Connections that the server ended.
    """

    arrivals: list[CycleArrival] = field(default_factory=list)
    events: int = 0
    received: int = 0
    ended: int = 0
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _tails: dict[socket.socket, bytes] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        for connection in tuple(self._tails):
            self._end(connection)
        self._selector.close()

    def __len__(self) -> int:
        """Return how many connections are open."""
        return len(self._tails)

    def connect(self, host: str, port: int, count: int, path: str = "/events") -> None:
        """Open so many connections, and read what they begin with.

        Raises:
            Unavailable: A connection is refused, or gets no first event.
        """
        request = REQUEST % (path.encode(), f"{host}:{port}".encode())
        before = len(self)
        first_event = self.events
        for _ in range(count):
            try:
                connection = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
            except OSError as error:
                raise Unavailable(
                    f"connection {len(self) + 1} to {host}:{port} fails: {error.strerror}",
                    "ask for fewer listeners, or allow more open files: ulimit -n 8192",
                ) from error
            connection.sendall(request)
            connection.setblocking(False)
            self._tails[connection] = b""
            self._selector.register(connection, selectors.EVENT_READ)
            self.read(0.0)
        limit = monotonic() + CONNECT_SECONDS
        while self.events - first_event < count and monotonic() < limit and len(self) > before:
            self.read(0.05)
        if self.events - first_event < count:
            raise Unavailable(
                f"{count} listeners got {self.events - first_event} first events", "g6 serve --help"
            )

    def close_some(self, count: int) -> None:
        """Close the connections that have been open for longest."""
        for connection in tuple(self._tails)[:count]:
            self._end(connection)

    def read(self, seconds: float) -> None:
        """Read whatever arrives within so many seconds."""
        limit = monotonic() + seconds
        while True:
            for key, _ in self._selector.select(max(0.0, limit - monotonic())):
                connection = key.fileobj
                if isinstance(connection, socket.socket):
                    self._take(connection)
            if monotonic() >= limit:
                return

    def _take(self, connection: socket.socket) -> None:
        try:
            piece = connection.recv(PIECE)
        except OSError:
            piece = b""
        if not piece:
            self.ended += 1
            self._end(connection)
            return
        now = monotonic()
        self.received += len(piece)
        whole, blank, tail = (self._tails[connection] + piece).rpartition(BLANK)
        self._tails[connection] = tail
        if not blank:
            return
        self.events += whole.count(EVENT)
        self.arrivals += [CycleArrival(name.decode(), now) for name in END_OF_CYCLE.findall(whole)]

    def _end(self, connection: socket.socket) -> None:
        del self._tails[connection]
        self._selector.unregister(connection)
        connection.close()
