"""The packets of a root's subscribed instruments, and which of them have changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from g6.kite_server.market.instrument_catalogue import Catalogue
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.market.market_source import cash_market
from g6.kite_server.market.quote_board import InstrumentSelection, QuoteBoard, select
from g6.kite_server.market.tick_records import INDEX_TICK, TICK, Ticks
from g6.kite_server.stream import packets

MODES: Mapping[str, int] = MappingProxyType({"ltp": 1, "quote": 2, "full": 3})
"""Numbers of the modes.

0 is not subscribed.
"""

Bytes = NDArray[np.uint8]
Marks = NDArray[np.bool_]
TokenNumbers = NDArray[np.uint32]


class PacketTable:
    """The full packets of some tokens, a row each, and whether a row was ever written."""

    def __init__(self, tokens: NDArray[np.int64], kind: np.dtype[np.void]) -> None:
        self.tokens = np.unique(tokens)
        self._kinds = packets.INDEX if kind == INDEX_TICK else packets.TRADABLE
        self._width = {mode: packet.itemsize for mode, packet in self._kinds.items()}
        self.packets = np.zeros(len(self.tokens), self._kinds["full"])
        self.is_written = np.zeros(len(self.tokens), dtype=np.bool_)

    def copy_from(self, earlier: PacketTable) -> None:
        """Take over the rows of another table for the same tokens."""
        _, here, there = np.intersect1d(self.tokens, earlier.tokens, return_indices=True)
        self.packets[here] = earlier.packets[there]
        self.is_written[here] = earlier.is_written[there]

    def write(self, ticks: Ticks, now: int | None, *, steady: bool = False) -> dict[str, Marks]:
        """Write ticks and return which rows have changed in each mode.

        Args:
            ticks: Ticks of tokens of this table.
            now: The stamp of a change in epoch seconds. None for the tick's own.
            steady: Whether every row counts as changed.
        """
        fresh = packets.pack(ticks, "full")
        rows = np.searchsorted(self.tokens, ticks["token"])
        before = self.packets[rows]
        was_written = self.is_written[rows]
        own = fresh["stamp"].copy()
        fresh["stamp"] = before["stamp"]
        is_new = ~was_written | steady
        differs = _as_bytes(fresh) != _as_bytes(before)
        changed = {}
        for mode in MODES:
            changed[mode] = is_new | differs[:, 2 : self._width[mode]].any(axis=1)
        # A row that is written for the first time is as old as its tick says.
        stamp = own if now is None else np.where(was_written, now, own)
        if steady and now is not None:
            stamp = np.full(len(rows), now)
        fresh["stamp"] = np.where(changed["full"], stamp, before["stamp"])
        self.packets[rows] = fresh
        self.is_written[rows] = True
        return {mode: self._marks(rows[is_changed]) for mode, is_changed in changed.items()}

    def _marks(self, rows: NDArray[np.intp]) -> Marks:
        marks = np.zeros(len(self.tokens), dtype=np.bool_)
        marks[rows] = True
        return marks

    def cut(self, mode: str, marks: Marks) -> tuple[bytes, TokenNumbers, TokenNumbers]:
        """Return the marked packets in a mode, their tokens and their times."""
        full = self.packets[marks & self.is_written]
        if mode == "full":
            return full.tobytes(), full["token"], full["stamp"]
        short = np.zeros(len(full), self._kinds[mode])
        for name in self._kinds[mode].names or ():
            short[name] = full[name]
        short["length"] = self._width[mode] - 2
        return short.tobytes(), full["token"], full["stamp"]


def _as_bytes(rows: NDArray[np.void]) -> Bytes:
    return np.frombuffer(rows.tobytes(), dtype=np.uint8).reshape(len(rows), rows.dtype.itemsize)


def _no_contracts() -> PacketTable:
    return PacketTable(np.zeros(0, np.int64), TICK)


def _no_indices() -> PacketTable:
    return PacketTable(np.zeros(0, np.int64), INDEX_TICK)


@dataclass
class RootFeed:
    """The subscribed instruments of one root."""

    root: str
    instruments: dict[int, InstrumentRef] = field(default_factory=dict)
    contracts: PacketTable = field(default_factory=_no_contracts)
    indices: PacketTable = field(default_factory=_no_indices)
    selection: InstrumentSelection | None = None
    catalogue: Catalogue | None = None

    @property
    def tables(self) -> tuple[PacketTable, PacketTable]:
        """Contracts and indices."""
        return self.contracts, self.indices

    def set_tokens(self, tokens: Iterable[int], catalogue: Catalogue) -> None:
        """Feed exactly these instruments of the root, as far as the catalogue has them."""
        listed = (catalogue.by_token.get(token) for token in tokens)
        self.instruments = {ref.token: ref for ref in listed if ref and ref.root == self.root}
        self.selection = next(iter(select(catalogue, self.instruments.values())), None)
        self.catalogue = catalogue
        contracts, indices = self.tables
        self.contracts = PacketTable(_tokens(self.instruments.values(), index=False), TICK)
        self.indices = PacketTable(_tokens(self.instruments.values(), index=True), INDEX_TICK)
        self.contracts.copy_from(contracts)
        self.indices.copy_from(indices)

    def update(
        self, board: QuoteBoard, *, first: bool = False, steady: bool = False
    ) -> list[dict[str, Marks]]:
        """Read the market and return which rows of both tables changed.

        Args:
            board: Quotes of the market.
            first: Whether changes carry the time of their tick instead of the present.
            steady: Whether every row counts as changed while the market is open.
        """
        if self.selection is None:
            return [{mode: np.zeros(0, np.bool_) for mode in MODES}] * 2
        at = board.clock.market()
        now = None if first else int(at.timestamp())
        contracts = board.contracts(self.selection, at)
        indices = board.indices(self.selection, at)
        steady = steady and board.calendar.is_open(cash_market(board.source, self.root), at)
        return [
            self.contracts.write(contracts, now, steady=steady),
            self.indices.write(indices, now),
        ]


def _tokens(instruments: Iterable[InstrumentRef], *, index: bool) -> NDArray[np.int64]:
    tokens = [ref.token for ref in instruments if (ref.kind == "index") == index]
    return np.array(tokens, dtype=np.int64)
