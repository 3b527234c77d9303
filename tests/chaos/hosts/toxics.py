"""What a proxy does to a connection, in toxiproxy's vocabulary: latency, bandwidth, slow_close, timeout, and so on.

A toxic works on one direction of a connection: `UPSTREAM` from the client to the server, `DOWNSTREAM` back.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Stream(StrEnum):
    """A direction of a connection."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Flow(Protocol):
    """One direction of one connection, as a toxic sees it."""

    sent: int
    is_spoilt: bool

    async def rest(self, toxic: Toxic, seconds: float | None) -> None:
        """Wait for so long (None: for ever), or until the toxic is taken away."""
        ...

    def has(self, toxic: Toxic) -> bool:
        """Tell whether the toxic is still there."""
        ...

    def now(self) -> float:
        """Return the loop's time."""
        ...


@dataclass(frozen=True, slots=True)
class Toxic:
    """Does nothing; the base of those that do.

    Attributes:
        stream: The direction that it works on.
        toxicity: The share of connections that it works on.
    """

    stream: Stream = Stream.DOWNSTREAM
    toxicity: float = 1.0

    @property
    def ends_after(self) -> float | None:
        """Seconds after which the connection ends, None for no end."""
        return None

    @property
    def resets(self) -> bool:
        """Whether that end is a reset."""
        return False

    @property
    def lingers(self) -> float:
        """Seconds by which the peer's end of the connection is told late."""
        return 0.0

    @property
    def holds(self) -> bool:
        """Whether a connection that lost data stays open as long as the toxic is there."""
        return False

    async def pieces(self, data: bytes, _arrived: float, _flow: Flow) -> AsyncIterator[bytes]:
        """Yield what goes on of the data, when it goes on."""
        yield data


@dataclass(frozen=True, slots=True)
class Latency(Toxic):
    """`latency`: all that is sent arrives later, by `delay` ± `jitter` seconds."""

    delay: float = 0.1
    jitter: float = 0.0

    async def pieces(self, data: bytes, arrived: float, flow: Flow) -> AsyncIterator[bytes]:
        """Yield the data late."""
        late = self.delay + random.uniform(-self.jitter, self.jitter)
        await flow.rest(self, arrived + late - flow.now())
        yield data


@dataclass(frozen=True, slots=True)
class Bandwidth(Toxic):
    """`bandwidth`: at most `rate` bytes a second; 0 stalls the connection and loses nothing."""

    rate: int = 100_000

    async def pieces(self, data: bytes, _arrived: float, flow: Flow) -> AsyncIterator[bytes]:
        """Yield the data in parts of a tenth of a second."""
        if self.rate == 0:
            await flow.rest(self, None)
        part = max(1, self.rate // 10)
        while data and flow.has(self):
            await flow.rest(self, len(data[:part]) / self.rate)
            yield data[:part]
            data = data[part:]
        if data:
            yield data


@dataclass(frozen=True, slots=True)
class Slicer(Toxic):
    """`slicer`: data arrive in parts of `average` ± `variation` bytes, `delay` seconds apart."""

    average: int = 64
    variation: int = 32
    delay: float = 0.0

    async def pieces(self, data: bytes, _arrived: float, flow: Flow) -> AsyncIterator[bytes]:
        """Yield the data in small parts."""
        while data and flow.has(self):
            size = max(1, self.average + random.randint(-self.variation, self.variation))
            yield data[:size]
            data = data[size:]
            await flow.rest(self, self.delay)
        if data:
            yield data


@dataclass(frozen=True, slots=True)
class SlowClose(Toxic):
    """`slow_close`: that one side closed the connection is told the other `delay` seconds late."""

    delay: float = 1.0

    @property
    def lingers(self) -> float:
        """Seconds by which the peer's end of the connection is told late."""
        return self.delay


@dataclass(frozen=True, slots=True)
class Timeout(Toxic):
    """`timeout`: nothing arrives any more, and `after` seconds later the connection is closed (None: never).

    What was sent meanwhile is lost, so the connection ends when the toxic is taken away.
    """

    after: float | None = None

    @property
    def ends_after(self) -> float | None:
        """Seconds after which the connection ends."""
        return self.after

    @property
    def holds(self) -> bool:
        """Whether a connection that lost data stays open as long as the toxic is there."""
        return True

    async def pieces(self, _data: bytes, _arrived: float, flow: Flow) -> AsyncIterator[bytes]:
        """Yield nothing."""
        flow.is_spoilt = True
        return
        yield


@dataclass(frozen=True, slots=True)
class ResetPeer(Toxic):
    """`reset_peer`: both sides are reset `after` seconds after the connection was made or the toxic was added."""

    after: float = 0.0

    @property
    def ends_after(self) -> float | None:
        """Seconds after which the connection ends."""
        return self.after

    @property
    def resets(self) -> bool:
        """Whether that end is a reset."""
        return True


@dataclass(frozen=True, slots=True)
class LimitData(Toxic):
    """`limit_data`: the connection is closed once `most` bytes went through it."""

    most: int = 100_000

    async def pieces(self, data: bytes, _arrived: float, flow: Flow) -> AsyncIterator[bytes]:
        """Yield what is left of the allowance."""
        left = self.most - flow.sent
        if left > 0:
            yield data[:left]
        flow.is_spoilt = flow.is_spoilt or len(data) >= left
