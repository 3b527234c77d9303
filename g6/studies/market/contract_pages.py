"""What a contract or an index is, and which listed contracts fit some words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated

from g6.domain.market.calendar import IST, day_of
from g6.domain.market.dump_layout import INDEX_TOKENS
from g6.domain.market.expiry import dte, is_monthly, resolve
from g6.domain.market.instrument import INDICES, Index
from g6.domain.schema.json_types import JsonObject
from g6.errors import NothingToDo
from g6.ports.readers import ListingReader
from g6.studies.contract_size import ContractSize, contract_size
from g6.studies.documents import columns_of
from g6.studies.market.contract_rows import ContractFacts, contract_rows, matches
from g6.studies.market.rule_answers import ListedSeries, series_of
from g6.studies.parameters import FromDumps, ListedAt, Parameter, words

__all__ = [
    "ContractPage",
    "IndexPage",
    "IndexSeries",
    "InstrumentParameters",
    "Instruments",
    "answer",
]

SEARCH = "search"


@dataclass(frozen=True, slots=True)
class InstrumentParameters:
    """Asks what a symbol, a token or an index is, or for the contracts that words fit."""

    words: Annotated[
        tuple[str, ...],
        Parameter(
            "A symbol, a token, or search and words to find.",
            "search NIFTY 2026-12-01 24000",
            metavar="SYMBOL|TOKEN|search…",
            read=words,
            is_positional=True,
        ),
    ]
    at: ListedAt = None
    from_dumps: FromDumps = False


@dataclass(frozen=True, slots=True)
class ContractPage:
    """One listed contract with what follows from its day.

    Attributes:
        facts: What the listing says.
        size: Its lot, what that is worth, and the most units of one order.
        dte: Calendar days to its expiry.
        monthly: Whether that is the last expiry of its month.
        buckets: The rules that its expiry answers.
        listed_on: The day of the listing.
        origin: Where the listing came from.
        span: The first and the last stored day that lists it.
    """

    facts: ContractFacts
    size: ContractSize
    dte: int
    monthly: bool
    buckets: tuple[str, ...]
    listed_on: date
    origin: str
    span: tuple[date, date] | None

    def document(self) -> JsonObject:
        """Return the facts under the names that are published."""
        first, last = self.span or (None, None)
        return {
            **self.facts.document(),
            **self.size,
            "dte": self.dte,
            "monthly": self.monthly,
            "buckets": list(self.buckets),
            "listed_on": self.listed_on.isoformat(),
            "from": self.origin,
            "kept_first": first.isoformat() if first else None,
            "kept_last": last.isoformat() if last else None,
        }


@dataclass(frozen=True, slots=True)
class IndexSeries:
    """One listed expiry of an index.

    Attributes:
        expiry: The expiry.
        series: Its strikes in short.
        strikes: Each strike in points, ascending.
        sizes: A contract's size for each lot that there is.
    """

    expiry: date
    series: ListedSeries
    strikes: tuple[float, ...]
    sizes: tuple[ContractSize, ...]

    def document(self) -> JsonObject:
        """Return the facts under the names that are published."""
        return {
            "expiry": self.expiry.isoformat(),
            **asdict(self.series),
            "strikes": list(self.strikes),
            "sizes": list(self.sizes),
        }


@dataclass(frozen=True, slots=True)
class IndexPage:
    """One index with every expiry that is listed of it.

    Attributes:
        index: The index.
        token: The number that the provider's stream knows it by.
        spot: The index in points, None where nobody can be asked.
        future: The symbol of its nearest future.
        collected: Whether it is enabled.
        listed_on: The day of the listing.
        origin: Where the listing came from.
        expiries: Its expiries, ascending.
    """

    index: Index
    token: int | None
    spot: float | None
    future: str | None
    collected: bool
    listed_on: date
    origin: str
    expiries: tuple[IndexSeries, ...]

    def document(self) -> JsonObject:
        """Return the facts under the names that are published."""
        return {
            "symbol": self.index.spot,
            "kind": "index",
            "key": self.index.quote_key,
            "token": self.token,
            "underlying": self.index.name,
            "spot": self.spot,
            "options": f"{self.index.derivatives}: {len(self.expiries)} expiries",
            "future": self.future,
            "collected": self.collected,
            "listed_on": self.listed_on.isoformat(),
            "from": self.origin,
            "expiries": [series.document() for series in self.expiries],
        }


@dataclass(frozen=True, slots=True)
class Instruments:
    """What the words name: one contract or index, or the contracts that a search fits.

    Attributes:
        page: The contract or the index, None for a search.
        matches: The contracts that fit, none but for a search.
    """

    page: ContractPage | IndexPage | None = None
    matches: tuple[ContractFacts, ...] = ()

    def document(self) -> list[JsonObject]:
        """Return a list under the names that are published."""
        if self.page is not None:
            return [self.page.document()]
        return [row.document() for row in self.matches]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per contract, or per expiry of an index."""
        if isinstance(self.page, IndexPage):
            series = columns_of(ListedSeries, (line.series for line in self.page.expiries))
            return {"expiry": [line.expiry for line in self.page.expiries], **series}
        rows = self.matches if self.page is None else (self.page.facts,)
        return columns_of(ContractFacts, rows)


