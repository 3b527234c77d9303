"""The quotes of any instruments at the server's instant, and the faults that touch prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import IST, Calendar, day_of
from g6.domain.market.instrument import Contracts, Future
from g6.domain.quotes.quotes import Quotes
from g6.domain.schema.underlying import Underlying
from g6.kite_server.market.instrument_catalogue import Catalogue, CatalogueCache
from g6.kite_server.market.instrument_ref import VIX_ROOT, InstrumentRef
from g6.kite_server.market.market_source import MarketSource, cash_market, settled_since
from g6.kite_server.market.tick_records import INDEX_TICK, TICK, Ticks, empty, fill_books, whole
from g6.kite_server.movable_clock import MovableClock
from g6.kite_server.server_faults import ServerFaults

RowPlaces = NDArray[np.intp]
BoardColumns = dict[str, NDArray[np.float64]]

_PRICES = {
    "last": "last",
    "average": "average_price",
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
}
_QUANTITIES = {
    "volume": "volume",
    "buy": "buy_quantity",
    "sell": "sell_quantity",
    "oi": "oi",
    "oi_high": "oi_day_high",
    "oi_low": "oi_day_low",
}
_INDEX_FIELDS = {
    "last": "spot",
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "prev_close",
    "stamp": "spot_time",
}
_LATEST_TRADE = time(15, 20)
_TRADE_SPAN_SECONDS = 5 * 3600


@dataclass(frozen=True)
class InstrumentSelection:
    """Instruments of one root, ready to be quoted again and again.

    Attributes:
        root: Name of the root.
        contracts: Each strike of the selected options once. None where the root has only an index.
        side: Side of each selected option, shape (m,).
        row: Position of each selected option in `contracts`, shape (m,).
        futures: The selected futures.
        indices: The selected indices.
    """

    root: str
    contracts: Contracts | None
    side: RowPlaces
    row: RowPlaces
    futures: tuple[Future, ...]
    indices: tuple[InstrumentRef, ...]


def select(catalogue: Catalogue, refs: Iterable[InstrumentRef]) -> list[InstrumentSelection]:
    """Return instruments by their roots."""
    by_root: dict[str, list[InstrumentRef]] = {}
    for ref in refs:
        by_root.setdefault(ref.root, []).append(ref)
    return [_selection(catalogue, root, of_root) for root, of_root in by_root.items()]


def _selection(
    catalogue: Catalogue, root: str, refs: Sequence[InstrumentRef]
) -> InstrumentSelection:
    indices = tuple(ref for ref in refs if ref.kind == "index")
    options = [ref for ref in refs if ref.kind == "option"]
    positions = np.array([ref.position for ref in options], dtype=np.intp)
    strikes, row = np.unique(positions, return_inverse=True)
    side = np.array([ref.side for ref in options], dtype=np.intp)
    listing = catalogue.listings.get(root)
    if listing is None:
        return InstrumentSelection(root, None, side, row, (), indices)
    futures = tuple(listing.futures[ref.position] for ref in refs if ref.kind == "future")
    contracts = listing.contracts.take(strikes)
    return InstrumentSelection(root, contracts, side, row, futures, indices)


@dataclass
class QuoteBoard:
    """Quotes instruments as they are now."""

    source: MarketSource
    catalogues: CatalogueCache
    calendar: Calendar
    clock: MovableClock
    faults: ServerFaults

    def contracts(self, selection: InstrumentSelection, at: datetime) -> Ticks:
        """Return the ticks of the selected options and futures, those that the market has."""
        if selection.root not in self.source.roots:
            return np.zeros(0, TICK)
        parts = []
        if selection.contracts is not None and len(selection.row):
            quotes = self._quotes(selection.root, selection.contracts, at)
            before = self._day_before(quotes)
            parts.append(option_ticks(quotes, selection.side, selection.row, before))
        if selection.futures:
            futures = self.source.futures(selection.root, selection.futures, at)
            parts.append(futures[futures["last"] > 0])
        return np.concatenate(parts) if parts else np.zeros(0, TICK)

    def _quotes(self, root: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return the market's quotes, or settlement prices where a fault says so."""
        quotes = self.source.quotes(root, contracts, at)
        session = self._settling(quotes, at)
        if session is None:
            return quotes
        settled = self.source.quotes(root, contracts, session).values["close"]
        return replace(quotes, values={**quotes.values, "last": settled})

    def _day_before(self, quotes: Quotes) -> date:
        """Return the day of the session before that of the quotes."""
        newest = np.nan_to_num(quotes.values["quote_time"]).max(initial=0) or quotes.observed_at
        day = day_of(datetime.fromtimestamp(float(newest), IST))
        return self.calendar.previous_session(
            cash_market(self.source, quotes.contracts.underlying), day
        ).day

    def _settling(self, quotes: Quotes, at: datetime) -> datetime | None:
        # Zerodha overwrites the last price with the settlement price between 06:30 and 07:00.
        if not self.faults.active("settlement"):
            return None
        session = settled_since(
            self.calendar, cash_market(self.source, quotes.contracts.underlying), at
        )
        return session.open if session else None

    def indices(self, selection: InstrumentSelection, at: datetime) -> Ticks:
        """Return the ticks of the selected indices, those that the market has."""
        ticks = np.zeros(len(selection.indices), INDEX_TICK)
        for ref, row in zip(selection.indices, ticks, strict=True):
            row["token"] = ref.token
            self._fill_index(row, ref.root, self._frozen_at(ref.root, at))
        return ticks[ticks["last"] > 0]

    def _frozen_at(self, root: str, at: datetime) -> datetime:
        """Return the instant whose value an index shows: where it is frozen, that of the fault."""
        for fault in self.faults.active("freeze"):
            if fault.value in ("", root) and fault.market_since:
                at = min(at, fault.market_since)
        return at

    def _fill_index(self, row: np.void, root: str, at: datetime) -> None:
        if root == VIX_ROOT:
            vix = self.source.vix(at)
            if vix is not None:
                for name in ("last", "open", "high", "low", "close", "stamp"):
                    row[name] = getattr(vix, name)
            return
        underlying = self.source.underlying(root, at)
        if np.isfinite(underlying.spot):
            _fill_from_underlying(row, underlying)


