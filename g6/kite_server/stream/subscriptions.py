"""The WebSocket: handshake, subscriptions, ticks about once a second, heartbeats, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from g6.errors import G6Error
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.server_state import ServerState
from g6.kite_server.stream.connections import Client, SentFrame, pair_of
from g6.kite_server.stream.packets import HEARTBEAT, count
from g6.kite_server.stream.root_feed import MODES, Marks, RootFeed

MOST_TOKENS = 3000
MOST_CONNECTIONS = 3
HEARTBEAT_SECONDS = 2.0

_NOISE = 37
_SENT_KEPT = 120.0

log = logging.getLogger(__name__)


@dataclass
class Stream:
    """All connections and the instruments they want."""

    desk: ServerState
    clients: dict[int, Client] = field(default_factory=dict)
    groups: dict[str, RootFeed] = field(default_factory=dict)
    sent: deque[SentFrame] = field(default_factory=deque)
    connected: int = 0
    refused: int = 0
    over_cap: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def listen(self, sock: Any) -> Server:
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
        if self.desk.faults.strike("refuse") or not self.desk.logins.good(*pair_of(request)):
            self.refused += 1
            return connection.respond(HTTPStatus.FORBIDDEN, "Forbidden\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        self.connected += 1
        client = Client(self.connected, socket, pair_of(socket.request)[0])
        self.over_cap += (
            sum(each.api_key == client.api_key for each in self.clients.values())
            >= MOST_CONNECTIONS
        )
        self.clients[client.number] = client
        writer = asyncio.create_task(self._write(client))
        try:
            async for message in socket:
                await self._heed(client, message)
        except ConnectionClosed:
            pass
        finally:
            writer.cancel()
            del self.clients[client.number]
            async with self._lock:
                self._prune()

    async def _write(self, client: Client) -> None:
        """Send what waits; `sent` is stamped right before a frame goes to the socket."""
        while True:
            frame, token, stamp = await client.waiting.get()
            if any(
                each.value == "all" or client.since < each.since
                for each in self.desk.faults.active("mute")
            ):
                continue
            client.sent_at = time.time()
            if token is not None and self.desk.faults.strike("garbage"):
                frame = random.randbytes(_NOISE)
            elif token is not None:
                self._remember(SentFrame(client.sent_at, client.number, token, stamp))
            try:
                await client.socket.send(frame)
            except ConnectionClosed:
                return

    def _remember(self, sent: SentFrame) -> None:
        self.sent.append(sent)
        while self.sent[0].at < sent.at - _SENT_KEPT:
            self.sent.popleft()

    async def _heed(self, client: Client, message: str | bytes) -> None:
        """Do what a client asks; anything else is answered with an error, and the connection stays."""
        try:
            told = json.loads(message)
            action, value = told["a"], told["v"]
            mode, tokens = ("quote", value) if action != "mode" else (value[0], value[1])
            tokens = [int(token) for token in tokens]
            if action not in ("subscribe", "unsubscribe", "mode") or mode not in MODES:
                raise ValueError(message)
        except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
            self._say(client, "error", "Invalid message.")
            return
        async with self._lock:
            if action == "unsubscribe":
                for token in tokens:
                    client.wants.pop(token, None)
                client.forget()
                self._prune()
                return
            try:
                await self._subscribe(client, tokens, mode, only_known=action == "mode")
            except G6Error as error:
                self._say(client, "error", str(error))

    async def _subscribe(
        self, client: Client, tokens: list[int], mode: str, *, only_known: bool
    ) -> None:
        """Note what a client wants and send it the ticks that stand."""
        wanted = [
            token for token in dict.fromkeys(tokens) if token in client.wants or not only_known
        ]
        room = MOST_TOKENS - len(client.wants)
        new = [token for token in wanted if token not in client.wants]
        if len(new) > room:
            self._say(
                client,
                "error",
                f"Maximum of {MOST_TOKENS} instruments can be subscribed on one connection.",
            )
            dropped = set(new[max(room, 0) :])
            wanted = [token for token in wanted if token not in dropped]
        client.wants |= dict.fromkeys(wanted, MODES[mode])
        client.forget()
        catalogue = self.desk.catalogue()
        by_root: dict[str, list[InstrumentRef]] = {}
        for token in wanted:
            if place := catalogue.by_token.get(token):
                by_root.setdefault(place.root, []).append(place)
        for root, places in by_root.items():
            group = await self._grown(root, places)
            asked = np.array([place.token for place in places])
            self._tell(
                client,
                group,
                [dict.fromkeys(MODES, np.isin(sheet.tokens, asked)) for sheet in group.sheets],
            )

    async def _grown(self, root: str, places: list[InstrumentRef]) -> RootFeed:
        """Return the group of a root with these places in it."""
        group = self.groups.setdefault(root, RootFeed(root))
        if new := [place.token for place in places if place.token not in group.places]:
            catalogue = self.desk.catalogue()
            fresh = RootFeed(root)
            fresh.hold(new, catalogue)
            await asyncio.to_thread(fresh.look, self.desk.board, first=True)
            group.hold([*group.places, *new], catalogue)
            for sheet, added in zip(group.sheets, fresh.sheets, strict=True):
                sheet.keep(added)
        return group

    def _prune(self) -> None:
        """Let go of what nobody wants any more."""
        wanted = set().union(*(client.wants for client in self.clients.values()))
        catalogue = self.desk.catalogue()
        for root, group in list(self.groups.items()):
            kept = [token for token in group.places if token in wanted]
            if not kept:
                del self.groups[root]
            elif len(kept) < len(group.places):
                group.hold(kept, catalogue)

    def _tell(self, client: Client, group: RootFeed, changed: list[dict[str, Marks]]) -> None:
        """Send a client what changed of what it wants, each in its mode."""
        body, total, tokens, stamps = [], 0, [], []
        for place, (sheet, marks) in enumerate(zip(group.sheets, changed, strict=True)):
            modes = client.modes_of(group.root, place, sheet)
            for mode, number in MODES.items():
                cut, token, stamp = sheet.cut(mode, marks[mode] & (modes == number))
                body.append(cut)
                total += len(token)
                tokens.append(token)
                stamps.append(stamp)
        if total:
            client.put(
                count(total) + b"".join(body), np.concatenate(tokens), np.concatenate(stamps)
            )

    async def run(self) -> None:
        """Send ticks once a second, the roots one after another within it, and heartbeats where nothing was sent."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        while True:
            groups = list(self.groups.values())
            for place, group in enumerate(groups):
                await asyncio.sleep(begin + place / len(groups) - loop.time())
                async with self._lock:
                    await self._tick(group)
            self._interrupt()
            for client in self.clients.values():
                if time.time() - client.sent_at >= HEARTBEAT_SECONDS:
                    client.put(HEARTBEAT, None, None)
            begin = max(begin + 1.0, loop.time() - 1.0)
            await asyncio.sleep(begin - loop.time())

    async def _tick(self, group: RootFeed) -> None:
        if group.root not in self.groups:
            return
        if (catalogue := self.desk.catalogue()) is not group.catalogue:
            group.hold(list(group.places), catalogue)
        try:
            changed = await asyncio.to_thread(
                group.look, self.desk.board, steady=self.desk.options.steady
            )
        except G6Error as error:
            log.warning("no ticks of %s: %s", group.root, error)
            return
        for client in list(self.clients.values()):
            self._tell(client, group, changed)

    def _interrupt(self) -> None:
        """Cut or close connections where a fault says so."""
        for name in ("drop", "close"):
            if self.clients and (fault := self.desk.faults.strike(name)):
                self.desk.faults.clear(name)
                for client in list(self.clients.values())[: int(fault.number(MOST_TOKENS))]:
                    if name == "drop":
                        client.socket.transport.abort()
                    else:
                        client.closing = asyncio.ensure_future(client.socket.close())

    def _say(self, client: Client, kind: str, text: Any) -> None:
        client.put(json.dumps({"type": kind, "data": text}), None, None)

    def say(self, kind: str, text: Any, clients: Iterable[Client] | None = None) -> None:
        """Send a text message to everybody."""
        for client in clients or self.clients.values():
            self._say(client, kind, text)
