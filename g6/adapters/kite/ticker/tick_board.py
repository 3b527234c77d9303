"""The newest row of each instrument that is streamed, and the rows that the cache lacks."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from g6.adapters.kite.ticker import stream_frames
from g6.domain.quotes.tick import blank

TickRows = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class FrameSummary:
    """What one frame brought.

    Attributes:
        ticks: Packets of our instruments.
        dropped: Packets that were none, or of an instrument that nobody wants.
        newest: Newest exchange time of a contract's packet, epoch seconds. 0 without one.
    """

    ticks: int
    dropped: int
    newest: float


class TickBoard:
    """Rows by token: one thread reads frames into it, another takes changes out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens = np.empty(0, dtype=np.int64)
        self._rows = blank(0)
        self._changed = np.empty(0, dtype=np.bool_)
        self._names = np.empty((0, 2), dtype=object)

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, index: str, tokens: Mapping[str, int], feed: int) -> None:
        """Add instruments of an index (symbol to token) that connection `feed` streams."""
        numbers = np.fromiter(tokens.values(), np.int64, len(tokens))
        rows = blank(len(tokens))
        rows["feed"] = feed
        names = np.array([(index, symbol) for symbol in tokens], dtype=object).reshape(-1, 2)
        is_new = np.ones(len(tokens), dtype=np.bool_)
        with self._lock:
            merged = np.concatenate([self._tokens, numbers])
            order = np.argsort(merged, kind="stable")
            self._tokens = merged[order]
            self._rows = np.concatenate([self._rows, rows])[order]
            self._names = np.concatenate([self._names, names])[order]
            self._changed = np.concatenate([self._changed, is_new])[order]

    def read(self, payload: bytes, received: float) -> FrameSummary:
        """Read a frame that arrived at wall time `received`."""
        frame = stream_frames.split(payload)
        ticks = 0
        dropped = frame.dropped
        newest = 0.0
        with self._lock:
            for packets in frame.packets.values():
                is_ours = self._write(packets, received)
                ticks += int(is_ours.sum())
                dropped += int((~is_ours).sum())
                newest = max(newest, _newest(packets))
        return FrameSummary(ticks, dropped, newest)

    def _write(self, packets: TickRows, received: float) -> NDArray[np.bool_]:
        """Write packets into their rows and return which of them are of our instruments."""
        token = stream_frames.tokens(packets)
        at = np.searchsorted(self._tokens, token, "left")
        end = np.searchsorted(self._tokens, token, "right")
        is_ours: NDArray[np.bool_] = end > at
        # VIX is wanted by every index and so has a row for each: those are written one after
        # another.
        while (remaining := end > at).any():
            places = at[remaining]
            rows = self._rows[places]
            stream_frames.write(rows, packets[remaining], received)
            self._rows[places] = rows
            self._changed[places] = True
            at = at + 1
        return is_ours

    def take(self) -> dict[str, tuple[Sequence[str], TickRows]]:
        """Return the rows that changed since the last call, by index: symbols and rows."""
        with self._lock:
            places = np.flatnonzero(self._changed)
            self._changed[places] = False
            rows = self._rows[places]
            names = self._names[places]
        changes = {}
        for index in set(names[:, 0]):
            mine = names[:, 0] == index
            changes[index] = (names[mine, 1].tolist(), rows[mine])
        return changes

    def mark_all(self) -> None:
        """Let the next `take` return everything: the cache may have lost what it had."""
        with self._lock:
            self._changed[:] = True


def _newest(packets: TickRows) -> float:
    """Return the newest exchange time of a contract among packets, 0 for none.

    An index is left out: it stands still in the closing auction while options trade.
    """
    if "last_trade_time" not in (packets.dtype.names or ()):
        return 0.0
    return float(packets["exchange_time"].max())
