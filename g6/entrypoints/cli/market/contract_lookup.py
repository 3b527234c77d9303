"""`g6 instrument`: what a symbol, a token or an index is, and search over what is listed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import typer

from g6.adapters.exchange_files import freeze_quantity
from g6.bootstrap.market_listings import MarketListings
from g6.config import Settings, calendar, plan
from g6.domain.market.calendar import IST, day_of
from g6.domain.market.dump_layout import INDEX_TOKENS
from g6.domain.market.expiry import dte, is_monthly, resolve
from g6.domain.market.instrument import INDICES, Index
from g6.entrypoints.cli.shared import listing_options, options
from g6.errors import NothingToDo
from g6.rendering.contract_words import size_words
from g6.rendering.wording import LAKH
from g6.studies.contract_size import ContractSize, contract_size
from g6.studies.market.contract_rows import ContractFacts, contract_rows, matches
from g6.studies.market.rule_answers import series_of
from g6.studies.parameters import listing_instant

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="SYMBOL|TOKEN|search WORDS", help="A symbol, a token, or search and words."
    ),
]
SEARCH = "search"

Page = dict[str, Any]
"""The facts of a contract or an index, under the names that are published."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("instrument")(instrument)


def instrument(
    words: Words,
    *,
    as_of: listing_options.AsOf = None,
    from_dumps: listing_options.Kept = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
    provider: options.ProviderName = None,
    recording: options.Recording = None,
) -> None:
    """Say what a contract or an index is: lot, tick, expiry, bucket, where and when it is listed.

    Beside the lot stand what it is worth and, by a file of the exchange below DATA_DIR/freeze, the
    most units of one order. Of an index every expiry that is listed, with its lot and its strikes
    (--json has each of them).

    Example: g6 instrument search NIFTY 2026-12-01 24000
    """
    settings = options.settings(
        config, set_, data_dir=data_dir, provider=provider, recording=recording
    )
    source = MarketListings(settings, from_dumps=from_dumps)
    at = listing_instant(as_of) if as_of else source.now
    if words[0] == SEARCH:
        rows = matches(_contracts(settings, source, at), words[1:])
        if not rows:
            raise NothingToDo(
                f"nothing that is listed fits {' '.join(words[1:])}; "
                "words are parts of symbols, a day, a strike"
            )
        _show_rows(rows, as_json=json_)
        return
    # The stream knows an index by a token of its own, which no dump has.
    page = _page_of(settings, source, at, " ".join(words).upper())
    typer.echo(json.dumps([page], indent=2) if json_ else "\n".join(_lines(page)))


def _show_rows(rows: Sequence[ContractFacts], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([row.document() for row in rows], indent=2))
        return
    for row in rows:
        strike = "" if row.strike is None else f"{row.strike:g}"
        typer.echo(
            f"{row.key:<32}{row.token:>10}  {row.expiry}  "
            f"{strike:>8} {row.kind:<4}lot {row.lot_size}"
        )


def _page_of(settings: Settings, source: MarketListings, at: datetime, name: str) -> Page:
    """Return the facts of what a name or a token is. Errors: NothingToDo."""
    plain = name.partition(":")[2] or name
    for index in INDICES.values():
        if plain in (index.name, index.spot):
            return _index_page(settings, source, at, index)
    for row in _contracts(settings, source, at):
        if plain in (row.symbol, str(row.token)):
            return _contract_page(settings, source, at, row)
    for index in INDICES.values():
        if plain == str(INDEX_TOKENS.get(index.quote_key)):
            return _index_page(settings, source, at, index)
    raise NothingToDo(
        f"{name} is not listed at {at.astimezone(IST):%Y-%m-%d %H:%M} IST; "
        "g6 instrument search finds what is"
    )


def _contracts(settings: Settings, source: MarketListings, at: datetime) -> Iterator[ContractFacts]:
    """Yield every listed contract of the enabled indices."""
    for name in settings.indices:
        yield from contract_rows(source.listing(name, at), INDICES[name].derivatives)


