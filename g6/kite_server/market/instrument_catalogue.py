"""What can be asked for: the instruments of a dump by key and by token, and the dump itself as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from g6.domain.market.calendar import day_of
from g6.domain.market.dump_layout import DUMP_COLUMNS
from g6.domain.market.instrument import INDICES, VIX, Listing, listing
from g6.errors import BadInput
from g6.kite_server.market.instrument_ref import VIX_ROOT, InstrumentRef
from g6.kite_server.market.market_source import MarketSource
from g6.simulation.contracts import SEGMENTS
from g6.simulation.dump import Row, contract_rows, index_rows

EXCHANGES = ("NSE", "BSE", "NFO", "BFO")

_NUMBERS = ("instrument_token", "last_price", "strike", "tick_size", "lot_size")


@dataclass(frozen=True)
class Catalogue:
    """One edition of the dump. `rows` by exchange, columns as DUMP_COLUMNS; `listings` by root."""

    rows: Mapping[str, list[Row]]
    listings: Mapping[str, Listing]
    by_key: Mapping[str, InstrumentRef]
    by_token: Mapping[int, InstrumentRef]

    def place(self, asked: str) -> InstrumentRef | None:
        """Return where the instrument of a quote key or of a token written out stands; None for an unknown one."""
        return self.by_token.get(int(asked)) if asked.isdecimal() else self.by_key.get(asked)

    def csv(self, exchanges: Iterable[str]) -> bytes:
        """Return the dump of exchanges as the broker writes it: no empty number anywhere."""
        out = io.StringIO()
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(DUMP_COLUMNS)
        for exchange in exchanges:
            lines.writerows(_told(row) for row in self.rows.get(exchange, ()))
        return out.getvalue().encode()


def _told(row: Row) -> tuple[Any, ...]:
    token, number, symbol, name, price, expiry, strike, *rest = row
    plain = (f"{each:g}" if isinstance(each, float) else each for each in rest)
    return (token, number, symbol, name, f"{price:g}", expiry or "", f"{strike:.10g}", *plain)


@dataclass
class CatalogueCache:
    """The catalogue in force, made again when its edition changes; `given`: rows that are served instead of the market's."""

    source: MarketSource
    given: list[Row] = field(default_factory=list)
    _edition: object = None
    _made: Catalogue | None = None

    def at(self, now: datetime) -> Catalogue:
        """Return the catalogue in force."""
        edition = self.source.edition(now)
        if self._made is None or edition != self._edition:
            self._made = catalogue(self.source, now, self.given)
            self._edition = edition
        return self._made


def catalogue(source: MarketSource, now: datetime, given: list[Row]) -> Catalogue:
    """Return the catalogue of a market, or of given rows over it."""
    cash = {exchange: index_rows(exchange) + fund_rows(exchange) for exchange in ("NSE", "BSE")}
    if given:
        listings, rows = _listings_of(given, day_of(now)), _by_exchange(given)
        for exchange, indices in cash.items():
            held = {row[2] for row in rows.setdefault(exchange, [])}
            rows[exchange] += [row for row in indices if row[2] not in held]
    else:
        listings = {root: source.listing(root, now) for root in source.roots}
        derived = {
            exchange: contract_rows(
                (each for root, each in listings.items() if source.roots[root] == exchange),
                exchange,
            )
            for exchange in ("NFO", "BFO")
        }
        rows = {**cash, **derived}
    exchanges = {root: source.roots.get(root) or _exchange(given, root) for root in listings}
    places = dict(chain(_contract_places(listings, exchanges), _index_places(rows)))
    return Catalogue(rows, listings, places, {place.token: place for place in places.values()})


FUNDS = (
    ("NSE", 10576, "NIFTYBEES", "NIFTY 50 FUND"),
    ("NSE", 11439, "BANKBEES", "NIFTY BANK FUND"),
    ("NSE", 10176, "SETFNIF50", "NIFTY 50 FUND"),
    ("BSE", 539980, "SENSEXETF", "SENSEX FUND"),
)
"""Funds of the cash market that are named much as the indices are. They are listed and never quoted."""


