"""The newest row of each instrument that is streamed, and which of them the cache does not have yet."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.kite.ticker import stream_frames as packets
from g6.domain.quotes.tick import blank

Rows = NDArray[Any]


@dataclass(frozen=True, slots=True)
class FrameSummary:
    """What one frame brought: ticks of our instruments, packets that were none, the newest time of a contract's (0: none)."""

    ticks: int
    dropped: int
    newest: float


class TickBoard:
    """Rows by token. The reactor's thread reads frames into it, the writer's thread takes what changed out of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens = np.empty(0, dtype=np.int64)
        self._rows, self._changed = blank(0), np.empty(0, dtype=np.bool_)
        self._names = np.empty((0, 2), dtype=object)

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, index: str, tokens: Mapping[str, int], feed: int) -> None:
        """Take instruments of an index (symbol -> token), which connection `feed` is subscribed to."""
        numbers = np.fromiter(tokens.values(), np.int64, len(tokens))
        rows = blank(len(tokens))
        rows["feed"] = feed
        names = np.array([(index, symbol) for symbol in tokens], dtype=object).reshape(-1, 2)
        with self._lock:
            merged = np.concatenate([self._tokens, numbers])
            order = np.argsort(merged, kind="stable")
            self._tokens, self._rows = merged[order], np.concatenate([self._rows, rows])[order]
            self._names = np.concatenate([self._names, names])[order]
            self._changed = np.concatenate([self._changed, np.ones(len(tokens), dtype=np.bool_)])[
                order
            ]

    def hear(self, payload: bytes, received: float) -> FrameSummary:
        """Read a frame that came at wall time `received`."""
        told = packets.split(payload)
        ticks, dropped, newest = 0, told.dropped, 0.0
        with self._lock:
            for each in told.packets.values():
                known, unknown = self._place(each, received)
                ticks, dropped = ticks + known, dropped + unknown
                newest = max(newest, _newest(each))
        return FrameSummary(ticks, dropped, newest)

    def _place(self, each: Rows, received: float) -> tuple[int, int]:
        token = packets.tokens(each)
        first, last = (
            np.searchsorted(self._tokens, token, "left"),
            np.searchsorted(self._tokens, token, "right"),
        )
        known = last > first
        while (there := last > first).any():  # a second time for what stands for two indices
            places = first[there]
            rows = self._rows[places]
            packets.write(rows, each[there], received)
            self._rows[places], self._changed[places] = rows, True
            first = first + 1
        return int(known.sum()), int((~known).sum())

    def take(self) -> dict[str, tuple[Sequence[str], Rows]]:
        """Return what changed since the last call, by index: symbols and rows."""
        with self._lock:
            places = np.flatnonzero(self._changed)
            self._changed[places] = False
            rows, names = self._rows[places], self._names[places]
        return {
            index: (names[mine, 1].tolist(), rows[mine])
            for index in set(names[:, 0])
            for mine in (names[:, 0] == index,)
        }

    def take_all(self) -> None:
        """Let the next `take` return everything: the cache may have lost what it had."""
        with self._lock:
            self._changed[:] = True


def _newest(each: Rows) -> float:
    """Return the newest exchange time of a contract among packets, 0 for none; an index may stand still while options trade."""
    if "last_trade_time" not in (each.dtype.names or ()):
        return 0.0
    return float(each["exchange_time"].max())