def _index_page(settings: Settings, source: MarketListings, at: datetime, index: Index) -> Page:
    listing = source.listing(index.name, at)
    spot = source.spot(index.name, at)
    contracts = listing.contracts
    expiries: list[Page] = []
    for day in contracts.expiries:
        series = series_of(listing, day)
        expiries.append(
            {
                "expiry": day.isoformat(),
                **asdict(series),
                "strikes": contracts.of(day).strike.tolist(),
                "sizes": [_size(settings, index.name, lot, spot, at) for lot in series.lot_size],
            }
        )
    return {
        "symbol": index.spot,
        "kind": "index",
        "key": index.quote_key,
        "token": INDEX_TOKENS.get(index.quote_key),
        "underlying": index.name,
        "spot": spot,
        "options": f"{index.derivatives}: {len(contracts.expiries)} expiries",
        "future": listing.futures[0].symbol if listing.futures else None,
        "collected": index.name in settings.indices,
        "listed_on": listing.on.isoformat(),
        "from": source.origins[index.name],
        "expiries": expiries,
    }


def _contract_page(
    settings: Settings, source: MarketListings, at: datetime, row: ContractFacts
) -> Page:
    from g6.adapters.parquet.listings import kept_span

    exchange = INDICES[row.underlying].exchange
    listing = source.listing(row.underlying, at)
    dates = listing.contracts.expiries
    rules = plan(settings).indices[row.underlying].rules
    resolved = resolve(dates, at, calendar(), exchange, rules, underlying=row.underlying)
    spot = source.spot(row.underlying, at)
    derivatives = INDICES[row.underlying].derivatives
    # Kept dumps say since when a contract is listed; the provider knows today's alone.
    first, last = kept_span(settings.directory, derivatives, row.symbol) or (None, None)
    is_last = row.expiry in dates and is_monthly(row.expiry, exchange, row.underlying, at)
    return {
        **row.document(),
        **_size(settings, row.underlying, row.lot_size, spot, at),
        "dte": dte(row.expiry, at),
        "monthly": is_last,
        "buckets": [rule for rule, day in resolved.buckets.items() if day == row.expiry],
        "listed_on": listing.on.isoformat(),
        "from": source.origins[row.underlying],
        "kept_first": first.isoformat() if first else None,
        "kept_last": last.isoformat() if last else None,
    }


def _size(
    settings: Settings, name: str, lot: int, spot: float | None, at: datetime
) -> ContractSize:
    freeze = partial(freeze_quantity, settings.directory)
    return contract_size(freeze, name, lot, spot, day_of(at))


def _lines(page: Page) -> Iterator[str]:
    """Yield a line a fact, and one an expiry."""
    facts = _in_words(page) if "lot_size" in page else page
    for name, value in facts.items():
        if name == "expiries":
            continue
        text = (", ".join(value) or "none") if isinstance(value, list) else value
        yield f"{name:<12}{'-' if text is None else text}"
    for series in page.get("expiries", ()):
        yield f"{'expiry':<12}{_series(series)}"


def _in_words(page: Page) -> Page:
    """Return a contract's facts with its notional in lakh and its freeze quantity in lots."""
    facts = dict(page)
    units = facts.pop("freeze_quantity")
    freeze = facts.pop("freeze_from")
    notional = facts["notional"]
    if units is not None:
        freeze = f"{units:,} units = {units // page['lot_size']} lots (file of {freeze})"
    if notional is not None:
        facts["notional"] = f"{notional / LAKH:.2f} lakh a lot, at the index"
    facts["freeze"] = freeze
    return facts


def _series(series: Mapping[str, Any]) -> str:
    sizes = "; ".join(map(size_words, series["sizes"]))
    return (
        f"{series['expiry']}  {sizes}  {len(series['strikes'])} strikes "
        f"{series['lowest']:g} to {series['highest']:g}, step {series['step']:g}"
    )