def fund_rows(exchange: str) -> list[Row]:
    """Return the dump's rows of the funds of an exchange."""
    return [
        (
            number * 256 + SEGMENTS[exchange],
            str(number),
            symbol,
            name,
            0.0,
            None,
            0.0,
            0.01,
            1,
            "EQ",
            exchange,
            exchange,
        )
        for where, number, symbol, name in FUNDS
        if where == exchange
    ]


def _contract_places(
    listings: Mapping[str, Listing], exchanges: Mapping[str, str]
) -> Iterable[tuple[str, InstrumentRef]]:
    for root, listed in listings.items():
        exchange, found = exchanges[root], listed.contracts
        for side in (0, 1):
            for position, (symbol, token) in enumerate(
                zip(found.symbol[side].tolist(), found.token[side].tolist(), strict=True)
            ):
                if symbol:
                    yield (
                        f"{exchange}:{symbol}",
                        InstrumentRef(token, "option", root, side, position),
                    )
        for position, future in enumerate(listed.futures):
            yield (
                f"{exchange}:{future.symbol}",
                InstrumentRef(future.token, "future", root, 0, position),
            )


def _index_places(rows: Mapping[str, list[Row]]) -> Iterable[tuple[str, InstrumentRef]]:
    roots = {index.quote_key: index.name for index in INDICES.values()} | {VIX: VIX_ROOT}
    for row in chain(rows.get("NSE", ()), rows.get("BSE", ())):
        key = f"{row[-1]}:{row[2]}"
        if row[-2] == "INDICES" and key in roots:
            yield key, InstrumentRef(int(row[0]), "index", roots[key])


def _exchange(given: list[Row], root: str) -> str:
    return next(str(row[-1]) for row in given if row[3] == root and row[-1] in ("NFO", "BFO"))


def _listings_of(given: list[Row], on: date) -> dict[str, Listing]:
    named = {"symbol": "tradingsymbol", "token": "instrument_token"}
    wanted = (
        "symbol",
        "token",
        "name",
        "expiry",
        "strike",
        "tick_size",
        "lot_size",
        "instrument_type",
        "segment",
        "exchange",
    )
    columns = {
        name: [row[DUMP_COLUMNS.index(named.get(name, name))] for row in given] for name in wanted
    }
    roots = dict.fromkeys(
        row[3] for row in given if row[-1] in ("NFO", "BFO") and row[-2].endswith(("-OPT", "-FUT"))
    )
    return {root: listing(root, columns, on) for root in roots if root}


def _by_exchange(given: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in given:
        found.setdefault(row[-1], []).append(row)
    return found


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a dump: a CSV file, or every one of a directory that has the dump's columns. Errors: BadInput."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    found = [row for file in files for row in _rows_of(file, strict=not path.is_dir())]
    if not found:
        raise BadInput(
            path,
            None,
            "holds no instrument dump",
            f"a CSV with the columns {','.join(DUMP_COLUMNS)}",
        )
    return found


def _rows_of(file: Path, *, strict: bool) -> list[Row]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            told = csv.DictReader(lines)
            if tuple(told.fieldnames or ()) != DUMP_COLUMNS:
                if strict:
                    raise BadInput(
                        file, 1, "has not the columns of an instrument dump", ",".join(DUMP_COLUMNS)
                    )
                return []
            return [_row(file, number, row) for number, row in enumerate(told, 2)]
    except OSError as error:
        raise BadInput(file, None, str(error)) from error


def _row(file: Path, number: int, told: Mapping[str, str]) -> Row:
    try:
        numbers = {name: float(told[name] or 0) for name in _NUMBERS}
        expiry = date.fromisoformat(told["expiry"]) if told["expiry"] else None
    except ValueError as error:
        raise BadInput(file, number, str(error)) from error
    whole = {name: int(numbers[name]) for name in ("instrument_token", "lot_size")}
    return tuple((dict(told) | numbers | whole | {"expiry": expiry})[name] for name in DUMP_COLUMNS)
