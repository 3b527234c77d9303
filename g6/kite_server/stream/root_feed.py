"""What the sockets are told of a root's instruments: packets as they stand, and which of them have changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.kite_server.market.instrument_catalogue import Catalogue
from g6.kite_server.market.instrument_ref import InstrumentRef
from g6.kite_server.market.market_source import cash_market
from g6.kite_server.market.quote_board import InstrumentSelection, QuoteBoard, choose
from g6.kite_server.market.tick_records import INDEX_TICK, TICK, Ticks
from g6.kite_server.stream import packets

MODES: Mapping[str, int] = MappingProxyType({"ltp": 1, "quote": 2, "full": 3})
"""Modes by the number that stands for them in a client's marks; 0 is not subscribed."""

Bytes = NDArray[np.uint8]
Marks = NDArray[np.bool_]


class PacketTable:
    """The full packets of some tokens, a row of bytes each: lengths, bodies, and since when each stands as it does."""

    def __init__(self, tokens: NDArray[np.int64], kind: np.dtype[np.void]) -> None:
        self.tokens = np.unique(tokens)
        self._kinds = packets.INDEX if kind == INDEX_TICK else packets.TRADABLE
        self._width = {mode: each.itemsize for mode, each in self._kinds.items()}
        self.packets = np.zeros(len(self.tokens), self._kinds["full"])
        self.known = np.zeros(len(self.tokens), dtype=np.bool_)

    def keep(self, earlier: PacketTable) -> None:
        """Take over what another sheet knows of the same tokens."""
        _, here, there = np.intersect1d(self.tokens, earlier.tokens, return_indices=True)
        self.packets[here], self.known[here] = earlier.packets[there], earlier.known[there]

    def write(self, ticks: Ticks, now: int | None, *, steady: bool = False) -> dict[str, Marks]:
        """Write ticks down; return which rows have changed in each mode. What changes is stamped `now`, None: as it says itself."""
        fresh, place = packets.pack(ticks, "full"), np.searchsorted(self.tokens, ticks["token"])
        before = self.packets[place]
        own = fresh["stamp"].copy()
        fresh["stamp"] = before["stamp"]
        new = ~self.known[place] | steady
        different = _rows(fresh) != _rows(before)
        changed = {mode: new | different[:, 2 : self._width[mode]].any(axis=1) for mode in MODES}
        first = own if now is None else np.where(self.known[place], now, own)
        fresh["stamp"] = np.where(
            changed["full"], now if steady and now is not None else first, before["stamp"]
        )
        self.packets[place], self.known[place] = fresh, True
        return {mode: self._marks(place[each]) for mode, each in changed.items()}

    def _marks(self, place: NDArray[np.intp]) -> Marks:
        marks = np.zeros(len(self.tokens), dtype=np.bool_)
        marks[place] = True
        return marks

    def cut(self, mode: str, marks: Marks) -> tuple[bytes, NDArray[np.uint32], NDArray[np.uint32]]:
        """Return the marked packets in a mode, their tokens and their times."""
        chosen = self.packets[marks & self.known]
        if mode == "full":
            return chosen.tobytes(), chosen["token"], chosen["stamp"]
        short = np.zeros(len(chosen), self._kinds[mode])
        for name in self._kinds[mode].names or ():
            short[name] = chosen[name]
        short["length"] = self._width[mode] - 2
        return short.tobytes(), chosen["token"], chosen["stamp"]


def _rows(each: NDArray[np.void]) -> Bytes:
    return np.frombuffer(each.tobytes(), dtype=np.uint8).reshape(len(each), each.dtype.itemsize)


@dataclass
class RootFeed:
    """The subscribed instruments of one root."""

    root: str
    places: dict[int, InstrumentRef] = field(default_factory=dict)
    contracts: PacketTable = field(default_factory=lambda: PacketTable(np.zeros(0, np.int64), TICK))
    indices: PacketTable = field(
        default_factory=lambda: PacketTable(np.zeros(0, np.int64), INDEX_TICK)
    )
    chosen: InstrumentSelection | None = None
    catalogue: Catalogue | None = None

    @property
    def sheets(self) -> tuple[PacketTable, PacketTable]:
        """Contracts and indices."""
        return self.contracts, self.indices

    def hold(self, tokens: Iterable[int], catalogue: Catalogue) -> None:
        """Hold exactly these instruments of the root from now on, as far as the catalogue has them."""
        found = (catalogue.by_token.get(token) for token in tokens)
        self.places = {place.token: place for place in found if place and place.root == self.root}
        self.chosen, self.catalogue = (
            next(iter(choose(catalogue, self.places.values())), None),
            catalogue,
        )
        contracts, indices = self.sheets
        self.contracts = PacketTable(_tokens(self.places.values(), index=False), TICK)
        self.indices = PacketTable(_tokens(self.places.values(), index=True), INDEX_TICK)
        self.contracts.keep(contracts)
        self.indices.keep(indices)

    def look(
        self, board: QuoteBoard, *, first: bool = False, steady: bool = False
    ) -> list[dict[str, Marks]]:
        """Read the market; return which rows of both sheets changed. `first`: what is new is as old as it says itself."""
        if self.chosen is None:
            return [{mode: np.zeros(0, np.bool_) for mode in MODES}] * 2
        at = board.clock.market()
        now = None if first else int(at.timestamp())
        seen: list[Any] = [board.contracts(self.chosen, at), board.indices(self.chosen, at)]
        steady = steady and board.calendar.is_open(cash_market(board.source, self.root), at)
        contracts, indices = self.sheets
        return [contracts.write(seen[0], now, steady=steady), indices.write(seen[1], now)]


def _tokens(places: Iterable[InstrumentRef], *, index: bool) -> NDArray[np.int64]:
    return np.array(
        [place.token for place in places if (place.kind == "index") == index], dtype=np.int64
    )
