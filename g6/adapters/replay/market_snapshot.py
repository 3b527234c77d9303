"""A snapshot is one index at one instant of a recording, made from rows of single options."""

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
from g6.domain.market.instrument import INDICES, SIDES, Contracts, contract_keys
from g6.domain.market.lots import lot_of
from g6.domain.quotes.quotes import QUOTE_FIELDS
from g6.domain.schema.underlying import Underlying
from g6.domain.schema.words import SpotSource
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
    """One index at one instant of a recording.

    It has n strikes over all expiries, sorted by both. Axis 0 of arrays `(2, n)` is the side.

    Attributes:
        contracts: What is listed.
        values: `(2, n)` for each of QUOTE_FIELDS. Quantities are in units, NaN is missing.
        spot: The underlying.
        observed_at: Epoch seconds.
        backfilled: `(2, n)`, true where the quote came later than its instant.
        exchange_iv: The exchange's implied volatility, a fraction `(2, n)`, NaN where it has none.
            None where the source has no such figure.
        source: The word that its rows carry.
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
    """The options of one index at one instant, in any order. Every array is `(m,)`.

    Attributes:
        expiry: Days.
        strike: Points.
        side: 0 is CE, 1 is PE.
        figures: Any of QUOTE_FIELDS and `exchange_iv`.
        in_contracts: The names of figures that count contracts. The others count units.
        symbol: The exchange's symbols, None where it gave none.
    """

    expiry: NDArray[np.datetime64]
    strike: Array
    side: NDArray[np.intp]
    figures: Mapping[str, Array]
    in_contracts: frozenset[str] = frozenset()
    symbol: NDArray[np.object_] | None = None


class SnapshotSource(Protocol):
    """One kind of recording. It is checked at its opening and read one instant at a time."""

    remembers: bool
    """Whether trade times and yesterday's listing are recorded. Else they are derived."""

    left_out: Sequence[LeftOut]
    """The parts that were not read."""

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index, UTC, ascending."""
        ...

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index over the whole recording."""
        ...

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return what is recorded of `index` at one of its instants.

        Raises:
            BadInput: A file changed since the opening.
        """
        ...


def root_of(name: str) -> str:
    """Return the root that a recording means by `name`: NIFTY for NIFTY50.

    Raises:
        Malformed: It is no index of ours.
    """
    plain = name.strip().upper()
    root = _NAMES.get(plain, plain)
    if root not in INDICES:
        raise Malformed(None, f"{name!r} is no index; there are {', '.join(INDICES)}")
    return root


def instant_of(moment: datetime) -> datetime:
    """Return `moment` in UTC. Without a zone it is India's clock, as the exchanges write it."""
    return moment.replace(tzinfo=moment.tzinfo or IST).astimezone(UTC)


def snapshot(
    index: str, at: datetime, spot: float, rows: Rows, *, spot_source: str = SpotSource.LIVE.value
) -> Snapshot:
    """Return the snapshot that `rows` make. The time of a quote is the snapshot's.

    Raises:
        Malformed: Figures count contracts, and the lot of one is not known.
    """
    key = contract_keys(rows.expiry, rows.strike)
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    expiry = rows.expiry[first]
    n = len(first)
    needs_lots = bool(rows.in_contracts & rows.figures.keys())
    lots = _lots(index, expiry, day_of(at), required=needs_lots)
    values = {name: np.full((2, n), np.nan) for name in (*QUOTE_FIELDS, "exchange_iv")}
    if "lot" in rows.figures:
        # An exchange's own file says the lot of each contract, on days that no rule covers too.
        of_file = rows.figures["lot"][first]
        lots = np.where(of_file > 0, np.nan_to_num(of_file), lots).astype(np.int64)
    for name, figure in rows.figures.items():
        if name not in values:
            continue
        units = figure * lots[place] if name in rows.in_contracts else figure
        values[name][rows.side, place] = units
    values["quote_time"][rows.side, place] = at.timestamp()
    symbol = np.full((2, n), "", dtype=object)
    symbol[rows.side, place] = _symbols(index, rows) if rows.symbol is None else rows.symbol
    contracts = Contracts(
        index,
        expiry,
        rows.strike[first],
        lots,
        np.full(n, TICK),
        symbol,
        np.zeros((2, n), dtype=np.int64),
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
    index: str, expiry: NDArray[np.datetime64], on: date, *, required: bool
) -> NDArray[np.int64]:
    """Return the units of each contract, 0 for unknown.

    Raises:
        Malformed: A lot is not known and `required`.
    """
    days, of_day = np.unique(expiry, return_inverse=True)
    units: list[int] = []
    for day in days.astype("datetime64[D]").tolist():
        try:
            units.append(lot_of(index, day, on))
        except UnknownLot as error:
            if required:
                raise Malformed(None, error.sentence) from error
            units.append(0)
    return np.array(units, dtype=np.int64)[of_day]


def _symbols(index: str, rows: Rows) -> NDArray[Any]:
    """A name for contracts that come without one, in no provider's grammar."""
    parts = zip(rows.expiry.tolist(), rows.strike.tolist(), rows.side.tolist(), strict=True)
    return np.array(
        [f"{index}-{expiry}-{strike:g}-{SIDES[side]}" for expiry, strike, side in parts],
        dtype=object,
    )