def answer(reader: ListingReader, parameters: InstrumentParameters) -> Instruments:
    """Return what the words name.

    Raises:
        NothingToDo: Nothing that is listed is called so.
        G6Error: Nobody knows what is listed.
    """
    listings = reader.of_dumps() if parameters.from_dumps else reader
    source = listings.configured_at(parameters.at)
    at = parameters.at or source.now
    if parameters.words[:1] != (SEARCH,):
        return Instruments(_page_of(source, at, " ".join(parameters.words).upper()))
    sought = parameters.words[1:]
    rows = matches(_contracts(source, at), sought)
    if not rows:
        raise NothingToDo(
            f"nothing that is listed fits {' '.join(sought)}; "
            "words are parts of symbols, a day, a strike"
        )
    return Instruments(matches=tuple(rows))


def _page_of(source: ListingReader, at: datetime, name: str) -> ContractPage | IndexPage:
    """Return the page of a name or a token.

    Raises:
        NothingToDo: There is no such contract.
    """
    plain = name.partition(":")[2] or name
    for index in INDICES.values():
        if plain in (index.name, index.spot):
            return _index_page(source, at, index)
    for row in _contracts(source, at):
        if plain in (row.symbol, str(row.token)):
            return _contract_page(source, at, row)
    # The stream knows an index by a token of its own, which no dump has.
    for index in INDICES.values():
        if plain == str(INDEX_TOKENS.get(index.quote_key)):
            return _index_page(source, at, index)
    raise NothingToDo(
        f"{name} is not listed at {at.astimezone(IST):%a %d %b %Y %H:%M} IST",
        f"g6 instrument search {name} finds what is",
    )


def _contracts(source: ListingReader, at: datetime) -> Iterator[ContractFacts]:
    """Yield every listed contract of the enabled indices, as far as it is known what is listed.

    Raises:
        NothingToDo: It is known of none of them.
    """
    unknown: NothingToDo | None = None
    is_any = False
    for name in source.plan.indices:
        try:
            listing = source.listing(name, at)
        except NothingToDo as error:
            unknown = unknown or error
            continue
        is_any = True
        yield from contract_rows(listing, INDICES[name].derivatives)
    if unknown is not None and not is_any:
        raise unknown


def _index_page(source: ListingReader, at: datetime, index: Index) -> IndexPage:
    listing = source.listing(index.name, at)
    origin = source.origin(index.name)
    spot = source.spot(index.name, at)
    expiries: list[IndexSeries] = []
    for day in listing.contracts.expiries:
        series = series_of(listing, day)
        sizes = tuple(_size(source, index.name, lot, spot, at) for lot in series.lot_size)
        strikes = tuple(listing.contracts.of(day).strike.tolist())
        expiries.append(IndexSeries(day, series, strikes, sizes))
    return IndexPage(
        index=index,
        token=INDEX_TOKENS.get(index.quote_key),
        spot=spot,
        future=listing.futures[0].symbol if listing.futures else None,
        collected=index.name in source.plan.indices,
        listed_on=listing.on,
        origin=origin,
        expiries=tuple(expiries),
    )


def _contract_page(source: ListingReader, at: datetime, row: ContractFacts) -> ContractPage:
    name = row.underlying
    index = INDICES[name]
    listing = source.listing(name, at)
    dates = listing.contracts.expiries
    rules = source.index_plan(name).rules
    resolved = resolve(dates, at, source.calendar, index.exchange, rules, underlying=name)
    return ContractPage(
        facts=row,
        size=_size(source, name, row.lot_size, source.spot(name, at), at),
        dte=dte(row.expiry, at),
        monthly=row.expiry in dates and is_monthly(row.expiry, index.exchange, name, at),
        buckets=tuple(rule for rule, day in resolved.buckets.items() if day == row.expiry),
        listed_on=listing.on,
        origin=source.origin(name),
        # Stored dumps say since when a contract is listed; the provider knows today's alone.
        span=source.dump_span(index.derivatives, row.symbol),
    )


def _size(
    source: ListingReader, name: str, lot: int, spot: float | None, at: datetime
) -> ContractSize:
    return contract_size(source.freeze_quantity, name, lot, spot, day_of(at))
