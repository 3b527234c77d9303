"""`g6 up --with-observability`: Prometheus reads the system, and Alertmanager tells a person."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from g6.adapters.redis.server import free_port
from tests.e2e.conftest import SMALL, configured
from tests.waiting import eventually

MISSING = [name for name in ("prometheus", "prometheus-alertmanager") if shutil.which(name) is None]


class Webhook(ThreadingHTTPServer):
    """Keeps what is posted, with the path that it was posted to."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
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


def answer(url: str) -> Any:
    """Return the JSON of an address, None while nobody answers there."""
    try:
        return httpx.get(url, timeout=5.0).json()
    except (httpx.TransportError, ValueError):
        return None


@pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} not installed: make test-services")
@pytest.mark.timeout(240)
def test_prometheus_reads_the_system_and_alertmanager_tells(tmp_path: Path) -> None:
    prometheus = f"http://127.0.0.1:{(port := free_port())}/api/v1"
    with listening() as webhook:
        world = configured(tmp_path)
        settings = SMALL | {
            "serve": {"metrics_port": free_port(), "web_port": 0},
            "observers": {
                "prometheus_port": port,
                "alertmanager_port": 0,
                "webhook": webhook.url,
            },
        }
        (tmp_path / "small.json").write_text(json.dumps(settings), "utf-8")
        system = world.start_g6("up", "--no-banner", "--with-observability")
        try:

            def is_scraped() -> bool:
                targets = answer(f"{prometheus}/targets")
                healths = (
                    [target["health"] for target in targets["data"]["activeTargets"]]
                    if targets
                    else []
                )
                return healths == ["up"]

            eventually(is_scraped, 120.0, every=0.5)
            eventually(lambda: ("/alerts/note", "Watchdog") in webhook.names(), 90.0, every=0.5)
            assert f"prometheus: http://127.0.0.1:{port}" in system.said
            assert system.ends(signal.SIGTERM) == 0
            world.is_left_alone()
        finally:
            world.end()
