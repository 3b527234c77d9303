"""The quotes of any instruments at the server's instant, and the faults that touch prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import IST, Calendar, day_of
from g6.domain.market.instrument import Contracts, Future
from g6.domain.quotes.quotes import Quotes, Underlying
from g6.kite_server.market.instrument_catalogue import Catalogue, CatalogueCache
from g6.kite_server.market.instrument_ref import VIX_ROOT, InstrumentRef
from g6.kite_server.market.market_source import MarketSource, cash_market, settled_since
from g6.kite_server.market.tick_records import INDEX_TICK, TICK, Ticks, empty, fill_books, whole
from g6.kite_server.movable_clock import MovableClock
from g6.kite_server.server_faults import ServerFaults

_PRICES = {
    "last": "last",
    "average": "average_price",
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
}
_QUANTITIES = {
    "volume": "volume", "buy": "buy_quantity", "sell": "sell_quantity",
    "oi": "oi", "oi_high": "oi_day_high", "oi_low": "oi_day_low",
}  # fmt: skip
_LATEST, _SPAN = time(15, 20), 5 * 3600


@dataclass(frozen=True)
class InstrumentSelection:
    """Instruments of one root, ready to be asked again and again.

    `contracts` holds each chosen strike once (None: the root has only an index); `side`, `row` `(m,)` say which of its options
    were chosen.
    """

    root: str
    contracts: Contracts | None
    side: NDArray[np.intp]
    row: NDArray[np.intp]
    futures: tuple[Future, ...]
    indices: tuple[InstrumentRef, ...]


def choose(catalogue: Catalogue, places: Iterable[InstrumentRef]) -> list[InstrumentSelection]:
    """Return instruments by their roots."""
    by_root: dict[str, list[InstrumentRef]] = {}
    for place in places:
        by_root.setdefault(place.root, []).append(place)
    return [_chosen(catalogue, root, each) for root, each in by_root.items()]


def _chosen(
    catalogue: Catalogue, root: str, places: Sequence[InstrumentRef]
) -> InstrumentSelection:
    indices = tuple(place for place in places if place.kind == "index")
    listed = catalogue.listings.get(root)
    options = [place for place in places if place.kind == "option"]
    position, row = np.unique(
        np.array([place.position for place in options], dtype=np.intp), return_inverse=True
    )
    side = np.array([place.side for place in options], dtype=np.intp)
    if listed is None:
        return InstrumentSelection(root, None, side, row, (), indices)
    futures = tuple(listed.futures[place.position] for place in places if place.kind == "future")
    return InstrumentSelection(root, listed.contracts.take(position), side, row, futures, indices)


@dataclass
class QuoteBoard:
    """Answers what instruments stand at now."""

    source: MarketSource
    shelf: CatalogueCache
    calendar: Calendar
    clock: MovableClock
    faults: ServerFaults

    def contracts(self, chosen: InstrumentSelection, at: datetime) -> Ticks:
        """Return the quotes of the chosen options and futures that the market has, `(k,)` of TICK."""
        found = []
        if chosen.root not in self.source.roots:
            return np.zeros(0, TICK)
        if chosen.contracts is not None and len(chosen.row):
            quotes = self.source.quotes(chosen.root, chosen.contracts, at)
            if session := self._settling(quotes, at):
                settled = self.source.quotes(chosen.root, chosen.contracts, session).values["close"]
                quotes = replace(quotes, values={**quotes.values, "last": settled})
            found.append(option_ticks(quotes, chosen.side, chosen.row, self._day_before(quotes)))
        if chosen.futures:
            futures = self.source.futures(chosen.root, chosen.futures, at)
            found.append(futures[futures["last"] > 0])
        return np.concatenate(found) if found else np.zeros(0, TICK)

    def _day_before(self, quotes: Quotes) -> date:
        """Return the day of the session before that of the quotes."""
        seen = np.nan_to_num(quotes.values["quote_time"]).max(initial=0) or quotes.observed_at
        day = day_of(datetime.fromtimestamp(float(seen), IST))
        return self.calendar.previous_session(
            cash_market(self.source, quotes.contracts.underlying), day
        ).day

    def _settling(self, quotes: Quotes, at: datetime) -> datetime | None:
        if not self.faults.active("settlement"):
            return None
        session = settled_since(
            self.calendar, cash_market(self.source, quotes.contracts.underlying), at
        )
        return session.open if session else None

    def indices(self, chosen: InstrumentSelection, at: datetime) -> Ticks:
        """Return the values of the chosen indices, `(k,)` of INDEX_TICK."""
        found = np.zeros(len(chosen.indices), INDEX_TICK)
        for place, row in zip(chosen.indices, found, strict=True):
            row["token"] = place.token
            self._fill_index(row, place.root, self._seen_at(place.root, at))
        return found[found["last"] > 0]

    def _seen_at(self, root: str, at: datetime) -> datetime:
        """Return the instant at which an index is seen: where it is frozen, that of the fault."""
        frozen = [
            each.market_since
            for each in self.faults.active("freeze")
            if each.value in ("", root) and each.market_since
        ]
        return min([at, *frozen])

    def _fill_index(self, row: np.void, root: str, at: datetime) -> None:
        if root == VIX_ROOT:
            if (vix := self.source.vix(at)) is not None:
                for name in ("last", "open", "high", "low", "close", "stamp"):
                    row[name] = getattr(vix, name)
            return
        seen = self.source.underlying(root, at)
        if np.isfinite(seen.spot):
            for name, value in _index_values(seen).items():
                row[name] = value


def _index_values(seen: Underlying) -> dict[str, float]:
    names = {
        "last": seen.spot,
        "open": seen.open,
        "high": seen.high,
        "low": seen.low,
        "close": seen.prev_close,
    }
    stamp = seen.spot_time if np.isfinite(seen.spot_time) else 0
    return {name: value if np.isfinite(value) else 0.0 for name, value in names.items()} | {
        "stamp": int(stamp)
    }


def option_ticks(
    quotes: Quotes, side: NDArray[np.intp], row: NDArray[np.intp], before: date
) -> Ticks:
    """Return the records of chosen options `(m,)` that have a last price, in their order.

    What has not traded today did so on the day `before`, where it has open interest, or never.
    """
    value = {name: each[side, row] for name, each in quotes.values.items()}
    answered = np.isfinite(value["last"])
    value = {name: each[answered] for name, each in value.items()}
    side, row = side[answered], row[answered]
    found = empty(quotes.contracts.token[side, row])
    lot, tick = quotes.lot_size[row], quotes.tick_size[row]
    for name, column in _PRICES.items():
        found[name] = np.nan_to_num(value[column])
    for name, column in _QUANTITIES.items():
        found[name] = whole(value[column])
    _fill_times(found, value, quotes.observed_at, before)
    found["last_quantity"] = np.where(
        found["volume"] > 0, lot * (1 + (found["token"] + found["traded_at"]) % 4), 0
    )
    fill_books(found, value, tick, lot)
    found["lower"] = 0.05
    found["upper"] = (
        np.round(np.maximum(found["close"] * 3, 0.02 * quotes.strike[row]) / 0.05) * 0.05
    )
    return found


def _fill_times(
    found: Ticks, value: dict[str, NDArray[np.float64]], observed_at: float, before: date
) -> None:
    stamp = np.where(np.isfinite(value["quote_time"]), value["quote_time"], observed_at)
    found["stamp"] = stamp.astype(np.int64)
    latest = int(datetime.combine(before, _LATEST, IST).timestamp())
    earlier = latest - (found["token"].astype(np.int64) * 7919) % _SPAN
    held = np.nan_to_num(value["oi_prev"]) > 0
    traded = np.nan_to_num(value["last_trade_time"]).astype(np.int64)
    found["traded_at"] = np.where(traded > 0, traded, np.where(held, earlier, 0))
