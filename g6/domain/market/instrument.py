"""What is listed: indices, and the option and future contracts of one underlying as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

CE = 0
PE = 1
SIDES = ("CE", "PE")
VIX = "NSE:INDIA VIX"

DumpColumn = Sequence[object] | NDArray[np.generic]
"""One column of a dump: lists as they are read, arrays where somebody made them."""

_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class Index:
    """An index on which options are traded.

    Attributes:
        name: Root of its contracts' symbols.
        exchange: Exchange of its cash market.
        derivatives: Segment of its contracts.
        spot: Its name as a quoted instrument.
    """

    name: str
    exchange: Literal["NSE", "BSE"]
    derivatives: Literal["NFO", "BFO"]
    spot: str

    @property
    def quote_key(self) -> str:
        """The key a quote is asked under, such as `NSE:NIFTY 50`."""
        return f"{self.exchange}:{self.spot}"


INVENTED = tuple(f"S{number:02}" for number in range(1, 61))
"""Names of indices that no exchange has. The simulated market lists them, to measure sizes by."""


class IndexTable(Mapping[str, Index]):
    """The indices by name. The invented ones are answered for, and never listed."""

    # Whoever lists the indices (pages, rules, errors) means those that one can trade.

    def __init__(self, listed: Iterable[Index]) -> None:
        self._listed = MappingProxyType({index.name: index for index in listed})
        self._invented = MappingProxyType(
            {name: Index(name, "NSE", "NFO", name) for name in INVENTED}
        )

    def __getitem__(self, name: str) -> Index:
        """Return an index, listed or invented."""
        index = self._listed.get(name) or self._invented.get(name)
        if index is None:
            raise KeyError(name)
        return index

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the listed indices."""
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


