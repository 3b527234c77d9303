"""The process that answers over HTTP: it listens on two ports and follows the bus."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from g6.domain.documents.listener_backlog import BacklogLimits
from g6.domain.market.instants import MarketTime
from g6.entrypoints.web.apps import metrics_app, web_app
from g6.entrypoints.web.auth import Guard, guarded
from g6.entrypoints.web.control_routes import WebControl
from g6.entrypoints.web.state import Watcher
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.routes import add_stream
from g6.entrypoints.web.stream.stream_door import StreamDoor
from g6.entrypoints.web.stream.stream_protocol import StreamProtocol
from g6.entrypoints.web.stream.stream_replays import Replays
from g6.entrypoints.web.study_answers import StudyAnswers, import_ahead
from g6.entrypoints.web.web_connection import WebConnection
from g6.errors import Retryable, Unavailable
from g6.observability.follower import BusFollower
from g6.observability.sample_totals import TotalsStore
from g6.pipeline import Runtime
from g6.pipeline.maintenance.tracing import SUBSCRIBER, CycleTracer
from g6.ports import SpanSink
from g6.studies.stored.days.day_replay import DayReplay

SIGN_SECONDS = 5.0
HEARTBEAT_SECONDS = 15.0
"""Proxies close a connection on which nothing is said for 30 s and more."""
CLOSING_SECONDS = 1
"""What an open request may still take once the process was told to stop."""


@dataclass(frozen=True, slots=True)
class FanoutSettings:
    """What is kept for the listeners of the stream.

    Attributes:
        events: Events that a listener who comes back can still be sent.
        limits: What may wait for one listener.
        trace_every: One cycle of so many carries a trace, 0 for none.
    """

    events: int = 4096
    limits: BacklogLimits = field(default_factory=BacklogLimits)
    trace_every: int = 1


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What is served beside metrics, status and panels, to whom, and who hears of it.

    Attributes:
        answers: Answers the studies of `/v1`.
        answering: The system over clients of Redis that do not wait long, for requests. None for
            the one whose bus is followed.
        owners: Says who owns the data directory, by process id.
        control: Throws switches there.
        guard: Lets requests pass, by default those that carry the token.
        token: What requests carry, empty where none is needed.
        fanout: What is kept for listeners of `/events`.
        status_file: Where the status is written once a cycle.
        restart_needed: Says which settings changed since the start.
        announce: Gets one line per port, as soon as it is open.
        sign: Tells every few seconds that this process lives.
        spans: Takes the spans of cycles.
    """

    answers: StudyAnswers | None = None
    answering: Runtime | None = None
    owners: Callable[[], Mapping[int, str]] = dict
    control: WebControl | None = None
    guard: Guard | None = None
    token: str = ""
    fanout: FanoutSettings = field(default_factory=FanoutSettings)
    status_file: Path | None = None
    restart_needed: Callable[[], list[str]] = list
    announce: Callable[[str], None] = print
    sign: Callable[[], None] = lambda: None
    spans: SpanSink | None = None


def bind(host: str, port: int, setting: str) -> socket.socket:
    """Return a listening socket, on a free port for port 0.

    Raises:
        Unavailable: It cannot be had, with the setting to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unavailable(
            f"cannot listen on {host}:{port}: {reason}",
            f"free that port, or set {setting} to another one (0 takes a free one)",
        ) from error


class _Server(uvicorn.Server):
    """One of two servers in a process, which leaves the signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(
    runtime: Runtime,
    totals: TotalsStore,
    host: str,
    metrics_port: int,
    web_port: int,
    options: ServeOptions,
    *,
    stop: threading.Event | None = None,
) -> None:
    """Answer over HTTP and follow the bus until SIGTERM, SIGINT or `stop`.

    It ends within two seconds.

    Raises:
        Unavailable: A port cannot be had.
    """
    stop = stop or threading.Event()
    with (
        bind(host, metrics_port, "serve.metrics_port") as metrics,
        bind(host, web_port, "serve.web_port") as web,
    ):
        follower = BusFollower(runtime.bus, totals, runtime.plan.indices)
        watcher = _watcher(options.answering or runtime, follower, options)
        following = _start("follower", follower.run, stop, watcher.write_status)
        _start("tracer", _trace, runtime, options.spans, stop)
        _start("clock", _read_clock, options.answering or runtime, stop)
        _start("imports", import_ahead)
        signing = threading.Thread(target=_keep_signing, args=(stop, options.sign), daemon=True)
        options.announce(f"metrics on {_address(metrics)}/metrics")
        options.announce(f"status and panels on {_address(web)}/status")
        hub = _hub(runtime, options.fanout)
        _start("stream", hub.run, stop)
        guard = options.guard or Guard(options.token)
        web_pages = web_app(watcher, options.answers, options.control)
        hub.counts.refused = guard.refused
        stream_door = StreamDoor(hub, _replays(runtime, options.answers))
        add_stream(web_pages, stream_door, options.token)
        numbers = _server(guarded(metrics_app(watcher), guard), partial(WebConnection, guard))
        door = partial(StreamProtocol, stream_door, guard)
        servers = [(numbers, metrics), (_server(guarded(web_pages, guard), door), web)]
        try:
            asyncio.run(_answer(servers, hub, stop, signing))
        finally:
            stop.set()
            _await_ends(following, signing)


