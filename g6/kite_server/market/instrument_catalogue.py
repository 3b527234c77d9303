"""The instruments of a dump by key and by token, and the dump itself as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from operator import itemgetter
from pathlib import Path

from g6.domain.market.calendar import day_of
from g6.domain.market.dump_layout import DUMP_COLUMNS, INDEX_TOKENS
from g6.domain.market.instrument import INDICES, INVENTED, VIX, Listing, listing
from g6.errors import BadInput
from g6.kite_server.market.instrument_ref import VIX_ROOT, InstrumentRef
from g6.kite_server.market.market_source import MarketSource
from g6.simulation.contracts import SEGMENTS
from g6.simulation.dump import InstrumentRow, contract_rows, index_rows

EXCHANGES = ("NSE", "BSE", "NFO", "BFO")


@dataclass(frozen=True)
class Catalogue:
    """One edition of the dump.

    Attributes:
        rows: Rows by exchange, columns as DUMP_COLUMNS.
        listings: Listed contracts by root.
        by_key: Instruments by `EXCHANGE:SYMBOL`.
        by_token: Instruments by token.
    """

    rows: Mapping[str, list[InstrumentRow]]
    listings: Mapping[str, Listing]
    by_key: Mapping[str, InstrumentRef]
    by_token: Mapping[int, InstrumentRef]

    def find(self, name: str) -> InstrumentRef | None:
        """Return the instrument of a quote key, or of a token written out."""
        # Kite takes a token for a key as well, and answers under that string.
        return self.by_token.get(int(name)) if name.isdecimal() else self.by_key.get(name)

    def csv(self, exchanges: Iterable[str]) -> bytes:
        """Return the dump of exchanges as Kite writes it."""
        out = io.StringIO()
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(DUMP_COLUMNS)
        for exchange in exchanges:
            lines.writerows(_cells(row) for row in self.rows.get(exchange, ()))
        return out.getvalue().encode()


def _cells(row: InstrumentRow) -> tuple[object, ...]:
    # No number is empty: kiteconnect 5.2.2 loses the whole dump to one blank strike.
    token, number, symbol, name, price, expiry, strike, *rest = row
    others = (f"{value:g}" if isinstance(value, float) else value for value in rest)
    return (token, number, symbol, name, f"{price:g}", expiry or "", f"{strike:.10g}", *others)


@dataclass
class CatalogueCache:
    """The catalogue in force, made anew when its edition changes.

    Attributes:
        source: The market.
        rows: Rows that are served instead of the market's.
    """

    source: MarketSource
    rows: list[InstrumentRow] = field(default_factory=list)
    _edition: object = None
    _catalogue: Catalogue | None = None

    def at(self, now: datetime) -> Catalogue:
        """Return the catalogue in force."""
        edition = self.source.edition(now)
        if self._catalogue is None or edition != self._edition:
            self._catalogue = catalogue(self.source, now, self.rows)
            self._edition = edition
        return self._catalogue


def catalogue(source: MarketSource, now: datetime, own_rows: list[InstrumentRow]) -> Catalogue:
    """Return the catalogue of a market, or of rows that are served instead of its own."""
    cash = {
        "NSE": index_rows("NSE") + invented_rows(source.roots) + fund_rows("NSE"),
        "BSE": index_rows("BSE") + fund_rows("BSE"),
    }
    if own_rows:
        listings = _listings_of(own_rows, day_of(now))
        rows = _with_indices(_by_exchange(own_rows), cash)
    else:
        listings = {root: source.listing(root, now) for root in source.roots}
        rows = dict(cash)
        for exchange in ("NFO", "BFO"):
            listed = [listings[root] for root in listings if source.roots[root] == exchange]
            rows[exchange] = contract_rows(listed, exchange)
    exchanges = {root: source.roots.get(root) or _exchange(own_rows, root) for root in listings}
    by_key = dict(chain(_contract_refs(listings, exchanges), _index_refs(rows)))
    return Catalogue(rows, listings, by_key, {ref.token: ref for ref in by_key.values()})


def _with_indices(
    rows: dict[str, list[InstrumentRow]], cash: Mapping[str, list[InstrumentRow]]
) -> dict[str, list[InstrumentRow]]:
    """Return rows by exchange with the indices and funds that they lack."""
    for exchange, cash_rows in cash.items():
        present = {row[2] for row in rows.setdefault(exchange, [])}
        rows[exchange] += [row for row in cash_rows if row[2] not in present]
    return rows


def invented_rows(roots: Iterable[str]) -> list[InstrumentRow]:
    """Return the dump's rows of the invented indices among some roots."""
    rows: list[InstrumentRow] = []
    for name in roots:
        if name in INVENTED:
            token = INDEX_TOKENS[INDICES[name].quote_key]
            figures = (0.0, None, 0.0, 0.0, 0)
            rows.append((token, str(token >> 8), name, name, *figures, "EQ", "INDICES", "NSE"))
    return rows