INDICES: Mapping[str, Index] = IndexTable(
    (
        Index("NIFTY", "NSE", "NFO", "NIFTY 50"),
        Index("BANKNIFTY", "NSE", "NFO", "NIFTY BANK"),
        Index("FINNIFTY", "NSE", "NFO", "NIFTY FIN SERVICE"),
        Index("MIDCPNIFTY", "NSE", "NFO", "NIFTY MID SELECT"),
        Index("SENSEX", "BSE", "BFO", "SENSEX"),
        Index("BANKEX", "BSE", "BFO", "BANKEX"),
        Index("NIFTYNXT50", "NSE", "NFO", "NIFTY NEXT 50"),
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class Contracts:
    """Options of one underlying: an entry for each expiry and strike, sorted by both.

    Axis 0 of the columns of shape (2, n) is the side, calls first.

    Attributes:
        underlying: Name of the index.
        expiry: Days, shape (n,).
        strike: Points, shape (n,).
        lot_size: Units of a lot, shape (n,).
        tick_size: Smallest step of a price in points, shape (n,).
        symbol: Text, shape (2, n), "" where that side is not listed.
        token: Instrument numbers, shape (2, n), 0 where that side is not listed.
    """

    underlying: str
    expiry: NDArray[np.datetime64]
    strike: NDArray[np.float64]
    lot_size: NDArray[np.int64]
    tick_size: NDArray[np.float64]
    symbol: NDArray[np.object_]
    token: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.strike)

    @property
    def expiries(self) -> tuple[date, ...]:
        """The distinct expiries, ascending."""
        # They are sorted: of each run the first is enough, which spares most of the sorting.
        begins = np.ones(len(self), dtype=np.bool_)
        begins[1:] = self.expiry[1:] != self.expiry[:-1]
        return tuple(np.unique(self.expiry[begins]).tolist())

    def take(self, index: NDArray[np.bool_] | NDArray[np.integer[Any]] | slice) -> Contracts:
        """Return the contracts that a mask, positions or a slice choose, in their order."""
        return Contracts(
            self.underlying,
            self.expiry[index],
            self.strike[index],
            self.lot_size[index],
            self.tick_size[index],
            self.symbol[:, index],
            self.token[:, index],
        )

    def of(self, expiry: date) -> Contracts:
        """Return the contracts of one expiry, none where it is not listed."""
        return self.take(self.expiry == np.datetime64(expiry, "D"))

    def strikes_of(self, expiry: date) -> NDArray[np.float64]:
        """Return the strikes of one expiry in points, none where it is not listed."""
        strikes: NDArray[np.float64] = self.strike[self.expiry == np.datetime64(expiry, "D")]
        return strikes


def contract_keys(expiry: NDArray[np.datetime64], strike: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return one integer per (expiry, strike), ascending as they are.

    It is the days since 1970 and, in its lowest nine digits, the strike in hundredths of a point.

    >>> contract_keys(np.array(["1970-01-02"], dtype="datetime64[D]"), np.array([24100.5]))
    array([1002410050])
    """
    days = expiry.astype("datetime64[D]").astype(np.int64)
    return days * 1_000_000_000 + np.rint(strike * 100).astype(np.int64)


def exchanges_of(indices: Iterable[Index]) -> tuple[str, ...]:
    """Return the exchanges on which any of the indices trades, in alphabetical order.

    >>> exchanges_of([INDICES["NIFTY"], INDICES["SENSEX"], INDICES["BANKNIFTY"]])
    ('BSE', 'NSE')
    """
    return tuple(sorted({index.exchange for index in indices}))


@dataclass(frozen=True, slots=True)
class Future:
    """One listed future: `lot_size` in units, `tick_size` in points."""

    symbol: str
    token: int
    expiry: date
    lot_size: int
    tick_size: float


@dataclass(frozen=True, slots=True)
class Listing:
    """What a dump lists of one underlying on a trading day, futures by expiry, nearest first."""

    underlying: str
    on: date
    contracts: Contracts
    futures: tuple[Future, ...]


def listing(underlying: str, columns: Mapping[str, DumpColumn], on: date) -> Listing:
    """Return what a dump lists of an underlying.

    A row belongs to the underlying when its name equals it and its segment is one of contracts of
    the index's exchange. Symbols are never read, since roots begin with each other's names. A
    strike that is listed on one side only is kept. Rows without an expiry and options without a
    strike cannot be traded: they are left out.

    Args:
        underlying: Name of the index. One that is not in INDICES may be of any exchange.
        columns: Equally long `symbol`, `token`, `name`, `expiry` (date or None), `strike`,
            `tick_size`, `lot_size`, `instrument_type` (CE, PE, FUT), `segment` and `exchange`.
        on: The day of the dump.

    >>> names = ("symbol", "token", "name", "expiry", "strike", "tick_size", "lot_size")
    >>> row = ("X", 7, "NIFTY", date(2026, 11, 24), 26000.0, 0.05, 65)
    >>> columns = {name: [value] for name, value in zip(names, row)}
    >>> columns |= {"instrument_type": ["CE"], "segment": ["NFO-OPT"], "exchange": ["NFO"]}
    >>> listing("NIFTY", columns, date(2026, 11, 18)).contracts.strike
    array([26000.])
    """
    index = INDICES.get(underlying)
    exchanges = (index.derivatives,) if index else ("NFO", "BFO")
    rows = np.flatnonzero(_objects(columns["name"]) == underlying)
    rows = rows[
        np.isin(
            _strings(columns["segment"], rows),
            [f"{exchange}-{kind}" for exchange in exchanges for kind in ("OPT", "FUT")],
        )
    ]
    expiry = np.array(_chosen(columns["expiry"], rows), dtype="datetime64[D]")
    has_expiry = ~np.isnat(expiry)
    rows = rows[has_expiry]
    expiry = expiry[has_expiry]
    kind = _strings(columns["instrument_type"], rows)
    options = np.isin(kind, SIDES)
    futures = kind == "FUT"
    return Listing(
        underlying,
        on,
        _contracts(
            underlying,
            columns,
            rows[options],
            expiry[options],
            (kind[options] == "PE").astype(np.intp),
        ),
        _futures(columns, rows[futures], expiry[futures]),
    )


def _contracts(
    underlying: str,
    columns: Mapping[str, DumpColumn],
    rows: NDArray[np.intp],
    expiry: NDArray[np.datetime64],
    side: NDArray[np.intp],
) -> Contracts:
    strike = np.array(_chosen(columns["strike"], rows), dtype=np.float64)
    order = np.lexsort((strike, expiry))
    order = order[strike[order] > 0]
    rows = rows[order]
    expiry = expiry[order]
    strike = strike[order]
    side = side[order]
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = (expiry[1:] != expiry[:-1]) | (strike[1:] != strike[:-1])
    pair = np.cumsum(first) - 1
    n = int(first.sum())
    symbol = np.full((2, n), "", dtype=object)
    token = np.zeros((2, n), dtype=np.int64)
    symbol[side, pair] = _chosen(columns["symbol"], rows)
    token[side, pair] = np.array(_chosen(columns["token"], rows), dtype=np.int64)
    return Contracts(
        underlying,
        expiry[first],
        strike[first],
        np.array(_chosen(columns["lot_size"], rows[first]), dtype=np.int64),
        np.array(_chosen(columns["tick_size"], rows[first]), dtype=np.float64),
        symbol,
        token,
    )


def _futures(
    columns: Mapping[str, DumpColumn],
    rows: NDArray[np.intp],
    expiry: NDArray[np.datetime64],
) -> tuple[Future, ...]:
    futures = map(
        Future,
        _strings(columns["symbol"], rows).tolist(),
        np.array(_chosen(columns["token"], rows), dtype=np.int64).tolist(),
        expiry.tolist(),
        np.array(_chosen(columns["lot_size"], rows), dtype=np.int64).tolist(),
        np.array(_chosen(columns["tick_size"], rows), dtype=np.float64).tolist(),
    )
    return tuple(sorted(futures, key=lambda future: (future.expiry, future.symbol)))


def _objects(column: DumpColumn) -> NDArray[np.generic]:
    """Return a column as an array."""
    # Lists become objects: ten times cheaper than padding the 40,000 strings of a dump.
    return column if isinstance(column, np.ndarray) else np.array(column, dtype=object)


def _chosen(column: DumpColumn, rows: NDArray[np.intp]) -> DumpColumn:
    return (
        column[rows] if isinstance(column, np.ndarray) else [column[row] for row in rows.tolist()]
    )


def _strings(column: DumpColumn, rows: NDArray[np.intp]) -> NDArray[np.str_]:
    return np.array(_chosen(column, rows), dtype=np.str_)


def strike_step(strikes: NDArray[np.float64], near: float) -> float:
    """Return the most frequent distance between neighbouring strikes around a level.

    Ten strikes to either side are looked at, because steps widen away from the money.

    Args:
        strikes: Listed strikes in points, in any order.
        near: The level in points.

    Returns:
        Points, the smaller distance on a tie, NaN where fewer than two strikes are listed.

    >>> strike_step(np.array([23900.0, 24000.0, 24050.0, 24100.0, 24150.0]), 24060.0)
    50.0
    """
    listed = np.unique(strikes)
    centre = int(np.searchsorted(listed, near))
    window = listed[max(0, centre - _NEIGHBOURS) : centre + _NEIGHBOURS + 1]
    if len(window) < 2:
        window = listed[-2:] if centre else listed[:2]
    if len(window) < 2:
        return float("nan")
    steps, counts = np.unique(np.round(np.diff(window), 6), return_counts=True)
    return float(steps[np.argmax(counts)])
