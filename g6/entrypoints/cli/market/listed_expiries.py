"""`g6 expiries`: each rule, the listed date that answers it, how many strikes, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any

import numpy as np
import typer

from g6.config import calendar, plan
from g6.domain.cycles.plan import IndexPlan
from g6.domain.market.calendar import IST, Calendar
from g6.domain.market.contract_symbols import Trusted, trusted
from g6.domain.market.expiry import Resolution, dte, is_monthly, resolve
from g6.domain.market.instrument import Listing, strike_step
from g6.entrypoints.cli.shared import listed, options

Index = Annotated[
    str | None, typer.Argument(metavar="[INDEX]", help="One index; else every enabled one.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("expiries")(expiries)


def expiries(
    *,
    index: Index = None,
    as_of: listed.AsOf = None,
    kept: listed.Kept = False,
    refresh: listed.Refresh = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
    provider: options.ProviderName = None,
    recording: options.Recording = None,
) -> None:
    """Show which listed expiry answers each rule, its strikes, lot and tick, and why; of any past day from the kept dumps.

    Example: g6 expiries NIFTY --as-of 2026-11-20
    """
    only = index.upper() if index else None
    settings = options.settings(
        config, set_, data_dir=data_dir, provider=provider, recording=recording, indices=only
    )
    source, known, wanted = listed.Listed(settings, kept=kept), calendar(), plan(settings)
    counts = source.refresh() if refresh else {}
    at = listed.instant_of(as_of) if as_of else source.now
    told = []
    for each in wanted.indices.values():
        name = each.index.name
        believed = trusted(source.listing(name, at), wanted.salvage)
        told.append(_facts(believed, each, known, at) | {"from": source.came_from[name]})
        if not json_:
            typer.echo("\n".join(expiry_lines(believed, each, known, at, source.came_from[name])))
    if json_:
        typer.echo(json.dumps({"downloads": counts, "indices": told}, indent=2))
    elif counts:
        typer.echo("downloaded again: " + ", ".join(f"{n} {where}" for where, n in counts.items()))


def expiry_lines(
    believed: Trusted, index: IndexPlan, known: Calendar, at: datetime, came_from: str = ""
) -> Iterator[str]:
    """Yield a line per rule: rule, date, days left, strikes and their step, lot and tick, and why that date."""
    listing, name = believed.listing, index.index.name
    dates = listing.contracts.expiries
    found = _resolved(listing, index, known, at)
    head = f"{name}  {len(dates)} expiries listed on {listing.on:%d %b %Y}, asked at {at.astimezone(IST):%d %b %Y %H:%M} IST"
    yield head + (f", from {came_from}" if came_from else "")
    for bucket, expiry in found.buckets.items():
        facts = series(listing, expiry, index.strike_step)
        span = f"{facts['strikes']} strikes {facts['lowest']:g} to {facts['highest']:g}, step {facts['step']:g}"
        size = f"lot {'/'.join(map(str, facts['lot_size']))}, tick {facts['tick_size']:g}"
        one_sided = f", {facts['one_sided']} one-sided" if facts["one_sided"] else ""
        why = _why(bucket, expiry, dates)
        yield f"  {bucket:<12}{expiry:%a %d %b %Y}  {dte(expiry, at):>3} d  {span}{one_sided}, {size}  {why}"
    for bucket in found.not_listed:
        yield f"  {bucket:<12}not listed"
    for reason, count in believed.left_out.items():
        yield f"  left out: {count} ({reason.replace('_', ' ')})"
    if believed.salvaged:
        yield f"  salvaged: {believed.salvaged}"


def _resolved(listing: Listing, index: IndexPlan, known: Calendar, at: datetime) -> Resolution:
    return resolve(
        listing.contracts.expiries,
        at,
        known,
        index.index.exchange,
        index.rules,
        underlying=index.index.name,
    )


def _facts(believed: Trusted, index: IndexPlan, known: Calendar, at: datetime) -> dict[str, Any]:
    listing, dates = believed.listing, believed.listing.contracts.expiries
    found = _resolved(listing, index, known, at)
    names = {
        expiry: [name for name, on in found.buckets.items() if on == expiry] for expiry in dates
    }
    return {
        "index": index.index.name,
        "on": listing.on.isoformat(),
        "at": at.isoformat(),
        "rules": {
            name: {"expiry": on.isoformat(), "dte": dte(on, at), "why": _why(name, on, dates)}
            for name, on in found.buckets.items()
        },
        "not_listed": list(found.not_listed),
        "expiries": [
            {
                "expiry": expiry.isoformat(),
                "rules": names[expiry],
                "monthly": is_monthly(expiry, index.index.exchange, index.index.name, at),
                **series(listing, expiry, index.strike_step),
            }
            for expiry in dates
        ],
        "left_out": dict(believed.left_out),
        "salvaged": believed.salvaged,
    }


def series(listing: Listing, expiry: date, step: float | None = None) -> dict[str, Any]:
    """Return what is listed of one expiry: strikes, their step (else that near the middle), lots, tick."""
    contracts = listing.contracts.of(expiry)
    strikes = contracts.strike
    return {
        "strikes": len(strikes),
        "one_sided": int(np.count_nonzero((contracts.symbol == "").any(axis=0))),
        "lowest": float(strikes[0]),
        "highest": float(strikes[-1]),
        "step": step or strike_step(strikes, float(strikes[len(strikes) // 2])),
        "lot_size": np.unique(contracts.lot_size).tolist(),
        "tick_size": float(contracts.tick_size[0]),
    }


def _why(bucket: str, expiry: date, dates: tuple[date, ...]) -> str:
    month = max(each for each in dates if (each.year, each.month) == (expiry.year, expiry.month))
    match bucket:
        case "this_week":
            return "first expiry alive"
        case "next_week":
            return "second expiry alive"
        case "this_month" | "next_month":
            return "last expiry listed of its month" if expiry == month else "monthly by its slot"
        case _:
            return "asked for by name"
