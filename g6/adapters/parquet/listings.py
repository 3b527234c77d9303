"""Stored instrument dumps: the contracts that were listed on a past day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TypedDict

import numpy as np
import pyarrow.compute as pc

from g6.adapters.parquet import days
from g6.adapters.parquet.columns import LISTING_SCHEMA
from g6.adapters.parquet.reading import read
from g6.domain.market.instrument import INDICES, SIDES, Contracts, Future, Listing
from g6.domain.schema import layout
from g6.domain.schema.layout import Kind


def kept_listing(directory: Path, index: str, on: date) -> Listing | None:
    """Return the newest stored listing of `index` that is not later than `on`.

    None when there is none.

    Raises:
        BadInput: The file is damaged.
    """
    root = directory / layout.folder(Kind.INSTRUMENTS)
    for day in reversed(days.days(root)):
        if day > on:
            continue
        path = days.directory_of(root, day) / layout.listing_file(INDICES[index].derivatives)
        if path.exists():
            table = read(path, LISTING_SCHEMA, rows=pc.field("underlying") == index)
            if table.num_rows:
                return _listing(index, day, table.to_pylist())
    return None


class ListingRow(TypedDict):
    """One stored contract."""

    underlying: str
    instrument_type: str
    expiry: date
    strike: float
    symbol: str
    token: int
    lot_size: int
    tick_size: float


def _listing(index: str, day: date, rows: list[ListingRow]) -> Listing:
    futures = []
    options = []
    distinct = set()
    for row in rows:
        if row["instrument_type"] == "FUT":
            futures.append(
                Future(
                    row["symbol"], row["token"], row["expiry"], row["lot_size"], row["tick_size"]
                )
            )
        elif row["instrument_type"] in SIDES:
            options.append(row)
            distinct.add((row["expiry"], row["strike"]))
    keys = sorted(distinct)
    n = len(keys)
    places = dict(zip(keys, range(n), strict=True))
    symbol = np.full((2, n), "", dtype=object)
    token = np.zeros((2, n), dtype=np.int64)
    lot_size = np.zeros(n, dtype=np.int64)
    tick_size = np.zeros(n)
    for row in options:
        place = places[row["expiry"], row["strike"]]
        side = SIDES.index(row["instrument_type"])
        symbol[side, place] = row["symbol"]
        token[side, place] = row["token"]
        lot_size[place] = row["lot_size"]
        tick_size[place] = row["tick_size"]
    expiry = np.array([expiry for expiry, _ in keys], dtype="datetime64[D]")
    strike = np.array([strike for _, strike in keys], dtype=np.float64)
    contracts = Contracts(index, expiry, strike, lot_size, tick_size, symbol, token)
    return Listing(index, day, contracts, tuple(futures))


def kept_days(directory: Path) -> list[date]:
    """Return the days of which instrument dumps are stored, ascending."""
    return days.days(directory / layout.folder(Kind.INSTRUMENTS))


def kept_span(directory: Path, exchange: str, symbol: str) -> tuple[date, date] | None:
    """Return the first and the last stored day on which `symbol` is listed on `exchange`.

    None when it never is.

    Raises:
        BadInput: A file is damaged.
    """
    root = directory / layout.folder(Kind.INSTRUMENTS)
    stored = kept_days(directory)
    first = next((day for day in stored if _lists(root, day, exchange, symbol)), None)
    last = next((day for day in reversed(stored) if _lists(root, day, exchange, symbol)), None)
    return None if first is None or last is None else (first, last)


def _lists(root: Path, day: date, exchange: str, symbol: str) -> bool:
    path = days.directory_of(root, day) / layout.listing_file(exchange)
    if not path.exists():
        return False
    rows = read(path, LISTING_SCHEMA, ["symbol"], pc.field("symbol") == symbol)
    return bool(rows.num_rows)
