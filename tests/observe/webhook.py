"""A local webhook, which keeps what Alertmanager posts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Webhook(ThreadingHTTPServer):
    """Keeps what is posted, with the path that it was posted to."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.arrivals: list[float] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/alerts"

    def names(self) -> set[tuple[str, str]]:
        """Return the path and the name of every alert that was posted."""
        return {
            (path, alert["labels"]["alertname"])
            for path, document in self.posts
            for alert in document["alerts"]
        }


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Webhook)
        self.server.arrivals.append(time.time())
        self.server.posts.append((self.path, json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Write nothing."""


@contextmanager
def listening() -> Iterator[Webhook]:
    webhook = Webhook()
    thread = Thread(target=webhook.serve_forever, daemon=True)
    thread.start()
    try:
        yield webhook
    finally:
        webhook.shutdown()
        thread.join()
        webhook.server_close()
