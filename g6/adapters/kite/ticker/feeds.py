"""The process of the stream: connections, a writer that feeds the cache, a watch on silence.

One reactor carries all connections: at 4,000 ticks a second reading them takes a few hundredths of
a core, so a process for each would buy nothing. The reactor's thread reads frames. A slow Redis
stalls only the writer's thread, a slow look at the wanted instruments only the follower's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet import task

from g6.adapters.kite.limits import STREAM_CONNECTIONS, STREAM_TOKENS
from g6.adapters.kite.ticker.silence import WATCH_SECONDS
from g6.adapters.kite.ticker.socket import REFUSED, Login, Socket, TellFeed
from g6.adapters.kite.ticker.stream_client import StreamRoute, TwistedFailure
from g6.adapters.kite.ticker.tick_board import TickBoard
from g6.domain.market.calendar import day_of
from g6.domain.quotes.tick import Feed
from g6.domain.reports.stream_reports import (
    StreamEnd,
    StreamFull,
    StreamRefusal,
    StreamReport,
    StreamStalled,
)
from g6.errors import Retryable
from g6.ports import QuoteCache

reactor: Any = _reactor  # its type is known only once it is installed

FOLLOW_SECONDS = 0.5
FEED_SECONDS = 0.25
"""Seconds between two reports of the connections' state to the cache."""
# Five minutes without a stream were the price of one 403 at a handshake with a good token: Kite
# gives such answers in passing. So a token that only the stream refuses is tried again soon.
REFUSED_SECONDS = 5.0
"""Seconds until a token that only the stream refuses is tried again.

Then twice as many, and so on.
"""
MOST_REFUSED_SECONDS = 60.0
REFUSED_FIX = (
    "g6 check kite tells whether REST takes the token; if it does, end other streams of this "
    "API key (three are allowed), else g6 login"
)
REWRITE_SECONDS = 60.0
"""After so long every row is written again, so that a Redis that was emptied is filled anew."""
JOIN_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """The limits of the stream: connections, tokens of each, and two times in seconds.

    Attributes:
        connections: Connections at most.
        tokens: Instruments of one connection at most.
        flush_seconds: Between two writes of what changed.
        silent_seconds: Until an open connection counts as silent.
    """

    connections: int = STREAM_CONNECTIONS
    tokens: int = STREAM_TOKENS
    flush_seconds: float = 0.1
    silent_seconds: float = 8.0


