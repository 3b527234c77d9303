"""The chain of one index at one instant: arrays with a side axis, whether computed or stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from math import nan
from typing import overload

import numpy as np
from numpy.typing import NDArray

from g6.domain.schema.beyond import MAX_MISSING_SHARE, Beyond
from g6.domain.schema.counting import countable, countable_interest, counts
from g6.domain.schema.frame import ColumnValues, Frame
from g6.domain.schema.json_reading import number, part
from g6.domain.schema.rows import CHAIN_SIDE
from g6.domain.schema.underlying import Underlying
from g6.domain.schema.words import Bucket, Flag

__all__ = ["Chain", "ChainExpiry"]

Array = NDArray[np.float64]

COUNTABLE: Mapping[str, Callable[[Array, NDArray[np.bool_]], Array]] = {
    "oi": countable_interest,
    "volume": countable,
}
"""How a quantity that may be in sums is made of what the source gave."""

_DTYPES = {
    column.name: {"text": np.object_, "flags": np.int64}.get(column.kind, np.float64)
    for column in CHAIN_SIDE
}


@dataclass(frozen=True, slots=True)
class ChainExpiry:
    """One expiry of a chain: where its rows are, and what is known of it as a whole.

    `rows` are its places along the strike axis. `bucket` is what it was collected as, `mask` the
    bits of every bucket that it fills. `years` to the settlement fix are NaN beyond it. `forward`
    and `atm` are points. Of `requested` strikes, all listed sides of `collected` ones came.
    `beyond` are listed strikes that are no rows, as far as they may be in sums.
    """

    day: date
    bucket: str
    mask: int
    rows: slice
    years: float
    forward: float
    atm: float
    requested: int
    collected: int
    beyond: Beyond = field(default_factory=Beyond)

    @property
    def size(self) -> int:
        """Strikes of the expiry that are rows."""
        return int(self.rows.stop - self.rows.start)

    @property
    def is_whole(self) -> bool:
        """Whether all but few of the listed strikes came of late, as rows or beyond them."""
        strikes = self.requested + self.beyond.listed
        share = (self.collected + len(self.beyond)) / strikes if strikes else 0.0
        return not self.beyond.unasked and share >= 1 - MAX_MISSING_SHARE


@dataclass(frozen=True, slots=True)
class Chain:
    """The option chain of one index at one instant, n strikes over its expiries.

    Axis 0 of every `(2, n)` array is the side (CE, PE), and rows are sorted by expiry and strike.
    There are two makers: `assemble` prices quotes, and `Chain.of_rows` reads stored rows.

    Attributes:
        index: Name of the index.
        instant: The cycle's instant, epoch seconds.
        market: The index, its future and VIX as seen with the chain.
        expiries: Ascending, each with its place along the strike axis.
        strike: Points, shape (n,).
        offset: Listed strikes from ATM, shape (n,), NaN where ATM is unknown.
        lot_size: Units, shape (n,).
        tick_size: Smallest step of a premium, points, shape (n,).
        rate: The continuous rate that was used.
        sides: Every array of shape (2, n) by the name of its column in `rows.CHAIN_SIDE`, open
            interest and volume as the source gave them.
        sums: `oi` and `volume` as far as they may be in sums, units, shape (2, n). NaN where one is
            missing or impossible, or of an option that is not listed or thin.
    """

    index: str
    instant: float
    market: Underlying
    expiries: Sequence[ChainExpiry]
    strike: Array
    offset: Array
    lot_size: Array
    tick_size: Array
    rate: float
    sides: Mapping[str, ColumnValues]
    sums: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.strike)

    @classmethod
    def of_rows(cls, frame: Frame) -> Chain:
        """Return the chain that stored rows are of.

        Args:
            frame: Columns of `rows.CHAIN` under the header they were stored with, sorted by expiry
                and strike. Imported rows have no stamp in it: they are taken for whole.
        """
        sides = _Stored(frame)
        rate = frame.columns["rate"]
        return cls(
            index=str(frame.columns["underlying"][0]) if len(frame) else "",
            instant=float(frame.columns["timestamp"][0]) if len(frame) else nan,
            market=Underlying.parse(part(frame.header, "spot")),
            expiries=_StoredExpiries(frame, sides),
            strike=frame.columns["strike"].astype(np.float64, copy=False),
            offset=frame.columns["offset"].astype(np.float64, copy=False),
            lot_size=frame.columns["lot_size"].astype(np.float64, copy=False),
            tick_size=frame.columns["tick_size"].astype(np.float64, copy=False),
            rate=float(rate[0]) if len(rate) else nan,
            sides=sides,
            sums=_StoredTotals(sides),
        )

    @property
    def bid(self) -> Array:
        """Best bids, points `(2, n)`."""
        return self.sides["bid"]

    @property
    def ask(self) -> Array:
        """Best asks, points `(2, n)`."""
        return self.sides["ask"]

    @property
    def last(self) -> Array:
        """Last traded prices however old, points `(2, n)`."""
        return self.sides["last"]

    @property
    def price(self) -> Array:
        """Prices that were analysed, points `(2, n)`."""
        return self.sides["price"]

    @property
    def iv(self) -> Array:
        """Implied volatilities, fractions per root year `(2, n)`."""
        return self.sides["iv"]

    @property
    def oi(self) -> Array:
        """Open interest that may be in sums, units `(2, n)`."""
        return self.sums["oi"]

    @property
    def volume(self) -> Array:
        """The day's volume that may be in sums, units `(2, n)`."""
        return self.sums["volume"]

    @property
    def oi_prev(self) -> Array:
        """Open interest at the end of the previous session, units `(2, n)`."""
        return self.sides["oi_prev"]

    @property
    def is_listed(self) -> NDArray[np.bool_]:
        """Which options exist `(2, n)`."""
        return np.asarray(self.sides["symbol"] != "")

    @property
    def forward(self) -> Array:
        """The forward of each row's expiry, points `(n,)`."""
        return self.per_row(
            np.array([expiry.forward for expiry in self.expiries], dtype=np.float64)
        )

    @property
    def years(self) -> Array:
        """Years to the settlement fix of each row's expiry `(n,)`."""
        return self.per_row(np.array([expiry.years for expiry in self.expiries], dtype=np.float64))

    @property
    def bucket(self) -> NDArray[np.object_]:
        """What each row's expiry was collected as `(n,)`."""
        names = np.array([expiry.bucket for expiry in self.expiries], dtype=object)
        return self.per_row(names)

    def per_row(self, figures: ColumnValues) -> ColumnValues:
        """Return one figure per expiry `(m,)` as one per row, `(n,)`."""
        sizes = np.array([expiry.size for expiry in self.expiries], dtype=np.intp)
        return np.repeat(figures, sizes)

    def take(self, rows: NDArray[np.bool_]) -> Chain:
        """Return the chain of the strikes of a mask `(n,)`, with the expiries that have some."""
        expiries = []
        first = 0
        for expiry in self.expiries:
            size = int(np.count_nonzero(rows[expiry.rows]))
            if size:
                expiries.append(replace(expiry, rows=slice(first, first + size)))
            first += size
        return self._cut(np.flatnonzero(rows), tuple(expiries))

    def expiry(self, day: date) -> Chain:
        """Return the chain of one expiry alone, without rows when `day` is none of its expiries."""
        return self._of([expiry for expiry in self.expiries if expiry.day == day])

    def of_bucket(self, name: str) -> ChainExpiry | None:
        """Return the expiry that fills a bucket, None when none does."""
        bit = Bucket(name).bit
        return next((expiry for expiry in self.expiries if expiry.mask & bit), None)

    def each_expiry(self) -> Iterator[Chain]:
        """Yield the chain of each expiry alone, ascending."""
        for expiry in self.expiries:
            yield self._of([expiry])

    def nearest(self, *, needs_atm: bool = False) -> ChainExpiry | None:
        """Return the nearest expiry whose fix lies ahead, None after the last one.

        Args:
            needs_atm: Whether an expiry without an ATM strike is passed over.
        """
        for expiry in self.expiries:
            if np.isfinite(expiry.years) and (np.isfinite(expiry.atm) or not needs_atm):
                return expiry
        return None

    def _of(self, expiries: Sequence[ChainExpiry]) -> Chain:
        if not expiries:
            return self._cut(slice(0, 0), ())
        (expiry,) = expiries
        return self._cut(expiry.rows, (replace(expiry, rows=slice(0, expiry.size)),))

    def _cut(self, rows: slice | NDArray[np.intp], expiries: tuple[ChainExpiry, ...]) -> Chain:
        return replace(
            self,
            expiries=expiries,
            strike=self.strike[rows],
            offset=self.offset[rows],
            lot_size=self.lot_size[rows],
            tick_size=self.tick_size[rows],
            sides=_Cut(self.sides, rows),
            sums=_Cut(self.sums, rows),
        )


