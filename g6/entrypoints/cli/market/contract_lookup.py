"""`g6 instrument`: what a symbol, a token or an index is, and search over what is listed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import typer

from g6.adapters.exchange_files import freeze_quantity
from g6.config import Settings, calendar, plan
from g6.domain.market.calendar import IST, day_of
from g6.domain.market.expiry import dte, is_monthly, resolve
from g6.domain.market.instrument import INDICES, SIDES, Listing
from g6.entrypoints.cli.market.listed_expiries import series
from g6.entrypoints.cli.shared import listed, options
from g6.errors import NothingToDo
from g6.rendering.contract_words import size_words
from g6.rendering.wording import LAKH
from g6.studies.contract_size import contract_size

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="SYMBOL|TOKEN|search WORDS", help="A symbol, a token, or search and words."
    ),
]
MOST_FOUND = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("instrument")(instrument)


def instrument(
    words: Words,
    *,
    as_of: listed.AsOf = None,
    kept: listed.Kept = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
    provider: options.ProviderName = None,
    recording: options.Recording = None,
) -> None:
    """Say what a contract or an index is: lot, tick, expiry, bucket, where it is listed and was listed first and last.

    Beside the lot stand what it is worth and, by a file of the exchange below DATA_DIR/freeze, the most units of one order.
    Of an index every expiry that is listed, with its lot and its strikes (--json has each of them).

    Example: g6 instrument search NIFTY 2026-12-01 24000
    """
    settings = options.settings(
        config, set_, data_dir=data_dir, provider=provider, recording=recording
    )
    source = listed.Listed(settings, kept=kept)
    at = listed.instant_of(as_of) if as_of else source.now
    if words[0] == "search":
        found = _search(_contracts(settings, source, at), words[1:])
        if not found:
            raise NothingToDo(
                f"nothing that is listed fits {' '.join(words[1:])}; words are parts of symbols, a day, a strike"
            )
    else:
        found = [_one(settings, source, at, " ".join(words).upper())]
    if json_:
        typer.echo(json.dumps(found, indent=2))
    else:
        typer.echo(
            "\n".join(_line(each) for each in found) if words[0] == "search" else _page(found[0])
        )


def _one(settings: Settings, source: listed.Listed, at: datetime, name: str) -> dict[str, Any]:
    plain = name.partition(":")[2] or name
    if index := next((each for each in INDICES.values() if plain in (each.name, each.spot)), None):
        return _index(settings, source, at, index.name)
    found = next(
        (
            each
            for each in _contracts(settings, source, at)
            if plain in (each["symbol"], str(each["token"]))
        ),
        None,
    )
    if found is None:
        from g6.domain.market.dump_layout import INDEX_TOKENS

        key = next((key for key, token in INDEX_TOKENS.items() if str(token) == plain), "")
        if index := next((each for each in INDICES.values() if each.quote_key == key), None):
            return _index(settings, source, at, index.name)
        raise NothingToDo(
            f"{name} is not listed at {at.astimezone(IST):%Y-%m-%d %H:%M} IST; g6 instrument search finds what is"
        )
    spot = source.spot(found["underlying"], at)
    size = contract_size(
        partial(freeze_quantity, settings.directory),
        found["underlying"],
        found["lot_size"],
        spot,
        day_of(at),
    )
    return found | size | _buckets(settings, source, at, found) | _span(settings, found)


def _index(settings: Settings, source: listed.Listed, at: datetime, name: str) -> dict[str, Any]:
    from g6.domain.market.dump_layout import INDEX_TOKENS

    known, listing = INDICES[name], source.listing(name, at)
    contracts, spot = listing.contracts, source.spot(name, at)
    expiries = []
    for day in contracts.expiries:
        facts = series(listing, day)
        sizes = [
            contract_size(partial(freeze_quantity, settings.directory), name, lot, spot, day_of(at))
            for lot in facts["lot_size"]
        ]
        strikes = contracts.of(day).strike.tolist()
        expiries.append({"expiry": day.isoformat(), **facts, "strikes": strikes, "sizes": sizes})
    return {
        "symbol": known.spot, "kind": "index", "key": known.quote_key, "token": INDEX_TOKENS.get(known.quote_key),
        "underlying": name, "spot": spot, "options": f"{known.derivatives}: {len(contracts.expiries)} expiries",
        "future": listing.futures[0].symbol if listing.futures else None, "collected": name in settings.indices,
        "listed_on": listing.on.isoformat(), "from": source.came_from[name], "expiries": expiries,
    }  # fmt: skip


def _contracts(settings: Settings, source: listed.Listed, at: datetime) -> Iterator[dict[str, Any]]:
    """Yield every listed contract of the enabled indices."""
    for name in settings.indices:
        listing = source.listing(name, at)
        yield from _rows(listing, INDICES[name].derivatives)


def _rows(listing: Listing, exchange: str) -> Iterator[dict[str, Any]]:
    for future in listing.futures:
        yield {
            "symbol": future.symbol, "kind": "FUT", "key": f"{exchange}:{future.symbol}", "token": future.token,
            "underlying": listing.underlying, "expiry": future.expiry.isoformat(), "strike": None, "lot_size": future.lot_size,
            "tick_size": future.tick_size,
        }  # fmt: skip
    contracts = listing.contracts
    plain = zip(contracts.expiry.tolist(), contracts.strike.tolist(), contracts.lot_size.tolist(), contracts.tick_size.tolist(),
                strict=True)  # fmt: skip
    for place, (expiry, strike, lot, tick) in enumerate(plain):
        for side, kind in enumerate(SIDES):
            if symbol := contracts.symbol[side, place]:
                yield {
                    "symbol": symbol, "kind": kind, "key": f"{exchange}:{symbol}", "token": int(contracts.token[side, place]),
                    "underlying": listing.underlying, "expiry": expiry.isoformat(), "strike": strike, "lot_size": lot,
                    "tick_size": tick,
                }  # fmt: skip


def _search(rows: Iterable[dict[str, Any]], words: list[str]) -> list[dict[str, Any]]:
    """Return the first rows that every word fits: a part of the symbol, the strike, the day or month of the expiry."""
    wanted = [word.upper() for word in words]
    fitting = (row for row in rows if all(_fits(row, word) for word in wanted))
    return [row for row, _ in zip(fitting, range(MOST_FOUND), strict=False)]


def _fits(row: dict[str, Any], word: str) -> bool:
    if word in INDICES:
        return bool(row["underlying"] == word)
    strike = "" if row["strike"] is None else f"{row['strike']:g}"
    return (
        word in (strike, row["kind"])
        or row["expiry"].startswith(word)
        or (not word.isdigit() and word in row["symbol"])
    )


def _buckets(
    settings: Settings, source: listed.Listed, at: datetime, row: dict[str, Any]
) -> dict[str, Any]:
    name, exchange = row["underlying"], INDICES[row["underlying"]].exchange
    listing = source.listing(name, at)
    rules = plan(settings).indices[name].rules
    resolved = resolve(listing.contracts.expiries, at, calendar(), exchange, rules, underlying=name)
    expiry = next(
        (day for day in listing.contracts.expiries if day.isoformat() == row["expiry"]), None
    )
    return {
        "dte": dte(datetime.fromisoformat(row["expiry"]).date(), at),
        "monthly": expiry is not None and is_monthly(expiry, exchange, name, at),
        "buckets": [rule for rule, day in resolved.buckets.items() if day == expiry],
        "listed_on": listing.on.isoformat(),
        "from": source.came_from[name],
    }


def _span(settings: Settings, row: dict[str, Any]) -> dict[str, Any]:
    from g6.adapters.parquet.listings import kept_span

    span = kept_span(settings.directory, INDICES[row["underlying"]].derivatives, row["symbol"])
    return {
        "kept_first": span[0].isoformat() if span else None,
        "kept_last": span[1].isoformat() if span else None,
    }


def _line(row: dict[str, Any]) -> str:
    strike = "" if row["strike"] is None else f"{row['strike']:g}"
    return f"{row['key']:<32}{row['token']:>10}  {row['expiry']}  {strike:>8} {row['kind']:<4}lot {row['lot_size']}"


def _page(row: dict[str, Any]) -> str:
    expiries = [("expiry", _series_line(each)) for each in row.get("expiries", ())]
    shown = [
        (name, ", ".join(value) or "none" if isinstance(value, list) else value)
        for name, value in (_in_words(row) if "lot_size" in row else row).items()
        if name != "expiries"
    ]
    return "\n".join(
        f"{name:<12}{'-' if value is None else value}" for name, value in [*shown, *expiries]
    )


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """Return a contract's facts with its notional in lakh and its freeze quantity in lots."""
    worth, freeze = row["notional"], row["freeze_quantity"]
    told = row["freeze_from"]
    if freeze is not None:
        told = f"{freeze:,} units = {freeze // row['lot_size']} lots (file of {row['freeze_from']})"
    shown = {
        name: value for name, value in row.items() if name not in ("freeze_quantity", "freeze_from")
    }
    return shown | {
        "notional": None if worth is None else f"{worth / LAKH:.2f} lakh a lot, at the index",
        "freeze": told,
    }


def _series_line(row: dict[str, Any]) -> str:
    span = f"{len(row['strikes'])} strikes {row['lowest']:g} to {row['highest']:g}, step {row['step']:g}"
    return f"{row['expiry']}  {'; '.join(size_words(size) for size in row['sizes'])}  {span}"