class Ticker:
    """Runs the stream until it is told to stop.

    Args:
        cache: Where rows go, and which instruments are wanted.
        now: Market time.
        trading_since: Wall seconds at which contracts began to trade. None while they do not.
        login: Reads the key and token in force. None while there is none.
        tell: Receives what a person should read.
        prepare: Called while nothing is wanted yet, so that the day's wishes are made.
        route: How the stream's server is reached.
        limits: How much is streamed, and how often.
        beat: Called after each report to the cache.
    """

    def __init__(
        self,
        cache: QuoteCache,
        now: Callable[[], datetime],
        trading_since: Callable[[], float | None],
        login: Callable[[], Login | None],
        tell: TellFeed,
        *,
        prepare: Callable[[], None] = lambda: None,
        route: StreamRoute,
        limits: StreamLimits = StreamLimits(),
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._cache = cache
        self._now = now
        self._trading_since = trading_since
        self._read_login = login
        self._tell = tell
        self._prepare = prepare
        self._route = route
        self._limits = limits
        self._beat = beat
        self._stopping = threading.Event()
        self._has_failed = False
        self._day = date.min
        self._board = TickBoard()
        self._sockets: list[Socket] = []
        self._followed: dict[str, dict[str, int]] = {}
        self._login: Login | None = None
        self._reported_login: Login | None = None
        self._is_refused = False
        self._refusals = 0
        self._retry_at = 0.0

    def run(self) -> int:
        """Run the reactor and return the exit code: 0 when it was told to stop, else 1.

        A reactor cannot be started again: twisted raises ReactorNotRestartable.
        """
        threads = [
            threading.Thread(target=self._work, args=(work,), daemon=True, name=work.__name__)
            for work in (self._write, self._follow)
        ]
        watch = task.LoopingCall(self._watch)
        reactor.callWhenRunning(lambda: watch.start(WATCH_SECONDS).addErrback(self._on_broken))
        for thread in threads:
            reactor.callWhenRunning(thread.start)
        reactor.run(installSignalHandlers=False)
        was_stopped = self._stopping.is_set()
        self._stopping.set()
        for thread in threads:
            thread.join(JOIN_SECONDS)
        return 0 if was_stopped and not self._has_failed else 1

    def stop(self) -> None:
        """End in order.

        May be called from any thread and from a signal's handler.
        """
        self._stopping.set()
        reactor.callFromThread(self._leave)

    def feeds(self) -> Mapping[int, Feed]:
        """Return the state of each connection by its number."""
        now = time.time()
        return {socket.number: socket.feed(now) for socket in list(self._sockets)}

    def _leave(self) -> None:
        for socket in self._sockets:
            socket.leave()
        if reactor.running:
            reactor.stop()

    def _on_broken(self, failure: TwistedFailure) -> None:
        """End the process when the watch fails: without it nothing else would be noticed."""
        self._fail(failure.getErrorMessage())

    def _fail(self, reason: str) -> None:
        """End the process for a new start.

        On the reactor's thread.
        """
        if not self._has_failed:
            self._has_failed = True
            self._tell(StreamEnd(reason))
            self._stopping.set()
            self._leave()

    def _work(self, work: Callable[[], None]) -> None:
        """Run one thread's work.

        A process whose thread died would look alive and stream nothing.
        """
        try:
            work()
        finally:
            if not self._stopping.is_set():
                reactor.callFromThread(self._fail, f"the thread {work.__name__} ended")

    def _tell_later(self, report: StreamReport) -> None:
        """Tell from the reactor's thread, without waiting for whoever listens."""
        reactor.callInThread(self._tell, report)

    # --- the reactor's thread ---------------------------------------------------------------------

    def _watch(self) -> None:
        now = time.time()
        trading_since = self._trading_since()
        for socket in self._sockets:
            socket.judge(now, trading_since)
        states = {socket.state for socket in self._sockets}
        if "open" in states:
            self._refusals = 0
        if REFUSED in states and not self._is_refused:
            self._wait_for_login()
        if any(socket.reason == "gave up" for socket in self._sockets):
            self._fail("Kite's client gave up")

    def _wait_for_login(self) -> None:
        """Let no connection try the refused token again at once, and tell a person once."""
        pause = min(MOST_REFUSED_SECONDS, REFUSED_SECONDS * 2**self._refusals)
        self._is_refused = True
        self._refusals += 1
        self._retry_at = time.monotonic() + pause
        for socket in self._sockets:
            if socket.state != "open":
                socket.leave()
                socket.state = REFUSED
                socket.reason = "token"
        if self._reported_login != self._login:
            self._reported_login = self._login
            self._tell_later(StreamRefusal(REFUSED_FIX, pause))

    def _begin(self, day: date) -> None:
        """Begin a day with an empty board and no connection."""
        for socket in self._sockets:
            socket.leave()
        self._day = day
        self._board = TickBoard()
        self._sockets = []
        self._followed = {}

    def _take_on(self, index: str, tokens: dict[str, int]) -> None:
        """Give new instruments of an index to the first connection with room, else in parts."""
        remaining = dict(tokens)
        while remaining:
            socket = self._socket_for(len(remaining))
            if socket is None:
                streamed = sum(len(open_socket.tokens) for open_socket in self._sockets)
                self._tell_later(StreamFull(index, len(remaining), streamed))
                return
            room = self._limits.tokens - len(socket.tokens)
            part = dict(list(remaining.items())[:room])
            for symbol in part:
                del remaining[symbol]
            self._board.add(index, part, socket.number)
            subscribed = set(socket.tokens)
            socket.follow([token for token in part.values() if token not in subscribed])

    def _socket_for(self, count: int) -> Socket | None:
        """Return a connection with room for `count` tokens, a new one, or one with any room."""
        for socket in self._sockets:
            if len(socket.tokens) + count <= self._limits.tokens:
                return socket
        if len(self._sockets) < self._limits.connections:
            return self._new_socket()
        for socket in self._sockets:
            if len(socket.tokens) < self._limits.tokens:
                return socket
        return None

    def _new_socket(self) -> Socket:
        socket = Socket(
            len(self._sockets),
            self._board,
            self._limits.silent_seconds,
            self._tell_later,
            self._route,
        )
        self._sockets.append(socket)
        if self._login is not None and not self._is_refused:
            socket.connect(self._login)
        return socket

    def _enter(self, login: Login) -> None:
        """Connect with a login that was not tried yet, or is tried again."""
        if login != self._login:
            self._refusals = 0
        self._login = login
        self._is_refused = False
        for socket in self._sockets:
            if socket.state != "open":
                socket.connect(login)

    # --- threads of their own ---------------------------------------------------------------------

    def _follow(self) -> None:
        """Follow the day, the wanted instruments and the login."""
        while not self._stopping.wait(FOLLOW_SECONDS):
            # The writer reports that Redis is away; meanwhile the instruments stay as they are.
            with suppress(Retryable):
                self._look()

    def _look(self) -> None:
        day = day_of(self._now())
        if day != self._day:
            self._on_reactor(self._begin, day)
        subscriptions = self._cache.subscriptions(day)
        if not subscriptions:
            self._prepare()
        for index, tokens in subscriptions.items():
            followed = self._followed.setdefault(index, {})
            fresh = {
                symbol: token
                for symbol, token in tokens.items()
                if token and symbol not in followed
            }
            if fresh:
                followed |= fresh
                self._on_reactor(self._take_on, index, fresh)
        login = self._read_login()
        if login is None:
            return
        may_retry = self._is_refused and time.monotonic() > self._retry_at
        if login != self._login or may_retry:
            self._on_reactor(self._enter, login)

    def _on_reactor(self, call: Callable[..., None], *arguments: object) -> None:
        """Have the reactor call something, and wait until it has."""
        returned = threading.Event()

        def run() -> None:
            try:
                call(*arguments)
            finally:
                returned.set()

        reactor.callFromThread(run)
        while not returned.wait(0.5) and not self._stopping.is_set():
            pass

    def _write(self) -> None:
        """Write what changed, and the state of the connections.

        Keep all of it while Redis is away.
        """
        reported_at = time.monotonic()
        rewritten_at = reported_at
        is_troubled = False
        while not self._stopping.wait(self._limits.flush_seconds):
            now = time.monotonic()
            pause = now - rewritten_at
            if pause > REWRITE_SECONDS or (is_troubled and pause > 1.0):
                self._board.mark_all()
                rewritten_at = now
            try:
                if changes := self._board.take():
                    self._cache.put(self._day, changes)
                if now - reported_at >= FEED_SECONDS:
                    reported_at = now
                    self._cache.put_feeds(self.feeds())
                    self._beat()
                is_troubled = False
            except Retryable as error:
                self._board.mark_all()
                if not is_troubled:
                    self._tell(StreamStalled(str(error)))
                is_troubled = True
        with suppress(Retryable):
            self._cache.put_feeds({})