_EXPIRY_COLUMNS = ("bucket", "bucket_mask", "years_to_expiry", "forward", "atm")
"""Columns that say the same in every row of an expiry."""


def _expiries_of(frame: Frame, sides: Mapping[str, ColumnValues]) -> tuple[ChainExpiry, ...]:
    """Return the expiries of stored rows, ascending."""
    n = len(frame)
    if not n:
        return ()
    days = frame.columns["expiry"].astype("datetime64[D]", copy=False)
    starts = np.concatenate(([0], np.flatnonzero(days[1:] != days[:-1]) + 1))
    calls, puts = sides["quality"] & Flag.MISSING
    collected = np.add.reduceat((calls | puts == 0).astype(np.intp), starts).tolist()
    of_first = zip(*(frame.columns[name][starts].tolist() for name in _EXPIRY_COLUMNS), strict=True)
    bounds = pairwise([*starts.tolist(), n])
    expiries = []
    for day, (first, last), said, count in zip(
        days[starts].tolist(), bounds, of_first, collected, strict=True
    ):
        rows = slice(first, last)
        bucket, mask, years, forward, atm = said
        beyond = _beyond_of(frame, sides, day, rows)
        expiries.append(
            ChainExpiry(
                day, str(bucket), int(mask), rows, float(years), float(forward), float(atm),
                last - first, count, beyond,
            )
        )  # fmt: skip
    return tuple(expiries)


