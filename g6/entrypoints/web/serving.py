"""The process that answers over HTTP: metrics on one port, status and panels on another, both fed by the bus."""

from __future__ import annotations

import asyncio
import hmac
import json
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from g6 import files
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.documents.status import Observed, readiness, runtime_status
from g6.errors import BrokerDown, StoreBusy, Unavailable, UncoveredYear
from g6.observability.build import build_labels
from g6.observability.exposition import CONTENT_TYPE_LATEST, render
from g6.observability.follower import BusFollower
from g6.observability.totals import TotalsStore, parse_key
from g6.pipeline import Runtime

CLOSING_SECONDS = 1
"""What an open request may still take once the process was told to stop."""


@dataclass(slots=True)
class Watcher:
    """What one process knows of the running system: its Runtime and what the bus said."""

    runtime: Runtime
    follower: BusFollower
    status_file: Path | None = None
    restart_needed: Callable[[], list[str]] = list
    _written: str = field(default="", init=False)
    _refused: str = field(default="", init=False)

    def status(self) -> dict[str, Any]:
        """Return the runtime status document."""
        return runtime_status(self.observed()) | {"restart_needed": self.restart_needed()}

    def missing(self) -> tuple[str, ...]:
        """Return what is missing before the system is ready."""
        return readiness(self.observed())

    def observed(self) -> Observed:
        """Return the facts that the status is made of, as of now."""
        runtime, latest, totals = self.runtime, self.follower.latest, self.follower.totals
        requests: dict[str, float] = {}
        for key, value in (totals.state if totals else {}).items():
            name, labels, _ = parse_key(key)
            if name == "g6_provider_requests_total":
                requests[labels[2]] = requests.get(labels[2], 0.0) + value
        # who asks may have other settings than what runs: the heartbeat says what runs
        plan = latest.get("heartbeat", {}).get("plan", {})
        return Observed(
            wall=runtime.clock.wall(),
            market=runtime.clock.market(),
            step=plan.get("step", runtime.timing.step),
            interval=plan.get("interval", runtime.plan.interval),
            indices=tuple(plan.get("indices", runtime.plan.indices)),
            provider=runtime.provider.name,
            report=latest.get("cycle.report", {}),
            beat=latest.get("heartbeat", {}),
            gap=latest.get("gap.opened", {}),
            last_success=totals.value("g6_last_success_cycle_unixtime") if totals else 0.0,
            requests=requests,
            phases=_phases(runtime),
            next_cycle_wall=_next_cycle(runtime),
            trouble=self.follower.trouble,
            refused=self._refused,
        )

    def write_status(self) -> None:
        """Write the status file once per cycle, if one is wanted; a disk that refuses does not stop the metrics."""
        cycle = str(self.follower.latest.get("cycle.report", {}).get("cycle", ""))
        if self.status_file is None or cycle == self._written:
            return
        try:
            files.replace(self.status_file, json.dumps(self.status(), indent=2).encode())
            self._written, self._refused = cycle, ""
        except StoreBusy as error:
            self._refused = str(error)


def _exchanges(runtime: Runtime) -> list[str]:
    return list(dict.fromkeys(plan.index.exchange for plan in runtime.plan.indices.values()))


def _phases(runtime: Runtime) -> dict[str, dict[str, Any]]:
    """Return what each exchange is doing; a recording asks no calendar and is always open."""
    if runtime.feeds:
        return {
            name: {"open": True, "phase": "replay", "next_change": None}
            for name in _exchanges(runtime)
        }
    at, calendar = runtime.clock.market(), runtime.calendar
    found: dict[str, dict[str, Any]] = {}
    for name in _exchanges(runtime):
        try:
            change = isoformat_z(calendar.next_change(name, at))
            found[name] = {
                "open": calendar.is_open(name, at),
                "phase": calendar.phase(name, at),
                "next_change": change,
            }
        except UncoveredYear as error:
            found[name] = {"open": False, "phase": str(error.sentence), "next_change": None}
    return found


def _next_cycle(runtime: Runtime) -> float | None:
    if runtime.feeds:
        return None
    at = runtime.clock.market()
    try:
        coming = min(
            runtime.calendar.next_cycle(name, at, runtime.plan.interval)
            for name in _exchanges(runtime)
        )
    except UncoveredYear:
        return None
    return runtime.clock.wall_of(coming)


