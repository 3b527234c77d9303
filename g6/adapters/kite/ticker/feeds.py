"""The process of the stream: connections that follow what is wanted, a writer that feeds the cache, a watch on silence.

One reactor carries all connections: at 4,000 ticks a second reading them takes a few hundredths of a core, so a process for each
would buy nothing. The reactor's thread reads frames; a slow Redis stalls only the writer's, a slow look at the wishes only that of
the follower.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet import task

from g6.adapters.kite.ticker.socket import REFUSED, Login, Socket, Tell
from g6.adapters.kite.ticker.stream_client import StreamRoute
from g6.adapters.kite.ticker.tick_board import TickBoard
from g6.domain.market.calendar import day_of
from g6.domain.quotes.tick import Feed
from g6.errors import Retryable
from g6.ports import QuoteCache

reactor: Any = _reactor  # its type is known only once it is installed

FOLLOW_SECONDS = 0.5
WATCH_SECONDS = 0.5
TELL_SECONDS = 0.25
REFUSED_SECONDS, MOST_REFUSED_SECONDS = 5.0, 60.0
"""A token that only the stream refuses, while REST takes it, is tried again after so long, then twice as long, at most so long.

Five minutes without a stream were the price of one 403 at a handshake with a good token; the broker gives such answers in passing.
"""
REFUSED_FIX = (
    "g6 check kite tells whether REST takes the token; if it does, end other streams of this API key (three are allowed), "
    "else g6 login"
)
REWRITE_SECONDS = 60.0
"""After so long every row is written again: a Redis that was emptied must not stay so for what does not change."""


@dataclass(frozen=True, slots=True)
class Limits:
    """At most `connections` of `tokens` each; seconds between two writes and until an open connection counts as silent."""

    connections: int = 3
    tokens: int = 3000
    flush_seconds: float = 0.1
    silent_seconds: float = 8.0


class Ticker:
    """Runs the stream until told to stop.

    `now` market time; `trading_since` when contracts began to trade (wall seconds), None while they do not; `access` reads the key
    and token in force, None while there is none; `prepare` is called while nothing is wanted yet, to have the day's wishes made;
    `tell` hears what a person should read; `way` is how the stream's server is reached.
    """

    def __init__(
        self,
        cache: QuoteCache,
        now: Callable[[], datetime],
        trading_since: Callable[[], float | None],
        access: Callable[[], Login | None],
        tell: Tell,
        *,
        prepare: Callable[[], None] = lambda: None,
        way: StreamRoute,
        limits: Limits = Limits(),
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._cache, self._now, self._trading_since, self._access = (
            cache,
            now,
            trading_since,
            access,
        )
        self._tell, self._prepare, self._limits, self._beat = tell, prepare, limits, beat
        self._way = way
        self._stopping, self._failed = threading.Event(), False
        self._day, self._board, self._sockets = date.min, TickBoard(), list[Socket]()
        self._followed: dict[str, dict[str, int]] = {}
        self._used: Login | None = None
        self._told: Login | None = None
        self._waits, self._refusals, self._again_at = False, 0, 0.0

    def run(self) -> int:
        """Run the reactor; return 0 when it was told to stop, 1 when it ended by itself: a reactor cannot be started again."""
        threads = [
            threading.Thread(target=self._work, args=(each,), daemon=True, name=each.__name__)
            for each in (self._write, self._follow)
        ]
        watch = task.LoopingCall(self._watch)
        reactor.callWhenRunning(lambda: watch.start(WATCH_SECONDS).addErrback(self._broken))
        for thread in threads:
            reactor.callWhenRunning(thread.start)
        reactor.run(installSignalHandlers=False)
        told = self._stopping.is_set()
        self._stopping.set()
        for thread in threads:
            thread.join(3.0)
        return 0 if told and not self._failed else 1

    def stop(self) -> None:
        """End in order; may be called from any thread and from a signal's handler."""
        self._stopping.set()
        reactor.callFromThread(self._leave)

    def _leave(self) -> None:
        for socket in self._sockets:
            socket.leave()
        if reactor.running:
            reactor.stop()

    def _broken(self, failure: Any) -> None:
        """The watch is what notices all other trouble: without it nothing goes on."""
        self._fail(failure.getErrorMessage())

    def _fail(self, why: str) -> None:
        """End the process for a new start; on the reactor's thread."""
        if not self._failed:
            self._failed = True
            self._tell("gave up", {"why": why})
            self._stopping.set()
            self._leave()

    def _work(self, work: Callable[[], None]) -> None:
        """Run one thread's work; a process whose thread died would look alive and stream nothing."""
        try:
            work()
        finally:
            if not self._stopping.is_set():
                reactor.callFromThread(self._fail, f"the thread {work.__name__} ended")

    def _say(self, event: str, facts: dict[str, Any]) -> None:
        """Tell, from the reactor's thread, without waiting for who listens."""
        reactor.callInThread(self._tell, event, facts)

    # --- the reactor's thread -------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        now, trading_since = time.time(), self._trading_since()
        for socket in self._sockets:
            socket.judge(now, trading_since)
        if any(socket.state == "open" for socket in self._sockets):
            self._refusals = 0
        if any(socket.state == REFUSED for socket in self._sockets) and not self._waits:
            self._wait_for_login()
        if any(socket.reason == "gave up" for socket in self._sockets):
            self._fail("the broker's client gave up")

    def _wait_for_login(self) -> None:
        """The handshake is refused: no connection tries this token again at once, and a person reads so once."""
        pause = min(MOST_REFUSED_SECONDS, REFUSED_SECONDS * 2**self._refusals)
        self._waits, self._refusals, self._again_at = (
            True,
            self._refusals + 1,
            time.monotonic() + pause,
        )
        for socket in self._sockets:
            if socket.state != "open":
                socket.leave()
                socket.state, socket.reason = REFUSED, "token"
        if self._told != self._used:
            self._told = self._used
            self._say("refused", {"fix": REFUSED_FIX, "again_after_seconds": pause})

    def _begin(self, day: date) -> None:
        for socket in self._sockets:
            socket.leave()
        self._day, self._board, self._sockets, self._followed = day, TickBoard(), [], {}

    def _take_on(self, index: str, tokens: dict[str, int]) -> None:
        """Give new wishes of an index to connections: whole to the first that has room, else in parts."""
        left = dict(tokens)
        while left:
            socket = self._roomiest(len(left))
            if socket is None:
                self._say(
                    "full",
                    {
                        "index": index,
                        "left_out": len(left),
                        "tokens": sum(len(each.tokens) for each in self._sockets),
                    },
                )
                return
            room = self._limits.tokens - len(socket.tokens)
            part = dict(list(left.items())[:room])
            left = {symbol: token for symbol, token in left.items() if symbol not in part}
            self._board.add(index, part, socket.number)
            known = set(socket.tokens)
            socket.follow([token for token in part.values() if token not in known])

    def _roomiest(self, count: int) -> Socket | None:
        fitting = [
            each for each in self._sockets if len(each.tokens) + count <= self._limits.tokens
        ]
        if fitting:
            return fitting[0]
        if len(self._sockets) < self._limits.connections:
            socket = Socket(
                len(self._sockets), self._board, self._limits.silent_seconds, self._say, self._way
            )
            self._sockets.append(socket)
            if self._used is not None and not self._waits:
                socket.connect(self._used)
            return socket
        return next(
            (each for each in self._sockets if len(each.tokens) < self._limits.tokens), None
        )

    def _enter(self, access: Login) -> None:
        """Connect with an access that was not tried yet, or is tried again."""
        if access != self._used:
            self._refusals = 0
        self._used, self._waits = access, False
        for socket in self._sockets:
            if socket.state != "open":
                socket.connect(access)

    # --- threads of their own -------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Follow the day, the wishes and the access."""
        while not self._stopping.wait(FOLLOW_SECONDS):
            with suppress(Retryable):  # the writer says so; what is followed is followed on
                self._look()

    def _look(self) -> None:
        day = day_of(self._now())
        if day != self._day:
            self._on_reactor(self._begin, day)
        wishes = self._cache.subscriptions(day)
        if not wishes:
            self._prepare()
        for index, tokens in wishes.items():
            known = self._followed.setdefault(index, {})
            if new := {
                symbol: token for symbol, token in tokens.items() if symbol not in known and token
            }:
                known |= new
                self._on_reactor(self._take_on, index, new)
        access = self._access()
        again = self._waits and time.monotonic() > self._again_at
        if access is not None and (access != self._used or again):
            self._on_reactor(self._enter, access)

    def _on_reactor(self, call: Callable[..., None], *arguments: Any) -> None:
        """Have the reactor do it, and wait until it has."""
        done = threading.Event()

        def run() -> None:
            try:
                call(*arguments)
            finally:
                done.set()

        reactor.callFromThread(run)
        while not done.wait(0.5) and not self._stopping.is_set():
            pass

    def _write(self) -> None:
        """Write what changed to the cache, and how the connections are; keep all of it while Redis is away."""
        told = rewritten = time.monotonic()
        troubled = False
        while not self._stopping.wait(self._limits.flush_seconds):
            now = time.monotonic()
            if now - rewritten > REWRITE_SECONDS or (troubled and now - rewritten > 1.0):
                self._board.take_all()
                rewritten = now
            try:
                if changed := self._board.take():
                    self._cache.put(self._day, changed)
                if now - told >= TELL_SECONDS:
                    told = now
                    self._cache.put_feeds(self.feeds())
                    self._beat()
                troubled = False
            except Retryable as error:
                self._board.take_all()
                if not troubled:
                    self._tell("redis", {"error": str(error)})
                troubled = True
        self._say_goodbye()

    def _say_goodbye(self) -> None:
        with suppress(Retryable):
            self._cache.put_feeds({})

    def feeds(self) -> Mapping[int, Feed]:
        """Return how the connections are."""
        now = time.time()
        sockets: Sequence[Socket] = list(self._sockets)
        return {socket.number: socket.feed(now) for socket in sockets}