# A search for NIFTY or SENSEX at the start of a symbol catches them in a real dump too.
FUNDS = (
    ("NSE", 10576, "NIFTYBEES", "NIFTY 50 FUND"),
    ("NSE", 11439, "BANKBEES", "NIFTY BANK FUND"),
    ("NSE", 10176, "SETFNIF50", "NIFTY 50 FUND"),
    ("BSE", 539980, "SENSEXETF", "SENSEX FUND"),
)
"""Funds of the cash market that are named like the indices: listed, and never quoted."""


def fund_rows(exchange: str) -> list[InstrumentRow]:
    """Return the dump's rows of the funds of an exchange."""
    rows: list[InstrumentRow] = []
    for where, number, symbol, name in FUNDS:
        if where == exchange:
            token = number * 256 + SEGMENTS[exchange]
            traits = ("EQ", exchange, exchange)
            rows.append((token, str(number), symbol, name, 0.0, None, 0.0, 0.01, 1, *traits))
    return rows


def _contract_refs(
    listings: Mapping[str, Listing], exchanges: Mapping[str, str]
) -> Iterable[tuple[str, InstrumentRef]]:
    """Yield key and instrument of every listed option and future."""
    for root, listed in listings.items():
        exchange = exchanges[root]
        for side in (0, 1):
            symbols = listed.contracts.symbol[side].tolist()
            tokens = listed.contracts.token[side].tolist()
            for position, (symbol, token) in enumerate(zip(symbols, tokens, strict=True)):
                if symbol:
                    ref = InstrumentRef(token, "option", root, side, position)
                    yield f"{exchange}:{symbol}", ref
        for position, future in enumerate(listed.futures):
            ref = InstrumentRef(future.token, "future", root, 0, position)
            yield f"{exchange}:{future.symbol}", ref


def _index_refs(rows: Mapping[str, list[InstrumentRow]]) -> Iterable[tuple[str, InstrumentRef]]:
    """Yield key and instrument of every index whose root is known."""
    roots = {INDICES[name].quote_key: name for name in (*INDICES, *INVENTED)} | {VIX: VIX_ROOT}
    for row in chain(rows.get("NSE", ()), rows.get("BSE", ())):
        key = f"{row[-1]}:{row[2]}"
        if row[-2] == "INDICES" and key in roots:
            yield key, InstrumentRef(int(row[0]), "index", roots[key])


def _exchange(rows: list[InstrumentRow], root: str) -> str:
    return next(str(row[-1]) for row in rows if row[3] == root and row[-1] in ("NFO", "BFO"))


_COLUMN_OF = {
    "symbol": "tradingsymbol",
    "token": "instrument_token",
    "name": "name",
    "expiry": "expiry",
    "strike": "strike",
    "tick_size": "tick_size",
    "lot_size": "lot_size",
    "instrument_type": "instrument_type",
    "segment": "segment",
    "exchange": "exchange",
}
"""The dump's columns by the names that `instrument.listing` takes."""


def _listings_of(rows: list[InstrumentRow], on: date) -> dict[str, Listing]:
    columns = {}
    for name, column in _COLUMN_OF.items():
        at = DUMP_COLUMNS.index(column)
        columns[name] = list(map(itemgetter(at), rows))
    roots: dict[str, None] = {}
    # The column of names says the root. Symbols do not: NIFTYNXT50 begins with NIFTY too.
    for row in rows:
        is_contract = row[-1] in ("NFO", "BFO") and row[-2].endswith(("-OPT", "-FUT"))
        if is_contract and row[3]:
            roots[row[3]] = None
    return {root: listing(root, columns, on) for root in roots}


def _by_exchange(rows: list[InstrumentRow]) -> dict[str, list[InstrumentRow]]:
    by_exchange: dict[str, list[InstrumentRow]] = {}
    for row in rows:
        by_exchange.setdefault(row[-1], []).append(row)
    return by_exchange


def read_rows(path: Path) -> list[InstrumentRow]:
    """Return the rows of a dump: a CSV file, or all of a directory that have its columns.

    Raises:
        BadInput: There is no dump, or a row of it cannot be read.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    rows = []
    for file in files:
        rows += _rows_of(file, strict=not path.is_dir())
    if not rows:
        fix = f"a CSV with the columns {','.join(DUMP_COLUMNS)}"
        raise BadInput(path, None, "holds no instrument dump", fix)
    return rows


def _rows_of(file: Path, *, strict: bool) -> list[InstrumentRow]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            records = csv.DictReader(lines)
            if tuple(records.fieldnames or ()) == DUMP_COLUMNS:
                return [_row(file, number, record) for number, record in enumerate(records, 2)]
    except OSError as error:
        raise BadInput(file, None, str(error)) from error
    if strict:
        reason = "has not the columns of an instrument dump"
        raise BadInput(file, 1, reason, ",".join(DUMP_COLUMNS))
    return []


def _row(file: Path, number: int, record: Mapping[str, str]) -> InstrumentRow:
    values: dict[str, object] = dict(record)
    try:
        for name in ("last_price", "strike", "tick_size"):
            values[name] = float(record[name] or 0)
        for name in ("instrument_token", "lot_size"):
            values[name] = int(float(record[name] or 0))
        values["expiry"] = date.fromisoformat(record["expiry"]) if record["expiry"] else None
    except ValueError as error:
        raise BadInput(file, number, str(error)) from error
    return tuple(values[name] for name in DUMP_COLUMNS)
