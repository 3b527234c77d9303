"""The running server: HTTP by uvicorn and the WebSocket beside it, one event loop, two ports."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from g6.domain.market.calendar import Calendar
from g6.errors import G6Error, Unavailable
from g6.kite_server.control import PREFIX, Control
from g6.kite_server.movable_clock import ClockOrigin
from g6.kite_server.rest.http_api import Api
from g6.kite_server.server_options import ServerOptions
from g6.kite_server.server_state import build_state
from g6.kite_server.stream.subscriptions import Stream

_LONGEST_LINE = 512 * 1024
"""Bytes of the longest request line: a thousand keys are some 40 kB."""

_BACKLOG = 128
# SO_LINGER with 0 seconds: closing the socket resets the connection.
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    """The addresses of a server: for Kite's client, for its ticker, and for control.

    `origin` says what its clock shows.
    """

    root: str
    ws: str
    origin: ClockOrigin

    @property
    def control(self) -> str:
        """The root of the control doors."""
        return f"{self.root}{PREFIX}"


class _Transports:
    """The open connections by the client's address, so that one can be reset."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """Return the HTTP protocol that keeps this register."""
        register = self._open

        class Registered(H11Protocol):
            """HTTP as uvicorn speaks it, with a register of connections."""

            def connection_made(  # type: ignore[override]
                self, transport: asyncio.Transport
            ) -> None:
                register[transport.get_extra_info("peername")[:2]] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                register.pop(self.transport.get_extra_info("peername")[:2], None)
                super().connection_lost(exc)

        return Registered

    def abort(self, client: tuple[str, int]) -> None:
        """Reset a connection."""
        transport = self._open.get((client[0], client[1]))
        if transport:
            sock: Any = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            transport.abort()


def _http_server(app: ASGIApp, transports: _Transports) -> uvicorn.Server:
    """Return a server that speaks as Kite's does, without the headers of uvicorn."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="none",
            http=transports.protocol(),
            h11_max_incomplete_event_size=_LONGEST_LINE,
            timeout_graceful_shutdown=1,
            server_header=False,
            date_header=False,
        )
    )


async def serve(
    options: ServerOptions,
    calendar: Calendar,
    ready: Callable[[ServerAddresses], None],
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until interrupted, or until `stop`.

    Args:
        options: The options of the server.
        calendar: The exchanges' sessions.
        ready: Receives the addresses when the server listens.
        stop: Ends the server when it is set.

    Raises:
        BadConfig: The options cannot be.
        BadInput: A file of the options cannot be read.
        Unavailable: A port is taken.
    """
    state = build_state(options, calendar)
    state.catalogue()
    stream = Stream(state)
    transports = _Transports()
    api = Api(state, transports.abort)
    control = Control(state, stream)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer = control if scope["path"].startswith(PREFIX) else api
        await answer(scope, receive, send)

    http, ws = _bind_both(options)
    server = _http_server(app, transports)
    listening = await stream.listen(ws)
    urls = (_url("http", options.host, http), _url("ws", options.host, ws))
    ready(ServerAddresses(*urls, state.clock.origin))
    tasks = [asyncio.create_task(stream.run())]
    tasks[0].add_done_callback(lambda _: setattr(server, "should_exit", True))
    if stop is not None:
        tasks.append(asyncio.create_task(_exit_after(server, stop)))
    try:
        await server.serve(sockets=[http])
    finally:
        for task in tasks:
            task.cancel()
        for connection in list(stream.connections.values()):
            connection.socket.transport.abort()
        listening.close()
        await listening.wait_closed()
        await _ended(tasks)


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Wait until tasks that were cancelled have ended."""
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


async def _exit_after(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


def _bind_both(options: ServerOptions) -> tuple[socket.socket, socket.socket]:
    http = _bind(options.host, options.port)
    try:
        return http, _bind(options.host, options.ws_port)
    except Unavailable:
        http.close()
        raise


def _bind(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise Unavailable(
            f"port {port} on {host} cannot be used: {error.strerror}", "--port 0 takes a free one"
        ) from error
    return sock


def _url(scheme: str, host: str, sock: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{sock.getsockname()[1]}"


@contextmanager
def started(options: ServerOptions, calendar: Calendar) -> Iterator[ServerAddresses]:
    """Run a server in a thread of this process.

    Raises:
        BadConfig: The options cannot be.
        BadInput: A file of the options cannot be read.
        Unavailable: A port is taken.
    """
    addresses: list[ServerAddresses] = []
    failures: list[G6Error] = []
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    is_decided = threading.Event()

    async def run() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))

        def ready(running: ServerAddresses) -> None:
            addresses.append(running)
            is_decided.set()

        await serve(options, calendar, ready, stop)

    def run_thread() -> None:
        try:
            asyncio.run(run())
        except G6Error as error:
            failures.append(error)
        finally:
            is_decided.set()

    thread = threading.Thread(target=run_thread, name="kite-server", daemon=True)
    thread.start()
    is_decided.wait()
    if failures:
        raise failures[0]
    if not addresses:
        raise Unavailable("the server did not start")
    try:
        yield addresses[0]
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join()
