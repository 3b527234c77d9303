"""The WebSocket: handshake, subscriptions, ticks once a second, heartbeats, and their faults."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import socket as sockets
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from g6.errors import G6Error
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.server_state import ServerState
from g6.kite_server.stream.connections import Message, SentFrame, StreamConnection, pair_of
from g6.kite_server.stream.packets import HEARTBEAT, count
from g6.kite_server.stream.root_feed import MODES, Marks, RootFeed

# Kite answers a token beyond the limit with an error, and the connection stays.
MOST_TOKENS = 3000
MOST_CONNECTIONS = 3
# Kite sends one byte every couple of seconds when there is nothing else.
HEARTBEAT_SECONDS = 2.0

_NOISE_BYTES = 37
_SENT_SECONDS = 120.0
"""Wall seconds for which frames that left are remembered."""

log = logging.getLogger(__name__)


class Order(NamedTuple):
    """A client's message: subscribe, unsubscribe or mode, and the tokens that it concerns."""

    action: str
    mode: str
    tokens: list[int]


def parse_order(text: str | bytes) -> Order:
    """Return the order of a client's message.

    Raises:
        ValueError: It is none.
    """
    try:
        message = json.loads(text)
        action = message["a"]
        value = message["v"]
        mode, tokens = (value[0], value[1]) if action == "mode" else ("quote", value)
        order = Order(action, mode, [int(token) for token in tokens])
    except (TypeError, KeyError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(text) from error
    if order.action not in ("subscribe", "unsubscribe", "mode") or order.mode not in MODES:
        raise ValueError(text)
    return order


@dataclass
class Stream:
    """All connections, and the instruments that they are subscribed to."""

    server: ServerState
    connections: dict[int, StreamConnection] = field(default_factory=dict)
    feeds: dict[str, RootFeed] = field(default_factory=dict)
    sent: deque[SentFrame] = field(default_factory=deque)
    connected: int = 0
    refused: int = 0
    over_cap: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def listen(self, sock: sockets.socket) -> Server:
        """Begin to accept connections on a bound socket."""
        return await serve(
            self._serve,
            sock=sock,
            process_request=self._admit,
            compression=None,
            ping_interval=None,
            max_size=None,
            logger=log,
        )

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        is_good = self.server.logins.good(*pair_of(request))
        if self.server.faults.strike("refuse") or not is_good:
            self.refused += 1
            return connection.respond(HTTPStatus.FORBIDDEN, "Forbidden\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        self.connected += 1
        connection = StreamConnection(self.connected, socket, pair_of(socket.request)[0])
        of_key = [
            other for other in self.connections.values() if other.api_key == connection.api_key
        ]
        # Kite's cap of three is soft: a fourth connection is served, and the account is flagged.
        self.over_cap += len(of_key) >= MOST_CONNECTIONS
        self.connections[connection.number] = connection
        writer = asyncio.create_task(self._write(connection))
        try:
            async for text in socket:
                await self._follow(connection, text)
        except ConnectionClosed:
            pass
        finally:
            writer.cancel()
            del self.connections[connection.number]
            async with self._lock:
                self._prune()

    async def _write(self, connection: StreamConnection) -> None:
        """Send what waits."""
        while True:
            message = await connection.queue.get()
            if self._is_mute(connection):
                continue
            payload = message.payload
            # Stamped right before the frame goes to the socket, so that delays can be measured.
            connection.sent_at = time.time()
            if message.token is not None and message.stamp is not None:
                if self.server.faults.strike("garbage"):
                    payload = random.randbytes(_NOISE_BYTES)
                else:
                    self._remember(
                        SentFrame(
                            connection.sent_at, connection.number, message.token, message.stamp
                        )
                    )
            try:
                await connection.socket.send(payload)
            except ConnectionClosed:
                return

    def _is_mute(self, connection: StreamConnection) -> bool:
        faults = self.server.faults.active("mute")
        return any(fault.value == "all" or connection.since < fault.since for fault in faults)

    def _remember(self, frame: SentFrame) -> None:
        self.sent.append(frame)
        while self.sent[0].at < frame.at - _SENT_SECONDS:
            self.sent.popleft()

    async def _follow(self, connection: StreamConnection, text: str | bytes) -> None:
        """Do what a client orders.

        A wrong order is answered with an error, and all stays open.
        """
        try:
            order = parse_order(text)
        except ValueError:
            _say(connection, "error", "Invalid message.")
            return
        async with self._lock:
            if order.action == "unsubscribe":
                for token in order.tokens:
                    connection.modes.pop(token, None)
                connection.forget_rows()
                self._prune()
                return
            try:
                await self._subscribe(connection, order)
            except G6Error as error:
                _say(connection, "error", str(error))

    async def _subscribe(self, connection: StreamConnection, order: Order) -> None:
        """Note the subscriptions of a connection, and send it the ticks that stand."""
        tokens = list(dict.fromkeys(order.tokens))
        if order.action == "mode":
            tokens = [token for token in tokens if token in connection.modes]
        tokens = _within_limit(connection, tokens)
        connection.modes |= dict.fromkeys(tokens, MODES[order.mode])
        connection.forget_rows()
        catalogue = self.server.catalogue()
        by_root: dict[str, list[InstrumentRef]] = {}
        for token in tokens:
            ref = catalogue.by_token.get(token)
            if ref:
                by_root.setdefault(ref.root, []).append(ref)
        for root, refs in by_root.items():
            feed = await self._feed_with(root, refs)
            wished = np.array([ref.token for ref in refs])
            marks = [dict.fromkeys(MODES, np.isin(table.tokens, wished)) for table in feed.tables]
            _send(connection, feed, marks)

    async def _feed_with(self, root: str, refs: list[InstrumentRef]) -> RootFeed:
        """Return the feed of a root with these instruments in it."""
        feed = self.feeds.setdefault(root, RootFeed(root))
        new = [ref.token for ref in refs if ref.token not in feed.instruments]
        if new:
            catalogue = self.server.catalogue()
            fresh = RootFeed(root)
            fresh.set_tokens(new, catalogue)
            await asyncio.to_thread(fresh.update, self.server.board, first=True)
            feed.set_tokens([*feed.instruments, *new], catalogue)
            for table, added in zip(feed.tables, fresh.tables, strict=True):
                table.copy_from(added)
        return feed

    def _prune(self) -> None:
        """Drop the instruments that no connection is subscribed to any more."""
        subscribed: set[int] = set()
        for connection in self.connections.values():
            subscribed |= connection.modes.keys()
        catalogue = self.server.catalogue()
        for root, feed in list(self.feeds.items()):
            remaining = [token for token in feed.instruments if token in subscribed]
            if not remaining:
                del self.feeds[root]
            elif len(remaining) < len(feed.instruments):
                feed.set_tokens(remaining, catalogue)

    async def run(self) -> None:
        """Send ticks once a second, one root after another, and heartbeats to idle connections."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        while True:
            feeds = list(self.feeds.values())
            for position, feed in enumerate(feeds):
                await asyncio.sleep(begin + position / len(feeds) - loop.time())
                async with self._lock:
                    await self._tick(feed)
            self._interrupt()
            for connection in self.connections.values():
                if time.time() - connection.sent_at >= HEARTBEAT_SECONDS:
                    connection.put(Message(HEARTBEAT))
            begin = max(begin + 1.0, loop.time() - 1.0)
            await asyncio.sleep(begin - loop.time())

    async def _tick(self, feed: RootFeed) -> None:
        if feed.root not in self.feeds:
            return
        catalogue = self.server.catalogue()
        if catalogue is not feed.catalogue:
            feed.set_tokens(list(feed.instruments), catalogue)
        steady = self.server.options.steady
        try:
            changed = await asyncio.to_thread(feed.update, self.server.board, steady=steady)
        except G6Error as error:
            log.warning("no ticks of %s: %s", feed.root, error)
            return
        for connection in list(self.connections.values()):
            _send(connection, feed, changed)

    def _interrupt(self) -> None:
        """Cut or close connections where a fault says so."""
        for name in ("drop", "close"):
            fault = self.server.faults.strike(name) if self.connections else None
            if fault is None:
                continue
            self.server.faults.clear(name)
            most = int(fault.number(MOST_TOKENS))
            for connection in list(self.connections.values())[:most]:
                if name == "drop":
                    connection.socket.transport.abort()
                else:
                    connection.closing = asyncio.ensure_future(connection.socket.close())

    def say(
        self, kind: str, data: object, connections: Iterable[StreamConnection] | None = None
    ) -> None:
        """Send a text message to everybody."""
        for connection in connections or self.connections.values():
            _say(connection, kind, data)


def _within_limit(connection: StreamConnection, tokens: list[int]) -> list[int]:
    """Return the tokens that a connection may have.

    The newest beyond the limit are left out.
    """
    room = MOST_TOKENS - len(connection.modes)
    new = [token for token in tokens if token not in connection.modes]
    if len(new) <= room:
        return tokens
    _say(
        connection,
        "error",
        f"Maximum of {MOST_TOKENS} instruments can be subscribed on one connection.",
    )
    dropped = set(new[max(room, 0) :])
    return [token for token in tokens if token not in dropped]


def _send(connection: StreamConnection, feed: RootFeed, changed: list[dict[str, Marks]]) -> None:
    """Queue a frame of the changes that a connection is subscribed to, each in its mode."""
    bodies = []
    tokens = []
    stamps = []
    for position, (table, marks) in enumerate(zip(feed.tables, changed, strict=True)):
        modes = connection.modes_of(feed.root, position, table)
        for mode, number in MODES.items():
            body, token, stamp = table.cut(mode, marks[mode] & (modes == number))
            bodies.append(body)
            tokens.append(token)
            stamps.append(stamp)
    token = np.concatenate(tokens)
    if len(token):
        payload = count(len(token)) + b"".join(bodies)
        connection.put(Message(payload, token, np.concatenate(stamps)))


def _say(connection: StreamConnection, kind: str, data: object) -> None:
    connection.put(Message(json.dumps({"type": kind, "data": data})))
