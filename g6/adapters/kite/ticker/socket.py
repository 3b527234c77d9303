"""One connection of Kite's WebSocket client: its instruments, its state, and why it was lost."""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from g6.adapters.kite.ticker.silence import Silence
from g6.adapters.kite.ticker.stream_client import StreamClient, StreamRoute
from g6.adapters.kite.ticker.tick_board import TickBoard
from g6.domain.quotes.tick import Feed
from g6.domain.reports.stream_reports import (
    StreamLost,
    StreamOpen,
    StreamReport,
    StreamSilence,
    StreamUntrusted,
)

RETRIES = 300
"""Attempts of the client before it gives up: the most that it takes."""
LONGEST_PAUSE = 5
"""Seconds between two attempts of the client, after its first few: the least that it takes."""
REFUSED = "refused"
TEXT_TYPES = frozenset({"order", "message", "error"})
"""Types of text messages that Kite documents.

Of others only the number is reported.
"""

TRUST_FIX = (
    "see that nothing stands between; a proxy's own certificate is trusted through "
    "REQUESTS_CA_BUNDLE=/path/ca.pem"
)

# The client's log lines name neither the connection nor a remedy; the events of this module do.
logging.getLogger("kiteconnect").setLevel(logging.CRITICAL)

TellFeed = Callable[[StreamReport], None]


@dataclass(frozen=True, slots=True)
class Login:
    """The owner of a stream.

    `token` is left out of `repr`, `root` None means Kite's own address.
    """

    key: str
    token: str = field(repr=False)
    root: str | None = None


class Socket:
    """One connection. Everything runs on the reactor's thread, except `feed`, which only reads."""

    def __init__(
        self, number: int, board: TickBoard, limit: float, tell: TellFeed, route: StreamRoute
    ) -> None:
        self.number = number
        self.tokens: list[int] = []
        self.state = "waiting"
        self.reason = ""
        self.silence = Silence(limit)
        self._board = board
        self._tell = tell
        self._route = route
        self._client: StreamClient | None = None
        self._since = 0.0
        self._last_frame = 0.0
        self._newest = 0.0
        self._dropped = 0
        self._ticks = 0
        self._rate = 0.0
        self._rate_base = (time.time(), 0)
        self._losses: Counter[str] = Counter()
        self._texts: Counter[str] = Counter()
        self._distrust_reason = ""
        self._drop_reason = ""
        self._judged_at = 0.0

    def connect(self, login: Login) -> None:
        """Connect with a login."""
        self.leave()
        # KiteTicker fixes its address, token included, when it is made: each login has its own.
        client = StreamClient(
            login.key,
            login.token,
            self._route,
            distrust=self._report_distrust,
            root=login.root,
            reconnect_max_tries=RETRIES,
            reconnect_max_delay=LONGEST_PAUSE,
        )
        client.on_open = self._on_open
        client.on_close = self._on_close
        client.on_message = self._on_message
        client.on_noreconnect = self._on_give_up
        self._client = client
        self.state = "down"
        self.reason = "connecting"
        client.connect()

    def follow(self, tokens: Sequence[int]) -> None:
        """Subscribe to more instruments in full mode: no other carries times and open interest."""
        self.tokens += tokens
        self.silence.contracts = len(self.tokens)
        if self.state == "open":
            self._subscribe(tokens)

    def judge(self, now: float, trading_since: float | None) -> None:
        """Drop the connection if it has fallen silent.

        The client connects again and subscribes.
        """
        if self.state != "open" or self._client is None:
            return
        since_look = now - self._judged_at
        self._judged_at = now
        verdict = self.silence.verdict(now, trading_since)
        if not verdict:
            return
        self._drop_reason = verdict
        seconds = round(now - self._last_frame, 1)
        self._tell(StreamSilence(self.number, verdict, seconds, round(since_look, 1)))
        self._client.ws.dropConnection(abort=True)

    def leave(self) -> None:
        """Close for good."""
        client = self._client
        self._client = None
        self.state = "waiting"
        if client is not None:
            client.stop_retry()
            if client.is_connected():
                client.ws.dropConnection(abort=True)

    def feed(self, now: float) -> Feed:
        """Return the state of this connection."""
        before, ticks_before = self._rate_base
        passed = max(1e-3, now - before)
        if passed >= 1.0:
            self._rate = (self._ticks - ticks_before) / passed
            self._rate_base = (now, self._ticks)
        return Feed(
            state=self.state,
            since=self._since,
            last_frame=self._last_frame,
            told=now,
            tokens=len(self.tokens),
            ticks_per_second=round(self._rate, 1),
            newest=self._newest,
            reconnects=dict(self._losses),
            dropped=self._dropped,
            pid=os.getpid(),
            reason=self.reason,
            texts=dict(self._texts) or None,
        )

    def _subscribe(self, tokens: Sequence[int]) -> None:
        if tokens and self._client is not None:
            # subscribe() books the tokens as `quote`, so the mode must follow it.
            self._client.subscribe(list(tokens))
            self._client.set_mode(self._client.MODE_FULL, list(tokens))

    def _on_open(self, client: StreamClient) -> None:
        if client is not self._client:
            return
        now = time.time()
        self.state = "open"
        self.reason = ""
        self._since = now
        self._last_frame = now
        self._judged_at = now
        self.silence.opened(now)
        # On a reconnect the client has subscribed to these by itself, before this callback.
        subscribed = set(client.subscribed_tokens)
        self._subscribe([token for token in self.tokens if token not in subscribed])
        self._distrust_reason = ""
        self._tell(StreamOpen(self.number, len(self.tokens)))

    def _on_message(self, client: StreamClient, payload: bytes, is_binary: bool) -> None:
        if client is not self._client:
            return
        if not is_binary:
            self._texts[type_of_text(payload)] += 1
            return
        now = time.time()
        frame = self._board.read(payload, now)
        self._last_frame = now
        self._ticks += frame.ticks
        self._dropped += frame.dropped
        self._newest = max(self._newest, frame.newest)
        self.silence.received(now, frame.newest)

    def _on_close(self, client: StreamClient, code: int | None, reason: str | None) -> None:
        if client is not self._client:
            return
        was_open = self.state == "open"
        loss = self._drop_reason or "dropped"
        self._drop_reason = ""
        self.state = "down"
        if self._distrust_reason and not was_open:
            self.reason = "certificate"
            return
        # A dead token comes as close 1006 with "403" in its reason; the client would go on trying
        # it until its attempts are exhausted.
        if "403" in str(reason) and not was_open:
            client.stop_retry()
            self.state = REFUSED
            self.reason = "token"
            return
        self.reason = loss
        if was_open:
            self._losses[loss] += 1
            self._tell(StreamLost(self.number, loss, code))

    def _on_give_up(self, client: StreamClient) -> None:
        if client is self._client and self.state != REFUSED:
            self.state = "waiting"
            self.reason = "gave up"

    def _report_distrust(self, reason: str) -> None:
        """Tell once that the server's certificate is refused.

        The client tries again, in vain until somebody acts.
        """
        if reason != self._distrust_reason:
            self._distrust_reason = reason
            self._tell(StreamUntrusted(self.number, self._route.host, reason, TRUST_FIX))


def type_of_text(payload: bytes) -> str:
    """Return the type of a text message.

    Nothing else of it is kept: an order's text names user, account and order, and an undocumented
    type could itself be anything.
    """
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        return "other"
    name = message.get("type") if isinstance(message, dict) else None
    return name if isinstance(name, str) and name in TEXT_TYPES else "other"
