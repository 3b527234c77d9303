"""A whole instrument dump of an exchange: all roots, awkward neighbours included, and the indices, as a broker has them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import chain
from typing import Any

from g6.domain.market.dump_layout import INDEX_NUMBERS, index_token
from g6.domain.market.instrument import SIDES, Listing

Row = tuple[Any, ...]


def index_rows(exchange: str) -> list[Row]:
    """Return the rows of the indices of a cash market (NSE or BSE), columns as DUMP_COLUMNS, `expiry` None."""
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
