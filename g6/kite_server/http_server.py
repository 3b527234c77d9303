"""The server as it runs: HTTP by uvicorn, the WebSocket beside it, one event loop, two ports."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from g6.domain.market.calendar import Calendar
from g6.errors import G6Error, Unavailable
from g6.kite_server.control import PREFIX, Control
from g6.kite_server.rest.http_api import Api, Receive, Scope, Send
from g6.kite_server.server_options import ServerOptions
from g6.kite_server.server_state import desk
from g6.kite_server.stream.subscriptions import Stream

_LINE = 512 * 1024
"""The longest request line: a thousand keys are some 40 kB."""

_BACKLOG = 128
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    """Where a server is: roots for the client and for its ticker, and for control."""

    root: str
    ws: str

    @property
    def control(self) -> str:
        """The root of the control doors."""
        return f"{self.root}{PREFIX}"


class _Transports:
    """The connections that are open, by the client's address, so that one can be reset."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """Return the HTTP protocol that keeps this register."""
        register = self._open

        class Registered(H11Protocol):
            """HTTP as uvicorn speaks it, each connection written down."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                register[transport.get_extra_info("peername")[:2]] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                register.pop(self.transport.get_extra_info("peername")[:2], None)
                super().connection_lost(exc)

        return Registered

    def abort(self, client: tuple[str, int]) -> None:
        """Reset a connection."""
        if transport := self._open.get((client[0], client[1])):
            sock: Any = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            transport.abort()


async def serve(
    options: ServerOptions,
    calendar: Calendar,
    ready: Callable[[ServerAddresses], None],
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until interrupted, or until `stop`; `ready` hears where. Errors: BadConfig, BadInput, Unavailable."""
    state = desk(options, calendar)
    state.catalogue()
    stream, transports = Stream(state), _Transports()
    api, control = Api(state, transports.abort), Control(state, stream)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (control if scope["path"].startswith(PREFIX) else api)(scope, receive, send)

    http, ws = _bound_both(options)
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, ws="none", http=transports.protocol(),
        h11_max_incomplete_event_size=_LINE, timeout_graceful_shutdown=1, server_header=False, date_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    listening = await stream.listen(ws)
    ready(ServerAddresses(_url("http", options.host, http), _url("ws", options.host, ws)))
    tasks = [asyncio.create_task(stream.run())]
    tasks[0].add_done_callback(lambda _: setattr(server, "should_exit", True))
    if stop is not None:
        tasks.append(asyncio.create_task(_ends(server, stop)))
    try:
        await server.serve(sockets=[http])
    finally:
        for task in tasks:
            task.cancel()
        for client in list(stream.clients.values()):
            client.socket.transport.abort()
        listening.close()
        await listening.wait_closed()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _ends(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


def _bound_both(options: ServerOptions) -> tuple[socket.socket, socket.socket]:
    http = _bound(options.host, options.port)
    try:
        return http, _bound(options.host, options.ws_port)
    except Unavailable:
        http.close()
        raise


def _bound(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise Unavailable(
            f"port {port} on {host} is not to be had: {error.strerror}", "--port 0 takes a free one"
        ) from error
    return sock


def _url(scheme: str, host: str, sock: socket.socket) -> str:
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{sock.getsockname()[1]}"


@contextmanager
def started(options: ServerOptions, calendar: Calendar) -> Iterator[ServerAddresses]:
    """Run a server in a thread of this process. Errors: BadConfig, BadInput, Unavailable."""
    where: list[ServerAddresses] = []
    failed: list[G6Error] = []
    known, loops = threading.Event(), []

    async def run() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))

        def ready(running: ServerAddresses) -> None:
            where.append(running)
            known.set()

        await serve(options, calendar, ready, stop)

    def whole() -> None:
        try:
            asyncio.run(run())
        except G6Error as error:
            failed.append(error)
        finally:
            known.set()

    thread = threading.Thread(target=whole, name="kite-server", daemon=True)
    thread.start()
    known.wait()
    if failed:
        raise failed[0]
    if not where:
        raise Unavailable("the server did not start")
    try:
        yield where[0]
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join()
