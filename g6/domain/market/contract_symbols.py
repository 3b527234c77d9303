"""What a contract's symbol says of its root and its expiry, held against its columns.

Columns decide what a contract is. Its symbol only bears witness. One whose symbol names another
root or another expiry is left out and counted, or, when that is wanted, put where its symbol says.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.expiry import MOST_SHIFT_DAYS
from g6.domain.market.instrument import INDICES, SIDES, Contracts, Listing, listing

WRONG_EXPIRY = "wrong_expiry"
FOREIGN = "foreign"
SymbolDate = tuple[int, int, int | None]
"""Year, month and, of a weekly, day that a symbol names."""
Months = Mapping[tuple[int, int], date]

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LETTERS = "123456789OND"
_DATED = re.compile(r"(\d\d)(?:([A-Z]{3})|([1-9OND])(\d\d))")
_ROOTS = sorted(INDICES, key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class Trusted:
    """A listing without contracts that contradict themselves.

    Attributes:
        listing: What is believed.
        left_out: Sides that are not, by reason.
        salvaged: Sides that were put where their symbol says.
    """

    listing: Listing
    left_out: Mapping[str, int] = field(default_factory=dict)
    salvaged: int = 0


def root_of(symbol: str) -> str | None:
    """Return the known index whose root a symbol begins with, None for one of another grammar.

    >>> root_of("NIFTYNXT5026NOV70000CE")
    'NIFTYNXT50'
    """
    return next(
        (root for root in _ROOTS if symbol.startswith(root) and symbol[len(root) :][:1].isdigit()),
        None,
    )


def expiry_said(symbol: str, root: str, strike: float, side: int) -> SymbolDate | None:
    """Return the year, month and, of a weekly, day that a Kite symbol names, None for none.

    The strike must be known: the digits of `NIFTY2611225000CE` run together.

    >>> expiry_said("NIFTY2611225000CE", "NIFTY", 25000.0, 0)
    (2026, 1, 12)
    """
    body = symbol.removeprefix(root).removesuffix(f"{strike:.10g}{SIDES[side]}")
    match = _DATED.fullmatch(body)
    if body == symbol or match is None:
        return None
    year, month, letter, day = match.groups()
    if month is not None:
        return (2000 + int(year), _MONTHS.index(month) + 1, None) if month in _MONTHS else None
    return 2000 + int(year), _LETTERS.index(letter) + 1, int(day)


def agrees(named: SymbolDate, expiry: date, monthlies: Months) -> bool:
    """Tell whether an expiry is the one that a symbol names.

    It is its month's monthly, or for a weekly the day or a few before it.

    Args:
        named: What the symbol names.
        expiry: The expiry of the contract's columns.
        monthlies: The monthly of each year and month.

    >>> agrees((2026, 1, 12), date(2026, 1, 9), {})
    True
    """
    year, month, day = named
    if day is None:
        return monthlies.get((year, month)) == expiry
    try:
        return 0 <= (date(year, month, day) - expiry).days <= MOST_SHIFT_DAYS
    except ValueError:
        return False


# With room for 32 listings, each of 60 indices was read anew at every unit.
@lru_cache(maxsize=256)
def trusted(listed: Listing, salvage: bool = False) -> Trusted:
    """Return the listing without contracts whose symbol contradicts their columns.

    Symbols of another grammar bear no witness and are believed.

    Args:
        listed: What the dump lists.
        salvage: Whether a contract whose expiry alone is wrong goes to the listed expiry that its
            symbol names, if there is exactly one and the place is free.

    >>> from g6.simulation.example_unit import CONTRACTS
    >>> listed = Listing("NIFTY", date(2026, 8, 19), CONTRACTS, ())
    >>> trusted(listed).left_out
    {}
    """
    contracts = listed.contracts
    monthlies = _monthlies(listed)
    verdicts = _verdicts(listed, monthlies)
    if not (verdicts != "").any():
        return Trusted(listed)
    rescued = _rescued(contracts, verdicts, monthlies) if salvage else []
    columns = _columns([*_believed(contracts, verdicts == ""), *rescued])
    clean = Listing(
        listed.underlying,
        listed.on,
        listing(listed.underlying, columns, listed.on).contracts,
        listed.futures,
    )
    left_out: dict[str, int] = {}
    for reason, salvaged in ((FOREIGN, 0), (WRONG_EXPIRY, len(rescued))):
        count = int((verdicts == reason).sum()) - salvaged
        if count:
            left_out[reason] = count
    return Trusted(clean, left_out, len(rescued))


def follow_closures(
    earlier: NDArray[np.datetime64], listed: NDArray[np.datetime64]
) -> NDArray[np.datetime64]:
    """Return the expiries of an earlier day under the days that they have now.

    An expiry that is listed no more was moved by a closure if one that is new lies at most four
    days before it: weeklies lie a week apart.

    Args:
        earlier: Expiries as they were, shape (n,).
        listed: Expiries as they are.

    >>> old, new = np.array(["2026-11-24"], "M8[D]"), np.array(["2026-11-23"], "M8[D]")
    >>> follow_closures(old, new).tolist()
    [datetime.date(2026, 11, 23)]
    """
    now = np.unique(listed)
    before = np.unique(earlier)
    followed = earlier.copy()
    for gone in np.setdiff1d(before, now):
        shift = (gone - now).astype("timedelta64[D]").astype(np.int64)
        moved = now[(shift > 0) & (shift <= MOST_SHIFT_DAYS) & ~np.isin(now, before)]
        if len(moved) == 1:
            followed[earlier == gone] = moved[0]
    return followed


def _monthlies(listed: Listing) -> dict[tuple[int, int], date]:
    """Return the expiry that most contracts with a symbol of a month have, by year and month."""
    counts: dict[tuple[int, int], Counter[date]] = defaultdict(Counter)
    for symbol, strike, side, expiry in _contracts(listed.contracts):
        named = expiry_said(symbol, listed.underlying, strike, side)
        if named is not None and named[2] is None and (expiry.year, expiry.month) == named[:2]:
            counts[named[:2]][expiry] += 1
    return {month: expiries.most_common(1)[0][0] for month, expiries in counts.items()}


def _contracts(contracts: Contracts) -> Iterator[tuple[str, float, int, date]]:
    expiries = contracts.expiry.tolist()
    strikes = contracts.strike.tolist()
    for side, symbols in enumerate(contracts.symbol.tolist()):
        for symbol, strike, expiry in zip(symbols, strikes, expiries, strict=True):
            yield symbol, strike, side, expiry


def _verdicts(listed: Listing, monthlies: Months) -> NDArray[np.object_]:
    """Return why each side `(2, n)` is not believed, "" where it is."""
    verdicts: list[str] = []
    for symbol, strike, side, expiry in _contracts(listed.contracts):
        verdict = ""
        if symbol:
            verdict = _verdict(symbol, listed.underlying, strike, side, expiry, monthlies)
        verdicts.append(verdict)
    return np.array(verdicts, dtype=object).reshape(2, len(listed.contracts))


def _verdict(
    symbol: str, root: str, strike: float, side: int, expiry: date, monthlies: Months
) -> str:
    own_root = root_of(symbol)
    if own_root is not None and own_root != root:
        return FOREIGN
    named = expiry_said(symbol, root, strike, side)
    return "" if named is None or agrees(named, expiry, monthlies) else WRONG_EXPIRY


@dataclass(frozen=True, slots=True)
class _DumpRow:
    """A contract as a line of a dump has it."""

    symbol: str
    token: int
    name: str
    expiry: date
    strike: float
    tick_size: float
    lot_size: int
    instrument_type: str
    segment: str


def _columns(rows: Sequence[_DumpRow]) -> dict[str, list[object]]:
    names = [column.name for column in fields(_DumpRow)]
    return {name: [getattr(row, name) for row in rows] for name in names}


def _believed(contracts: Contracts, rows: NDArray[np.bool_]) -> Iterator[_DumpRow]:
    for side, place in np.argwhere(rows & (contracts.symbol != "")).tolist():
        yield _row(contracts, side, place)


def _row(contracts: Contracts, side: int, place: int) -> _DumpRow:
    index = INDICES.get(contracts.underlying)
    return _DumpRow(
        symbol=contracts.symbol[side, place],
        token=int(contracts.token[side, place]),
        name=contracts.underlying,
        expiry=contracts.expiry[place].astype("datetime64[D]").item(),
        strike=float(contracts.strike[place]),
        tick_size=float(contracts.tick_size[place]),
        lot_size=int(contracts.lot_size[place]),
        instrument_type=SIDES[side],
        segment=f"{index.derivatives if index else 'NFO'}-OPT",
    )


def _rescued(
    contracts: Contracts, verdicts: NDArray[np.object_], monthlies: Months
) -> list[_DumpRow]:
    believed = zip(_contracts(contracts), verdicts.reshape(-1).tolist(), strict=True)
    occupied = {
        (expiry, strike, side)
        for (symbol, strike, side, expiry), verdict in believed
        if symbol and not verdict
    }
    expiries = sorted({expiry for expiry, *_ in occupied})
    rescued = []
    for side, place in np.argwhere(verdicts == WRONG_EXPIRY).tolist():
        row = _row(contracts, side, place)
        named = expiry_said(row.symbol, contracts.underlying, row.strike, side)
        fitting: list[date] = []
        if named is not None:
            fitting = [expiry for expiry in expiries if agrees(named, expiry, monthlies)]
        if len(fitting) == 1 and (fitting[0], row.strike, side) not in occupied:
            occupied.add((fitting[0], row.strike, side))
            rescued.append(replace(row, expiry=fitting[0]))
    return rescued