def _watcher(runtime: Runtime, follower: BusFollower, options: ServeOptions) -> Watcher:
    """Return what requests are answered from."""
    return Watcher(runtime, follower, options.status_file, options.restart_needed, options.owners)


def _await_ends(*threads: threading.Thread) -> None:
    """Wait for threads that were told to stop.

    One that hangs is not waited for. What the follower did not store is counted again at the next
    start; a sign of life that is given behind the end would stand for ten minutes.
    """
    for thread in threads:
        if thread.is_alive():
            thread.join(CLOSING_SECONDS)


def _start(name: str, work: Callable[..., None], *arguments: object) -> threading.Thread:
    """Start work beside the servers, which ends with the process at the latest."""
    thread = threading.Thread(target=work, args=arguments, daemon=True, name=name)
    thread.start()
    return thread


def _hub(runtime: Runtime, fanout: FanoutSettings) -> Hub:
    """Return what hands the events of the bus to the listeners of the stream."""
    return Hub(
        runtime.bus,
        runtime.panels,
        length=fanout.events,
        heartbeat_seconds=HEARTBEAT_SECONDS,
        limits=fanout.limits,
        trace_every=fanout.trace_every,
        wall=runtime.clock.wall,
    )


def _replays(runtime: Runtime, answers: StudyAnswers | None) -> Replays:
    """Return what runs stored days into the present."""
    time = MarketTime.of(runtime.clock.market) if answers is None else answers.time
    return Replays(partial(DayReplay, runtime.store, runtime.bus, runtime.clock), time)


def _trace(runtime: Runtime, spans: SpanSink | None, stop: threading.Event) -> None:
    """Send the spans of cycles until `stop`; where nobody takes them, forget their subscriber."""
    if spans is None:
        # Left behind by an earlier start, it would fall further behind for ever.
        with suppress(Retryable):
            runtime.bus.forget(SUBSCRIBER)
        return
    CycleTracer(runtime.bus, runtime.clock, spans).run(stop)


def _read_clock(runtime: Runtime, stop: threading.Event) -> None:
    """Read where the market's clock stands, which is remembered for when Redis hangs."""
    while not stop.is_set():
        with suppress(Retryable):
            runtime.clock.market()
            return
        stop.wait(SIGN_SECONDS)


def _keep_signing(stop: threading.Event, sign: Callable[[], None]) -> None:
    """Give a sign of life every few seconds until `stop`. A Redis that is away hears none."""
    while not stop.is_set():
        with suppress(Retryable):
            sign()
        stop.wait(SIGN_SECONDS)


async def _answer(
    servers: Sequence[tuple[_Server, socket.socket]],
    hub: Hub,
    stop: threading.Event,
    signing: threading.Thread,
) -> None:
    """Run servers, and hand events to listeners, until one ends or `stop` is set.

    Args:
        servers: Each with its port.
        hub: Makes the stream.
        stop: Ends them.
        signing: Gives signs of life. It begins where signals are heard, so that who sees one may
            end the process.
    """
    hub.attach(asyncio.get_running_loop())
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    signing.start()
    running = [asyncio.create_task(server.serve([listening])) for server, listening in servers]
    while not stop.is_set() and not any(task.done() for task in running):
        await asyncio.sleep(0.05)
    hub.close()
    for server, _ in servers:
        server.should_exit = True
    await asyncio.gather(*running)


def _server(app: ASGIApp, door: Callable[..., asyncio.Protocol]) -> _Server:
    """Return a server of an application.

    Args:
        app: The application.
        door: Makes the protocol of a connection.
    """
    return _Server(
        uvicorn.Config(
            app,
            # A class is asked for and called: what makes one does as well.
            http=cast("type[asyncio.Protocol]", door),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=CLOSING_SECONDS,
        )
    )


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