def _fill_from_underlying(row: np.void, underlying: Underlying) -> None:
    for name, column in _INDEX_FIELDS.items():
        value = getattr(underlying, column)
        row[name] = value if np.isfinite(value) else 0


def option_ticks(quotes: Quotes, side: RowPlaces, row: RowPlaces, before: date) -> Ticks:
    """Return the ticks of selected options that have a last price, in their order.

    Args:
        quotes: Quotes of the options' strikes.
        side: Side of each option, shape (m,).
        row: Position of each option in the quotes, shape (m,).
        before: Day of the last trade of what has not traded today and has open interest.
    """
    # Kite leaves out a key without data, and says nothing about it.
    has_price = np.isfinite(quotes.values["last"][side, row])
    side = side[has_price]
    row = row[has_price]
    values = {name: column[side, row] for name, column in quotes.values.items()}
    contracts = quotes.contracts
    ticks = empty(contracts.token[side, row])
    lot = contracts.lot_size[row]
    for name, column in _PRICES.items():
        ticks[name] = np.nan_to_num(values[column])
    for name, column in _QUANTITIES.items():
        ticks[name] = whole(values[column])
    _fill_times(ticks, values, quotes.observed_at, before)
    last_quantity = lot * (1 + (ticks["token"] + ticks["traded_at"]) % 4)
    ticks["last_quantity"] = np.where(ticks["volume"] > 0, last_quantity, 0)
    fill_books(ticks, values, contracts.tick_size[row], lot)
    # Options have no fixed circuit: the exchange sets a range, whose lower end is often one tick.
    ticks["lower"] = 0.05
    ceiling = np.maximum(ticks["close"] * 3, 0.02 * contracts.strike[row])
    ticks["upper"] = np.round(ceiling / 0.05) * 0.05
    return ticks


def _fill_times(ticks: Ticks, values: BoardColumns, observed_at: float, before: date) -> None:
    stamp = np.where(np.isfinite(values["quote_time"]), values["quote_time"], observed_at)
    ticks["stamp"] = stamp.astype(np.int64)
    latest = int(datetime.combine(before, _LATEST_TRADE, IST).timestamp())
    # What has not traded today shows its last trade of a day before, and a new strike none at all.
    earlier = latest - (ticks["token"].astype(np.int64) * 7919) % _TRADE_SPAN_SECONDS
    has_interest = np.nan_to_num(values["oi_prev"]) > 0
    traded = np.nan_to_num(values["last_trade_time"]).astype(np.int64)
    ticks["traded_at"] = np.where(traded > 0, traded, np.where(has_interest, earlier, 0))
