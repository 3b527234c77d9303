"""A Kite look-alike for a test: a process of its own, or a thread of the test's.

    with kite_server(start="2026-11-20T04:05:00Z") as kite:
        client = KiteConnect("demo", "demo", root=kite.root)
        ticker = KiteTicker("demo", "demo", root=kite.ws)
        kite.fault("429", count=3)
        kite.arrivals("quote")

`in_thread=True` spares a process where the test measures nothing. Options are those of `g6 kite-server`, or in a thread the fields
of `g6.kite_server.ServerOptions`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from kiteconnect import KiteTicker

from g6.config import calendar
from g6.kite_server import ServerOptions, started
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Kite:
    """A look-alike that runs: `root` for KiteConnect, `ws` for KiteTicker, and its control doors."""

    root: str
    ws: str
    pid: int

    def ask(self, method: str, door: str = "", **told: Any) -> Any:
        """Call a control door."""
        answer = httpx.request(
            method,
            f"{self.root}/_control{door}",
            content=json.dumps(told),
            timeout=120,
            trust_env=False,
        )
        answer.raise_for_status()
        return answer.json()

    def state(self) -> dict[str, Any]:
        """Return market time, token exchanges, connections and so on."""
        return self.ask("GET")

    def clock(
        self, *, at: str | None = None, advance: float = 0.0, speed: float | None = None
    ) -> None:
        """Set or move the market's clock."""
        self.ask(
            "POST",
            "/clock",
            advance=advance,
            **({"at": at} if at else {}),
            **({} if speed is None else {"speed": speed}),
        )

    def fault(self, name: str, **details: Any) -> None:
        """Switch a fault on: value, count, seconds, share, family, path, error_type."""
        self.ask("POST", "/faults", name=name, **details)

    def clear_faults(self, name: str = "") -> None:
        """Switch faults off."""
        self.ask("DELETE", "/faults", name=name)

    def arrivals(self, family: str = "") -> list[dict[str, Any]]:
        """Return the requests that came: time, family, path, keys, status."""
        return self.ask("GET", "/arrivals", family=family)

    def sent(self, since: float = 0.0) -> list[dict[str, Any]]:
        """Return the frames of ticks that left: sent_at, connection, token, exchange_timestamp."""
        return self.ask("GET", "/sent", since=since)

    def flush(self) -> None:
        """Let every access token die."""
        self.ask("POST", "/flush")

    def admit(self, access_token: str) -> None:
        """Make an access token good."""
        self.ask("POST", "/admit", access_token=access_token)

    def limits(self, **per_second: int) -> None:
        """Change how many requests a second a family may make; 0 is without limit."""
        self.ask("POST", "/limits", **per_second)

    def callback(self, url: str) -> None:
        """Register where the login page sends the browser."""
        self.ask("POST", "/callback", url=url)

    def say(self, kind: str, text: Any) -> None:
        """Send every socket a text message."""
        self.ask("POST", "/say", type=kind, data=text)


class TickerListener:
    """The broker's ticker with all it hears, on the one reactor of this process."""

    def __init__(self, ws: str, tokens: list[int], *, stale: bool = False) -> None:
        self.ticks: list[dict[str, Any]] = []
        self.closed: list[tuple[int, str]] = []
        self.ticker = KiteTicker("demo", "stale" if stale else "demo", root=ws)
        self.ticker.on_connect = lambda ws, _: (
            ws.subscribe(tokens),
            ws.set_mode(ws.MODE_FULL, tokens),
        )
        self.ticker.on_ticks = lambda _, told: self.ticks.extend(told)
        self.ticker.on_close = lambda _, code, reason: self.closed.append((code, reason))
        _reactor().callFromThread(self.ticker.connect, threaded=True)

    def end(self) -> None:
        _reactor().callFromThread(self.ticker.close)


def _reactor() -> Any:
    """The reactor, running: once for good, since it cannot start again."""
    from twisted.internet import reactor

    if not reactor.running:
        threading.Thread(
            target=reactor.run, kwargs={"installSignalHandlers": False}, daemon=True
        ).start()
        eventually(lambda: reactor.running)
    return reactor


@contextmanager
def kite_server(*, in_thread: bool = False, **options: Any) -> Iterator[Kite]:
    """Run a look-alike on free ports of loopback."""
    if in_thread:
        if isinstance(options.get("start"), str):
            options["start"] = datetime.fromisoformat(options["start"])
        with started(ServerOptions(**options), calendar()) as running:
            yield Kite(running.root, running.ws, os.getpid())
        return
    command = [
        sys.executable,
        "-m",
        "g6.entrypoints.cli",
        "kite-server",
        "--json",
        *_words(options),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            where = json.loads(line)
            yield Kite(where["root"], where["ws"], process.pid)
        finally:
            process.terminate()
            process.wait(120)


def _words(options: dict[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        for each in value if isinstance(value, list | tuple) else [value]:
            if each is not False:
                yield from [flag] if each is True else [flag, str(each)]
