"""The reference client of the event stream: it comes back by itself and knows what it lost."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from g6.domain.documents.stream_state import StreamState
from g6.errors import Unavailable, UserError

__all__ = ["PanelStream", "StreamedEvent", "follow"]

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
SILENCE_SECONDS = 45.0
"""A server says something every 15 s: after three times as long the connection is dead."""
REFUSALS = {
    401: "send the token: g6.follow(url, token=…)",
    403: "see serve.allowed_addresses",
    422: "see docs/how-to/follow.md",
}


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """One event as it arrived, already applied to the client's state.

    Attributes:
        type: snapshot, panel_diff, chain_diff, oi_change, gap, alert, end_of_cycle,
            replay_completed, slow_reader, heartbeat.
        id: `EPOCH-NUMBER`, empty for one that is no part of the sequence.
        data: The rest.
    """

    type: str
    id: str
    data: Any


@dataclass(slots=True)
class PanelStream:
    """A connection to `/events` that is made again whenever it ends.

    Attributes:
        url: Address of `g6 serve`, such as http://127.0.0.1:9109.
        token: `serve.token`, empty where none is needed.
        topics: What to listen to, everything by default.
        since: From which instant the stored day is told first, such as 09:15. Empty for none.
        state: The panels as they are now.
        reconnects: How often the connection was made again.
        waits: Seconds waited before each of them.
        applied_seconds: From publication to this client, of the newest event that was traced. The
            clocks of both machines are in it.
    """

    url: str
    token: str = ""
    topics: tuple[str, ...] = ()
    since: str = ""
    state: StreamState = field(default_factory=StreamState)
    reconnects: int = 0
    waits: list[float] = field(default_factory=list)
    applied_seconds: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _random: random.Random = field(default_factory=random.Random)

    def close(self) -> None:
        """End at the next event, heartbeat or try to connect."""
        self._stop.set()

    def __iter__(self) -> Iterator[StreamedEvent]:
        """Yield events until `close`.

        Raises:
            Unavailable: The server refuses this client.
        """
        tries = 0
        while not self._stop.is_set():
            try:
                for event in self._events():
                    tries = 0
                    yield event
                    if self._stop.is_set():
                        return
            except (OSError, HTTPException):
                pass
            tries += 1
            self._wait(tries)

    def _wait(self, tries: int) -> None:
        """Wait before the next try: longer each time, and never all clients at once."""
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (tries - 1))
        seconds = self._random.uniform(longest / 2, longest)
        self.waits.append(seconds)
        self.reconnects += 1
        self._stop.wait(seconds)

    def _events(self) -> Iterator[StreamedEvent]:
        with closing(self._connection()) as connection:
            connection.request("GET", self._target(), headers=self._headers())
            response = connection.getresponse()
            self._check(response)
            for kind, event_id, text in _parsed(response):
                data = json.loads(text)
                self.state.apply(kind, event_id, data)
                self._note_trace(event_id, data)
                yield StreamedEvent(kind, event_id, data)
                if self.state.last_id and not self.state.is_whole:
                    # Without an id the server answers with a snapshot.
                    self.state.last_id = ""
                    return

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UserError(f"{self.url} is no address", "write it as http://127.0.0.1:9109")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.hostname, parts.port, timeout=SILENCE_SECONDS)

    def _note_trace(self, event_id: str, data: Any) -> None:
        """Tell the server that a traced event was applied, which it measures by its own clock."""
        if not isinstance(data, dict) or "_trace" not in data or self.state.is_replay:
            return
        self.applied_seconds = time.time() - float(data["_trace"]["publish_ts"])
        with suppress(OSError, HTTPException), closing(self._connection()) as connection:
            query = urlencode({"id": event_id})
            connection.request("GET", f"/applied?{query}", headers=self._headers())
            connection.getresponse().read()

    def _target(self) -> str:
        words = {"topics": ",".join(self.topics)} if self.topics else {}
        if self.since and not self.state.last_id and not self.state.losses:
            words["from"] = self.since
        if self.waits:
            words["waited"] = f"{self.waits[-1]:.3f}"
        return f"/events?{urlencode(words)}" if words else "/events"

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "text/event-stream"}
        if self.state.last_id:
            headers["Last-Event-ID"] = self.state.last_id
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers

    def _check(self, response: HTTPResponse) -> None:
        if response.status in REFUSALS:
            detail = json.loads(response.read() or b"{}").get("detail", response.reason)
            raise Unavailable(f"{self.url} refuses: {detail}", REFUSALS[response.status])
        if response.status != 200:
            raise HTTPException(f"{response.status} {response.reason}")


def _parsed(response: HTTPResponse) -> Iterator[tuple[str, str, str]]:
    """Yield type, id and data of each event of a stream."""
    fields: dict[str, str] = {}
    while line := response.readline():
        text = line.decode().rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields:
            yield fields.get("event", "message"), fields.get("id", ""), fields.get("data", "{}")
            fields = {}


def follow(
    url: str, *, token: str = "", topics: tuple[str, ...] = (), since: str = ""
) -> PanelStream:
    """Return the events of a running system, which also keep its panels up to date.

    Args:
        url: Address of `g6 serve`, such as http://127.0.0.1:9109.
        token: `serve.token`, empty where none is needed.
        topics: status, overview, chain:NIFTY, oi:NIFTY, alerts, reports. Everything by default.
        since: Tell the stored day from this instant first, such as 09:15, and run into the present
            after the event `replay_completed`.

    >>> for event in g6.follow("http://127.0.0.1:9109"):  # doctest: +SKIP
    ...     print(event.type, event.id)
    """
    return PanelStream(url, token, tuple(topics), since)
