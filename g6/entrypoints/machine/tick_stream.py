"""The process of the tick stream: `python -m g6.entrypoints.machine.tick_stream`.

It is put together from few parts and stays far below 150 MB. What a day needs to be streamed is
normally asked for by those who collect it. Before the first cycle of a day nobody has yet, so
shortly before the open a short-lived child (`ticker_children`), which may be as big as a worker,
tells the quote cache.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from multiprocessing.process import BaseProcess
from typing import Any

import structlog

from g6.adapters.kite import Access
from g6.adapters.kite.ticker.feeds import Limits, Ticker
from g6.adapters.kite.ticker.socket import Login
from g6.adapters.kite.ticker.stream_client import route
from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.quote_cache import RedisQuoteCache
from g6.adapters.redis.server import connect
from g6.adapters.redis.shared_cache import RedisSharedCache
from g6.adapters.redis.vitals import RedisVitals
from g6.bootstrap.live import TOKEN_FILE, broker_clock, broker_url, credentials
from g6.config import Settings, calendar, load
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.instrument import INDICES
from g6.entrypoints.machine import ticker_children as wishes
from g6.errors import Retryable, TokenDead, UncoveredYear, UserError
from g6.log import configure
from g6.masking import mask
from g6.ports import Clock

EARLY = timedelta(minutes=45)
"""How long before the open the day's wishes are made: the broker's dump of the day is out by then."""
AGAIN_SECONDS = 60.0
WISHES_SECONDS = 120.0
SIGN_SECONDS = 5.0
LEARN_AGAIN_SECONDS = 120.0
"""After so long is asked for what got no answer, and for contracts that joined since."""

SENTENCES: Mapping[str, tuple[str, str]] = {
    "connected": ("info", "stream connected"),
    "lost": ("warning", "stream lost; REST bridges until it is back"),
    "silent": ("warning", "stream silent; connecting anew"),
    "refused": (
        "warning",
        "the stream refuses a token that REST has not refused; it is tried again, within a minute",
    ),
    "gave up": ("error", "the stream cannot be had; this process ends, to be started anew"),
    "full": (
        "warning",
        "more instruments than the broker streams; the rest is asked for over REST",
    ),
    "redis": ("warning", "Redis is away; ticks are kept until it is back"),
    "untrusted": (
        "error",
        "the stream's server shows a certificate that is refused; it is told neither key nor token",
    ),
    "wishes": ("warning", "what to stream today could not be found out; the first cycle will say"),
}
"""What a person reads of each event: severity and sentence."""


@dataclass(slots=True)
class TickerContext:
    """What the ticker is given: settings, clock, token, and whom to tell."""

    settings: Settings
    broker: str
    clock: Clock = field(init=False)
    calendar: Calendar = field(init=False)
    bus: RedisBus = field(init=False)
    access: Access = field(init=False)
    vitals: RedisVitals = field(init=False)
    _asked: float = 0.0
    _signed: float = 0.0
    _learner: BaseProcess | None = None
    _learned: tuple[date, float] = (date.min, 0.0)

    def __post_init__(self) -> None:
        settings = self.settings
        client = connect(self.broker, master_name=settings.redis.master_name or "")
        self.clock, self.calendar = broker_clock(settings), calendar()
        self.bus = RedisBus(client, settings.namespace)
        self.vitals = RedisVitals(client, settings.namespace, (), settings.directory)
        self.access = Access(
            credentials(settings),
            RedisSharedCache(client, settings.namespace),
            settings.directory / TOKEN_FILE,
            self.clock.market,
        )

    def login(self) -> Login | None:
        """Return key and token in force, None while there is none."""
        try:
            token = self.access.token()
        except TokenDead:
            return None
        return Login(
            credentials(self.settings).api_key, token.value, self.settings.provider.ws_root
        )

    def trading_since(self) -> float | None:
        """Return the wall time since which contracts trade, None while they do not."""
        now = self.clock.market()
        for exchange in {INDICES[name].exchange for name in self.settings.indices}:
            try:
                session = self.calendar.session(exchange, day_of(now))
            except UncoveredYear:
                return None
            if session is not None and session.holds(now):
                begun = max([session.open, *(end for _, end in session.breaks if end <= now)])
                return self.clock.wall_of(begun)
        return None

    def tell(self, event: str, facts: Mapping[str, Any]) -> None:
        """Log what happened; put on the bus what alerts, metrics and screens are made of."""
        level, sentence = SENTENCES[event]
        getattr(structlog.get_logger("g6"), level)(sentence, **facts)
        try:
            if event == "refused":
                self.bus.publish(
                    "alert", {"state": "token", "sentence": sentence, **facts}, key="token"
                )
            if event == "untrusted":
                self.bus.publish(
                    "alert",
                    {"state": "certificate", "sentence": sentence, **facts},
                    key="certificate",
                )
            if event in ("connected", "lost", "gave up"):
                self.bus.publish(
                    "provider.state",
                    {"name": "ticker", "state": event, "sentence": sentence, **facts},
                    key="ticker",
                )
        except Retryable:
            return

    def beat(self) -> None:
        """Give a sign of life every few seconds, and have yesterday's open interest asked for."""
        if time.monotonic() - self._signed >= SIGN_SECONDS:
            self._signed = time.monotonic()
            self.vitals.sign(f"ticker@{socket.gethostname()}", os.getpid())
            self._learn()

    def prepare(self) -> None:
        """Have the wishes of the day made, once a minute at most, from shortly before the open to the close."""
        if time.monotonic() - self._asked < AGAIN_SECONDS or not self._soon(self.clock.market()):
            return
        self._asked = time.monotonic()
        child = multiprocessing.get_context("spawn").Process(
            target=wishes.make, args=(self.settings, self.broker), daemon=True
        )
        child.start()
        child.join(WISHES_SECONDS)
        if child.exitcode is None:
            child.kill()
        if child.exitcode:
            self.tell("wishes", {"exit_code": child.exitcode})

    def _learn(self) -> None:
        """Start who asks for the previous open interest, beside the stream; again now and then, unless the store knows it."""
        now, (day, began), learner = self.clock.market(), self._learned, self._learner
        busy = learner is not None and learner.exitcode is None
        known = learner is not None and learner.exitcode == wishes.STORED
        soon = day == day_of(now) and (known or time.monotonic() - began < LEARN_AGAIN_SECONDS)
        if busy or soon or not self._soon(now) or self.login() is None:
            return
        self._learned = day_of(now), time.monotonic()
        self._learner = multiprocessing.get_context("spawn").Process(
            target=wishes.learn, args=(self.settings, self.broker), daemon=True
        )
        self._learner.start()

    def _soon(self, now: datetime) -> bool:
        for exchange in {INDICES[name].exchange for name in self.settings.indices}:
            try:
                session = self.calendar.session(exchange, day_of(now))
            except UncoveredYear:
                return False
            if session is not None and session.open - EARLY <= now <= session.close:
                return True
        return False


def main() -> None:
    """Stream with the settings in force."""
    try:
        settings = load()
        configure(settings)
        code = run(settings)
    except UserError as error:
        sys.stderr.write(f"g6: {mask(str(error))}\n")
        code = 2
    sys.exit(code)


def run(settings: Settings) -> int:
    """Stream until SIGTERM or SIGINT; return the exit code: 1 when the stream ended by itself and is to be started anew."""
    broker = broker_url(settings)
    desk, wanted = TickerContext(settings, broker), settings.ticker
    cache = connect(
        settings.redis.cache_url or broker, master_name=settings.redis.master_name or ""
    )
    ticker = Ticker(
        RedisQuoteCache(cache, settings.namespace),
        desk.clock.market,
        desk.trading_since,
        desk.login,
        desk.tell,
        prepare=desk.prepare,
        way=route(settings.provider.ws_root),
        limits=Limits(
            wanted.connections, wanted.tokens, wanted.flush_seconds, wanted.silent_seconds
        ),
        beat=desk.beat,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ticker.stop())
    return ticker.run()


if __name__ == "__main__":
    main()
