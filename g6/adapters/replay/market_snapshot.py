"""One index at one instant, as a recording has it; and how rows of single options become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.unread import LeftOut
from g6.domain.market.calendar import IST, day_of
from g6.domain.market.instrument import INDICES, SIDES, Contracts
from g6.domain.market.lots import lot_of
from g6.domain.quotes.quotes import QUOTE_FIELDS, Underlying
from g6.errors import UnknownLot

Array = NDArray[np.float64]

TICK = 0.05
"""Tick of index options on both exchanges, points; recordings do not carry it."""

_NAMES: Mapping[str, str] = {
    "NIFTY50": "NIFTY",
    **{index.spot: index.name for index in INDICES.values()},
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a recording holds of one index at one instant; n strikes over all expiries, sorted by both, sides (CE, PE) on axis 0.

    `contracts` as listed; `values[name]` `(2, n)` for each of QUOTE_FIELDS, quantities in units, NaN missing; `backfilled`
    `(2, n)` bool; `exchange_iv` `(2, n)` the exchange's own implied volatility as a fraction, NaN where it gives none, None where
    the source has no such thing; `observed_at` epoch seconds; `source` the word that its rows carry.
    """

    contracts: Contracts
    values: Mapping[str, Array]
    spot: Underlying
    observed_at: float
    backfilled: NDArray[np.bool_]
    exchange_iv: Array | None = None
    source: str = "replay"


@dataclass(frozen=True, slots=True)
class Rows:
    """Options of one index at one instant in any order: `expiry`, `strike`, `side` (0 CE, 1 PE) and figures, each `(m,)`.

    `figures`: any of QUOTE_FIELDS and `exchange_iv`. Of `in_contracts` the figures count contracts, not units.
    """

    expiry: NDArray[np.datetime64]
    strike: Array
    side: NDArray[np.intp]
    figures: Mapping[str, Array]
    in_contracts: frozenset[str] = frozenset()
    symbol: NDArray[np.object_] | None = None


class SnapshotSource(Protocol):
    """One kind of recording: what it holds, known and checked since it was opened, read piece by piece."""

    remembers: bool
    """Whether trade times and yesterday's listing are in it; else they are read off the snapshots' succession."""

    left_out: Sequence[LeftOut]
    """What was not read, each with its place and its reason."""

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index, UTC, ascending."""
        ...

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index over the whole recording."""
        ...

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return what is recorded of `index` at one of its instants. Errors: BadInput."""
        ...


def root_of(name: str) -> str:
    """Return the index that a recording means by `name` (NIFTY50 and NIFTY 50 mean NIFTY). Errors: Malformed."""
    plain = name.strip().upper()
    root = _NAMES.get(plain, plain)
    if root not in INDICES:
        raise Malformed(None, f"{name!r} is no index; there are {', '.join(INDICES)}")
    return root


def instant_of(moment: datetime) -> datetime:
    """Return `moment` in UTC; one without a zone is India's, as the exchanges write it."""
    return moment.replace(tzinfo=moment.tzinfo or IST).astimezone(UTC)


def contract_key(expiry: NDArray[np.datetime64], strike: Array) -> NDArray[np.int64]:
    """Return one number per (expiry, strike), in their order: days since 1970, then hundredths of a point."""
    days = expiry.astype("datetime64[D]").astype(np.int64)
    return days * 1_000_000_000 + np.rint(strike * 100).astype(np.int64)


def snapshot(
    index: str, at: datetime, spot: float, rows: Rows, *, spot_source: str = "live"
) -> Snapshot:
    """Return the snapshot that rows make; a quote's time is the snapshot's, and nothing is filled in.

    Errors: Malformed, where figures count contracts and nobody knows how many units a contract is.
    """
    key = contract_key(rows.expiry, rows.strike)
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    expiry, strike, n = rows.expiry[first], rows.strike[first], len(first)
    lots = _lots(
        index,
        expiry,
        day_of(at),
        counted_in_contracts=bool(rows.in_contracts & rows.figures.keys()),
    )
    values = {name: np.full((2, n), np.nan) for name in (*QUOTE_FIELDS, "exchange_iv")}
    for name, figure in rows.figures.items():
        values[name][rows.side, place] = (
            figure * lots[place] if name in rows.in_contracts else figure
        )
    values["quote_time"][rows.side, place] = at.timestamp()
    symbol = np.full((2, n), "", dtype=object)
    symbol[rows.side, place] = _symbols(index, rows) if rows.symbol is None else rows.symbol
    contracts = Contracts(
        index, expiry, strike, lots, np.full(n, TICK), symbol, np.zeros((2, n), dtype=np.int64)
    )
    exchange_iv = values.pop("exchange_iv")
    return Snapshot(
        contracts,
        values,
        Underlying(spot=spot, spot_time=at.timestamp(), spot_source=spot_source),
        at.timestamp(),
        np.zeros((2, n), dtype=np.bool_),
        exchange_iv if "exchange_iv" in rows.figures else None,
    )


def _lots(
    index: str, expiry: NDArray[np.datetime64], on: date, *, counted_in_contracts: bool
) -> NDArray[np.int64]:
    """Return the units of each contract, 0 where no source covers it and no figure needs it. Errors: Malformed."""
    days, of_day = np.unique(expiry, return_inverse=True)
    units: list[int] = []
    for day in days.astype("datetime64[D]").tolist():
        try:
            units.append(lot_of(index, day, on))
        except UnknownLot as error:
            if counted_in_contracts:
                raise Malformed(None, error.sentence) from error
            units.append(0)
    return np.array(units, dtype=np.int64)[of_day]


def _symbols(index: str, rows: Rows) -> NDArray[Any]:
    """A name for contracts that come without one, in no broker's grammar."""
    parts = zip(rows.expiry.tolist(), rows.strike.tolist(), rows.side.tolist(), strict=True)
    return np.array(
        [f"{index}-{expiry}-{strike:g}-{SIDES[side]}" for expiry, strike, side in parts],
        dtype=object,
    )