def _beyond_of(frame: Frame, sides: Mapping[str, ColumnValues], day: date, rows: slice) -> Beyond:
    """Return the strikes beyond an expiry's rows, as far as they may be in sums."""
    stamp = part(frame.header, "stamp")
    beyond = Beyond.parse(part(part(stamp, "beyond"), day.isoformat()))
    if not len(beyond):
        return beyond
    quality = part(stamp, "quality")
    limits = (number(quality, name) for name in ("min_volume", "min_oi", "vol_pct"))
    return beyond.countable(sides["volume"][:, rows], *limits)


class _Stored(Mapping[str, ColumnValues]):
    """The side columns of stored rows, as numbers of double precision.

    Stored volatilities and Greeks are float32 and counts may be integers: all numbers are read as
    float64, so that a figure is computed alike from every maker's chain.
    """

    def __init__(self, frame: Frame) -> None:
        self._sides = frame.sides

    def __getitem__(self, name: str) -> ColumnValues:
        return self._sides[name].astype(_DTYPES[name], copy=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sides)

    def __len__(self) -> int:
        return len(self._sides)


class _StoredExpiries(Sequence[ChainExpiry]):
    """The expiries of stored rows, looked for when one is first read."""

    def __init__(self, frame: Frame, sides: Mapping[str, ColumnValues]) -> None:
        self._frame = frame
        self._sides = sides
        self._expiries: tuple[ChainExpiry, ...] | None = None

    @property
    def _all(self) -> tuple[ChainExpiry, ...]:
        if self._expiries is None:
            self._expiries = _expiries_of(self._frame, self._sides)
        return self._expiries

    @overload
    def __getitem__(self, place: int) -> ChainExpiry: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[ChainExpiry]: ...

    def __getitem__(self, place: int | slice) -> ChainExpiry | Sequence[ChainExpiry]:
        return self._all[place]

    def __iter__(self) -> Iterator[ChainExpiry]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


class _StoredTotals(Mapping[str, Array]):
    """What stored rows count in sums, made when it is first read: breadth never reads it."""

    def __init__(self, sides: Mapping[str, ColumnValues]) -> None:
        self._sides = sides
        self._sums: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self._sums:
            counted = counts(self._sides["symbol"] != "", self._sides["quality"])
            self._sums[name] = COUNTABLE[name](self._sides[name], counted)
        return self._sums[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COUNTABLE)

    def __len__(self) -> int:
        return len(COUNTABLE)


class _Cut(Mapping[str, ColumnValues]):
    """Some rows of `(2, n)` arrays, cut when one is read."""

    def __init__(self, sides: Mapping[str, ColumnValues], rows: slice | NDArray[np.intp]) -> None:
        self._sides = sides
        self._rows = rows

    def __getitem__(self, name: str) -> ColumnValues:
        return self._sides[name][:, self._rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sides)

    def __len__(self) -> int:
        return len(self._sides)
