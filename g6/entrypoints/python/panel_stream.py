"""The reference client of the event stream: it comes back by itself and knows what it lost."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import closing
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
REFUSALS = {401: "send the token: g6.follow(url, token=…)", 403: "see serve.allowed_addresses"}


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """One event as it arrived, already applied to the client's state.

    Attributes:
        type: snapshot, panel_diff, end_of_cycle, oi_change, alert, gap, slow_reader, heartbeat.
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
        state: The panels as they are now.
        reconnects: How often the connection was made again.
        waits: Seconds waited before each of them.
    """

    url: str
    token: str = ""
    topics: tuple[str, ...] = ()
    state: StreamState = field(default_factory=StreamState)
    reconnects: int = 0
    waits: list[float] = field(default_factory=list)
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

    def _target(self) -> str:
        query = urlencode({"topics": ",".join(self.topics)}) if self.topics else ""
        return f"/events?{query}" if query else "/events"

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


def follow(url: str, *, token: str = "", topics: tuple[str, ...] = ()) -> PanelStream:
    """Return the events of a running system, which also keep its panels up to date.

    Args:
        url: Address of `g6 serve`, such as http://127.0.0.1:9109.
        token: `serve.token`, empty where none is needed.
        topics: status, overview, chain:NIFTY, oi:NIFTY, alerts, reports. Everything by default.

    >>> for event in g6.follow("http://127.0.0.1:9109"):  # doctest: +SKIP
    ...     print(event.type, event.id)
    """
    return PanelStream(url, token, tuple(topics))
