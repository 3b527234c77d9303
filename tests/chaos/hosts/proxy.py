"""A TCP proxy of this process, whose connections toxics make slow, narrow, deaf or short."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.chaos.hosts.toxics import Stream, Toxic

T = TypeVar("T")
CHUNK = 64 * 1024
AHEAD = 64
"""Chunks that a direction reads before they are due: a slow link has buffers too."""
RESET = struct.pack("ii", 1, 0)
Place = tuple[str, int]


@dataclass(eq=False)
class Direction:
    """One direction of one connection."""

    stream: Stream
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    link: Link
    toxics: tuple[Toxic, ...] = ()
    sent: int = 0
    is_spoilt: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()

    def has(self, toxic: Toxic) -> bool:
        """Tell whether the toxic is still there."""
        return toxic in self.toxics

    async def rest(self, toxic: Toxic, seconds: float | None) -> None:
        """Wait for so long (None: for ever), or until the toxic is taken away."""
        until = None if seconds is None else self.now() + seconds
        while self.has(toxic) and (until is None or self.now() < until):
            changed = self.changed
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    changed.wait(), None if until is None else until - self.now()
                )

    @property
    def is_lost(self) -> bool:
        """Whether data were lost and nothing holds the connection open."""
        return self.is_spoilt and not any(toxic.holds for toxic in self.toxics)

    def change(self, toxics: Sequence[Toxic]) -> None:
        """Put these toxics in the place of those before."""
        self.toxics = tuple(toxics)
        self.changed.set()
        self.changed = asyncio.Event()

    async def pump(self) -> None:
        """Carry what comes until one side ends."""
        ahead: asyncio.Queue[tuple[bytes, float]] = asyncio.Queue(AHEAD)
        reading = asyncio.create_task(self._read(ahead))
        try:
            while True:
                data, arrived = await ahead.get()
                if not data:
                    break
                async for piece in self._through(self.toxics, data, arrived):
                    self.sent += len(piece)
                    self.link.bytes[self.stream] += len(piece)
                    self.writer.write(piece)
                    await self.writer.drain()
                if self.is_lost:
                    return
            for toxic in self.toxics:
                await self.rest(toxic, toxic.lingers)
        finally:
            reading.cancel()

    async def _read(self, ahead: asyncio.Queue[tuple[bytes, float]]) -> None:
        data = b"-"
        while data:
            try:
                data = await self.reader.read(CHUNK)
            except OSError:
                data = b""
            await ahead.put((data, self.now()))

    async def _through(
        self, toxics: Sequence[Toxic], data: bytes, arrived: float
    ) -> AsyncIterator[bytes]:
        if not toxics:
            yield data
            return
        async for piece in toxics[0].pieces(data, arrived, self):
            async for out in self._through(toxics[1:], piece, arrived):
                yield out


@dataclass(eq=False)
class Link:
    """One connection through the proxy: both its directions, and what ends it."""

    directions: tuple[Direction, ...] = ()
    bytes: dict[Stream, int] = field(default_factory=dict)
    ends: list[asyncio.TimerHandle] = field(default_factory=list)
    luck: float = field(default_factory=random.random)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def change(self, toxics: Sequence[Toxic]) -> None:
        """Put these toxics in the place of those before."""
        for end in self.ends:
            end.cancel()
        mine = [toxic for toxic in toxics if self.luck < toxic.toxicity]
        loop = asyncio.get_running_loop()
        self.ends = [
            loop.call_later(toxic.ends_after, self.end, toxic.resets)
            for toxic in mine
            if toxic.ends_after is not None
        ]
        for direction in self.directions:
            direction.change([toxic for toxic in mine if toxic.stream == direction.stream])
            if direction.is_lost:
                self.end(resets=False)

    def end(self, resets: bool) -> None:
        """Close the connection on both sides, or reset it."""
        for direction in self.directions:
            held: Any = direction.writer.get_extra_info("socket")
            if resets and held is not None:
                with suppress(OSError):
                    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            direction.writer.transport.abort()
        self.over.set()


class Proxy:
    """A proxy to one place. `toxics` are changed by name while connections live."""

    def __init__(self, loop: asyncio.AbstractEventLoop, upstream: Place) -> None:
        self._loop = loop
        self._upstream = upstream
        self._toxics: dict[str, Toxic] = {}
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self.address: Place = ("", 0)
        self.connections = 0
        self.bytes = dict.fromkeys(Stream, 0)

    def add(self, name: str, toxic: Toxic) -> None:
        """Add a toxic (in the place of one of that name) to all connections, those that live too."""
        self._change(self._toxics | {name: toxic})

    def remove(self, name: str) -> None:
        """Take a toxic away."""
        self._change({key: toxic for key, toxic in self._toxics.items() if key != name})

    def clear(self) -> None:
        """Take all toxics away."""
        self._change({})

    def _change(self, toxics: dict[str, Toxic]) -> None:
        async def change() -> None:
            self._toxics = toxics
            for link in list(self._links):
                link.change(list(toxics.values()))

        asyncio.run_coroutine_threadsafe(change(), self._loop).result(10)

    async def listen(self, host: str, port: int) -> None:
        """Begin to take connections."""
        self._server = await asyncio.start_server(self._taken, host, port)
        self.address = self._server.sockets[0].getsockname()[:2]

    async def close(self) -> None:
        """Take no more connections, and close those there are."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.end(resets=False)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            back, forth = await asyncio.wait_for(asyncio.open_connection(*self._upstream), 10)
        except (OSError, TimeoutError):
            writer.transport.abort()
            return
        link = Link(bytes=self.bytes)
        link.directions = (
            Direction(Stream.UPSTREAM, reader, forth, link),
            Direction(Stream.DOWNSTREAM, back, writer, link),
        )
        self._links.add(link)
        link.change(list(self._toxics.values()))
        pumps = [asyncio.create_task(each.pump()) for each in link.directions]
        over = asyncio.create_task(link.over.wait())
        try:
            await asyncio.wait([*pumps, over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._links.discard(link)
            for task in (*pumps, over):
                task.cancel()
            for ended in await asyncio.gather(*pumps, over, return_exceptions=True):
                del ended  # a broken pipe here is the end that was wished for
            for end in link.ends:
                end.cancel()
            for direction in link.directions:
                direction.writer.close()


class Proxies:
    """Proxies that share one thread of this process; `with` ends it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._proxies: list[Proxy] = []

    def __enter__(self) -> Proxies:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self._proxies:
            self._run(proxy.close())
        self._run(self._settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def open(self, upstream: Place, host: str = "127.0.0.1", port: int = 0) -> Proxy:
        """Return a proxy to a place, which listens on a free port unless one is named."""
        proxy = Proxy(self._loop, upstream)
        self._run(proxy.listen(host, port))
        self._proxies.append(proxy)
        return proxy

    async def _settle(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)
