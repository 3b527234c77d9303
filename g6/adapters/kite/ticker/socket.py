"""One connection of the broker's own WebSocket client: what it is subscribed to, what it heard, and why it was lost."""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from g6.adapters.kite.ticker.silence import Silence
from g6.adapters.kite.ticker.stream_client import StreamClient, StreamRoute
from g6.adapters.kite.ticker.tick_board import TickBoard
from g6.domain.quotes.tick import Feed

RETRIES = 300
LONGEST_PAUSE = 5
"""Seconds between two attempts of the client, after its first few; it takes no less."""
REFUSED = "refused"
TEXTS = frozenset({"order", "message", "error"})
"""Types of text messages that the broker documents; of others, whose type could itself be anything, only the number is told."""

TRUST_FIX = "see that nothing stands between; a proxy's own certificate is trusted through REQUESTS_CA_BUNDLE=/path/ca.pem"

# What the client says of its own troubles names neither connection nor remedy; we do.
logging.getLogger("kiteconnect").setLevel(logging.CRITICAL)

Tell = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Login:
    """Whose stream it is; `token` is shown nowhere. `root` None: the broker's own address."""

    key: str
    token: str = field(repr=False)
    root: str | None = None


class Socket:
    """Everything here runs on the reactor's thread, except `feed`, which only reads."""

    def __init__(
        self, number: int, board: TickBoard, limit: float, tell: Tell, way: StreamRoute
    ) -> None:
        self.number, self.tokens = number, list[int]()
        self.state, self.reason = "waiting", ""
        self._board, self._tell, self._way = board, tell, way
        self.silence = Silence(limit)
        self._client: Any = None
        self._since = self._last_frame = self._newest = 0.0
        self._dropped, self._ticks, self._counted = 0, 0, (time.time(), 0)
        self._lost: Counter[str] = Counter()
        self._texts: Counter[str] = Counter()
        self._distrusts = ""
        self._why = ""

    def connect(self, access: Login) -> None:
        """Connect with `access`; a client cannot change its token, so each access has a client of its own."""
        self.leave()
        client = StreamClient(
            access.key, access.token, self._way, distrust=self._distrusted, root=access.root,
            reconnect_max_tries=RETRIES, reconnect_max_delay=LONGEST_PAUSE,
        )  # fmt: skip
        client.on_open, client.on_close, client.on_message = self._opened, self._closed, self._heard
        client.on_noreconnect = self._gave_up
        self._client, self.state, self.reason = client, "down", "connecting"
        client.connect()

    def follow(self, tokens: Sequence[int]) -> None:
        """Subscribe to more instruments, in full mode: no other carries times and open interest."""
        self.tokens += tokens
        self.silence.contracts = len(self.tokens)
        if self.state == "open":
            self._subscribe(tokens)

    def judge(self, now: float, trading_since: float | None) -> None:
        """Drop the connection if it has fallen silent; the client connects again and subscribes anew."""
        if self.state == "open" and (verdict := self.silence.verdict(now, trading_since)):
            self._why = verdict
            self._tell(
                "silent",
                {
                    "connection": self.number,
                    "reason": verdict,
                    "seconds": round(now - self._last_frame, 1),
                },
            )
            self._client.ws.dropConnection(abort=True)

    def leave(self) -> None:
        """Close for good."""
        client, self._client, self.state = self._client, None, "waiting"
        if client is not None:
            client.stop_retry()
            if client.is_connected():
                client.ws.dropConnection(abort=True)

    def feed(self, now: float) -> Feed:
        """Return how this connection is."""
        before, counted = self._counted
        ticks, passed = self._ticks, max(1e-3, now - before)
        if passed >= 1.0:
            self._rate, self._counted = (ticks - counted) / passed, (now, ticks)
        return Feed(
            state=self.state,
            since=self._since,
            last_frame=self._last_frame,
            told=now,
            tokens=len(self.tokens),
            ticks_per_second=round(self._rate, 1),
            newest=self._newest,
            reconnects=dict(self._lost),
            dropped=self._dropped,
            pid=os.getpid(),
            reason=self.reason,
            texts=dict(self._texts) or None,
        )

    _rate: float = 0.0

    def _subscribe(self, tokens: Sequence[int]) -> None:
        if tokens:
            self._client.subscribe(list(tokens))
            self._client.set_mode(self._client.MODE_FULL, list(tokens))

    def _opened(self, client: Any) -> None:
        if client is not self._client:
            return
        now = time.time()
        again = set(client.subscribed_tokens)  # these the client has just subscribed to by itself
        self.state, self.reason, self._since, self._last_frame = "open", "", now, now
        self.silence.opened(now)
        self._subscribe([token for token in self.tokens if token not in again])
        self._distrusts = ""
        self._tell("connected", {"connection": self.number, "tokens": len(self.tokens)})

    def _heard(self, client: Any, payload: bytes, is_binary: bool) -> None:
        if client is not self._client:
            return
        if not is_binary:
            self._texts[type_of_text(payload)] += 1
            return
        now = time.time()
        heard = self._board.hear(payload, now)
        self._last_frame = now
        self._ticks += heard.ticks
        self._dropped += heard.dropped
        self._newest = max(self._newest, heard.newest)
        self.silence.heard(now, heard.newest)

    def _closed(self, client: Any, code: int | None, reason: str | None) -> None:
        if client is not self._client:
            return
        was_open, why = self.state == "open", self._why or "dropped"
        self._why = ""
        if self._distrusts and not was_open:
            self.state, self.reason = "down", "certificate"
            return
        if "403" in str(reason) and not was_open:
            client.stop_retry()
            self.state, self.reason = REFUSED, "token"
            return
        self.state, self.reason = "down", why
        if was_open:
            self._lost[why] += 1
            self._tell("lost", {"connection": self.number, "reason": why, "code": code})

    def _gave_up(self, client: Any) -> None:
        if client is self._client and self.state != REFUSED:
            self.state, self.reason = "waiting", "gave up"

    def _distrusted(self, why: str) -> None:
        """Tell once that the server's certificate is refused; the client tries again, in vain until somebody acts."""
        if why != self._distrusts:
            self._distrusts = why
            self._tell(
                "untrusted",
                {
                    "connection": self.number,
                    "host": self._way.host,
                    "reason": why,
                    "fix": TRUST_FIX,
                },
            )


def type_of_text(payload: bytes) -> str:
    """Return what a text message is about. Nothing of it is kept: an order's names user, account and order."""
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        return "other"
    name = told.get("type") if isinstance(told, dict) else None
    return name if isinstance(name, str) and name in TEXTS else "other"
