"""A whole instrument dump of an exchange: all roots, awkward neighbours included, and the indices, as a broker has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain
from types import MappingProxyType
from typing import Any

from g6.domain.market.instrument import SIDES, Listing
from g6.simulation.contracts import SEGMENTS

COLUMNS = (
    "instrument_token", "exchange_token", "tradingsymbol", "name", "last_price", "expiry", "strike", "tick_size", "lot_size",
    "instrument_type", "segment", "exchange",
)  # fmt: skip

INDEX_NUMBERS: Mapping[str, int] = MappingProxyType(
    {
        "NSE:NIFTY 50": 1001,
        "NSE:NIFTY FIN SERVICE": 1007,
        "NSE:NIFTY BANK": 1016,
        "NSE:INDIA VIX": 1035,
        "NSE:NIFTY NEXT 50": 1058,
        "NSE:NIFTY MID SELECT": 1125,
        "BSE:SENSEX": 1,
        "BSE:BANKEX": 1072,
    }
)
"""Exchange tokens of the indices by quote key."""

Row = tuple[Any, ...]


def index_rows(exchange: str) -> list[Row]:
    """Return the rows of the indices of a cash market (NSE or BSE), columns as COLUMNS, `expiry` None."""
    found = [
        (key.partition(":")[2], number)
        for key, number in INDEX_NUMBERS.items()
        if key.startswith(f"{exchange}:")
    ]
    return [
        (
            index_token(number),
            str(number),
            name,
            name,
            0.0,
            None,
            0.0,
            0.0,
            0,
            "EQ",
            "INDICES",
            exchange,
        )
        for name, number in found
    ]


def index_token(number: int) -> int:
    """Return the instrument token of an index by its exchange token."""
    return number * 256 + SEGMENTS["INDICES"]


def contract_rows(listings: Iterable[Listing], exchange: str) -> list[Row]:
    """Return the rows of futures and options of the roots of NFO or BFO, sides that are not listed left out."""
    return list(
        chain.from_iterable(
            (*_futures(listing, exchange), *_options(listing, exchange)) for listing in listings
        )
    )


def _futures(listing: Listing, exchange: str) -> list[Row]:
    return [
        _row(
            each.token,
            each.symbol,
            listing.underlying,
            each.expiry,
            0.0,
            each.tick_size,
            each.lot_size,
            "FUT",
            exchange,
        )
        for each in listing.futures
    ]


def _options(listing: Listing, exchange: str) -> list[Row]:
    found = listing.contracts
    columns = zip(
        found.expiry.tolist(),
        found.strike.tolist(),
        found.tick_size.tolist(),
        found.lot_size.tolist(),
        strict=True,
    )
    return [
        _row(
            int(found.token[side, n]),
            found.symbol[side, n],
            listing.underlying,
            expiry,
            strike,
            tick,
            lot,
            SIDES[side],
            exchange,
        )
        for n, (expiry, strike, tick, lot) in enumerate(columns)
        for side in (0, 1)
        if found.symbol[side, n]
    ]


def _row(
    token: int, symbol: str, name: str, expiry: date, strike: float, tick: float, lot: int, kind: str, exchange: str
) -> Row:  # fmt: skip
    segment = f"{exchange}-{'FUT' if kind == 'FUT' else 'OPT'}"
    return (
        token,
        str(token >> 8),
        symbol,
        name,
        0.0,
        expiry,
        strike,
        tick,
        lot,
        kind,
        segment,
        exchange,
    )
