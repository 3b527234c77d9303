"""A way to a server that a test cuts: every connection over it ends at once, and new ones are made."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

PIECE = 65_536


class CuttingProxy:
    """Passes on what goes between clients and a server, until `cut`.

    Attributes:
        url: The address that clients use.
        cuts: How many connections were cut.
    """

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._server = (host, int(port))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.cuts = 0
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def cut(self) -> None:
        """End every connection."""
        with self._lock:
            pairs = self._pairs
            self._pairs = []
        for pair in pairs:
            for one in pair:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self.cuts += len(pairs)

    def close(self) -> None:
        """Take no further connection, and end those that are there."""
        # Closed alone, a listening socket leaves the thread that waits at it.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join(10)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._server, timeout=10)
            except OSError:
                return
            server.settimeout(None)
            with self._lock:
                self._pairs.append((client, server))
            for ends in ((client, server), (server, client)):
                thread = threading.Thread(target=self._pass_on, args=ends, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE):
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._pairs = [pair for pair in self._pairs if source not in pair]
        # The other way's thread closes the other end.
        source.close()
