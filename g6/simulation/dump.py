"""The instrument dump of an exchange, with the awkward neighbours that a provider's dump has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from g6.domain.market.dump_layout import INDEX_NUMBERS, index_token
from g6.domain.market.instrument import SIDES, Listing

InstrumentRow = tuple[Any, ...]


def index_rows(exchange: str) -> list[InstrumentRow]:
    """Return the rows of the indices of a cash market (NSE or BSE).

    Columns are those of DUMP_COLUMNS, with None as `expiry`.
    """
    rows: list[InstrumentRow] = []
    for key, number in INDEX_NUMBERS.items():
        market, _, name = key.partition(":")
        if market == exchange:
            # Real dumps write 0 and no blank: one blank strike costs kiteconnect the whole dump.
            figures = (0.0, None, 0.0, 0.0, 0)
            kind = ("EQ", "INDICES", exchange)
            rows.append((index_token(number), str(number), name, name, *figures, *kind))
    return rows


def contract_rows(listings: Iterable[Listing], exchange: str) -> list[InstrumentRow]:
    """Return the rows of futures and options of the roots of NFO or BFO.

    Sides that are not listed have no row.
    """
    rows: list[InstrumentRow] = []
    for listing in listings:
        rows.extend(_futures(listing, exchange))
        rows.extend(_options(listing, exchange))
    return rows


def _futures(listing: Listing, exchange: str) -> Iterator[InstrumentRow]:
    kind = ("FUT", f"{exchange}-FUT", exchange)
    for future in listing.futures:
        names = (future.token, str(future.token >> 8), future.symbol, listing.underlying)
        yield (*names, *_terms(future.expiry, 0.0, future.tick_size, future.lot_size), *kind)


def _options(listing: Listing, exchange: str) -> Iterator[InstrumentRow]:
    contracts = listing.contracts
    columns = zip(
        contracts.expiry.tolist(),
        contracts.strike.tolist(),
        contracts.tick_size.tolist(),
        contracts.lot_size.tolist(),
        strict=True,
    )
    for position, terms in enumerate(columns):
        for side, word in enumerate(SIDES):
            symbol = contracts.symbol[side, position]
            if symbol:
                token = int(contracts.token[side, position])
                names = (token, str(token >> 8), symbol, listing.underlying)
                yield (*names, *_terms(*terms), word, f"{exchange}-OPT", exchange)


def _terms(expiry: date, strike: float, tick: float, lot: int) -> InstrumentRow:
    # `last_price` is 0 in a dump, or the day before's. It is never live.
    return (0.0, expiry, strike, tick, lot)