def metrics_app(watcher: Watcher) -> FastAPI:
    """Return the application behind the metrics port: /metrics, /healthz, /readyz."""
    app = _app(watcher)
    build = build_labels(watcher.runtime.plan.config_id)

    @app.get("/metrics")
    def metrics() -> Response:
        totals = watcher.follower.totals
        if totals is None:
            # Zeros now and the stored totals a moment later would look like a restart and a burst.
            return PlainTextResponse(f"totals are not read yet: {watcher.follower.trouble}\n", 503)
        text = render(totals.state, now=watcher.runtime.clock.wall(), build=build)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return app


def web_app(watcher: Watcher) -> FastAPI:
    """Return the application behind the web port: /healthz, /readyz, /status, /panels and /panels/{name}."""
    app = _app(watcher)

    @app.get("/status")
    def status() -> dict[str, Any]:
        return watcher.status()

    @app.get("/panels")
    def panels() -> dict[str, list[str]]:
        return {"panels": sorted(watcher.runtime.panels.names())}

    @app.get("/panels/{name}")
    def panel(name: str) -> JSONResponse:
        document = watcher.runtime.panels.get(name)
        if document is None:
            return JSONResponse(
                {"error": f"no panel {name}", "panels": sorted(watcher.runtime.panels.names())}, 404
            )
        return JSONResponse(dict(document))

    return app


def _app(watcher: Watcher) -> FastAPI:
    app = FastAPI(title="G6", docs_url=None, redoc_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        missing = watcher.missing()
        return JSONResponse(
            {"ready": not missing, "missing": list(missing)}, 503 if missing else 200
        )

    @app.exception_handler(BrokerDown)
    def away(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 503)

    return app


def guarded(app: FastAPI, token: str) -> FastAPI:
    """Have `app` answer only who sends `token` as a bearer, and everybody at /healthz; without a token everybody everywhere."""

    @app.middleware("http")
    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        sent = request.headers.get("authorization", "").encode()
        if (
            not token
            or request.url.path == "/healthz"
            or hmac.compare_digest(sent, f"Bearer {token}".encode())
        ):
            return await answer(request)
        sentence = "this needs serve.token, sent as Authorization: Bearer TOKEN"
        return JSONResponse({"error": sentence}, 401, {"WWW-Authenticate": "Bearer"})

    return app


def bind(host: str, port: int, setting: str) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Errors: Unavailable, with the setting to change."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128
        )
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unavailable(
            f"cannot listen on {host}:{port}: {reason}",
            f"free that port, or set {setting} to another one (0 takes a free one)",
        ) from error


class _Server(uvicorn.Server):
    """A server among two in one process: who started them hears the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(
    runtime: Runtime,
    totals: TotalsStore,
    host: str,
    metrics_port: int,
    web_port: int,
    *,
    token: str = "",
    status_file: Path | None = None,
    restart_needed: Callable[[], list[str]] = list,
    announce: Callable[[str], None] = print,
    stop: threading.Event | None = None,
) -> None:
    """Answer over HTTP and follow the bus until SIGTERM, SIGINT or `stop`; then end within two seconds. Errors: Unavailable.

    With a `token` only who sends it is answered. `restart_needed` says which settings changed since the start. `announce` gets one
    line per port, as soon as it is open.
    """
    stop = stop or threading.Event()
    with (
        bind(host, metrics_port, "serve.metrics_port") as metrics,
        bind(host, web_port, "serve.web_port") as web,
    ):
        watcher = Watcher(
            runtime,
            BusFollower(runtime.bus, totals, runtime.plan.indices),
            status_file,
            restart_needed,
        )
        following = threading.Thread(
            target=watcher.follower.run,
            args=(stop, watcher.write_status),
            daemon=True,
            name="follower",
        )
        following.start()
        announce(f"metrics on {_address(metrics)}/metrics")
        announce(f"status and panels on {_address(web)}/status")
        try:
            asyncio.run(
                _answer(
                    [
                        (guarded(app(watcher), token), port)
                        for app, port in ((metrics_app, metrics), (web_app, web))
                    ],
                    stop,
                )
            )
        finally:
            stop.set()
            # A server that hangs is not waited for: what was not stored is counted again at the next start.
            following.join(CLOSING_SECONDS)


async def _answer(apps: list[tuple[FastAPI, socket.socket]], stop: threading.Event) -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    servers = [
        _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=CLOSING_SECONDS,
            )
        )
        for app, _ in apps
    ]
    running = [
        asyncio.create_task(server.serve([listening]))
        for server, (_, listening) in zip(servers, apps, strict=True)
    ]
    while not stop.is_set() and not any(task.done() for task in running):
        await asyncio.sleep(0.05)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
