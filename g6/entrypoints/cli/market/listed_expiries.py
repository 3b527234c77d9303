"""`g6 expiries`: each rule, the listed date that answers it, how many strikes, and why."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from g6.bootstrap.market_listings import MarketListings
from g6.entrypoints.cli.shared import listing_options, options
from g6.rendering.tables import expiries_table
from g6.studies.market.expiry_answers import ExpiryParameters, answer
from g6.studies.parameters import listing_instant

Index = Annotated[
    str | None, typer.Argument(metavar="[INDEX]", help="One index; else every enabled one.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("expiries")(expiries)


def expiries(
    *,
    index: Index = None,
    as_of: listing_options.AsOf = None,
    from_dumps: listing_options.Kept = False,
    refresh: listing_options.Refresh = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
    provider: options.ProviderName = None,
    recording: options.Recording = None,
) -> None:
    """Show which listed expiry answers each rule, its strikes, lot and tick, and why.

    The kept dumps answer of any past day.

    Example: g6 expiries NIFTY --as-of 2026-11-20
    """
    settings = options.settings(
        config,
        set_,
        data_dir=data_dir,
        provider=provider,
        recording=recording,
        indices=index.upper() if index else None,
    )
    source = MarketListings(settings, from_dumps=from_dumps)
    downloads = source.refresh() if refresh else {}
    at = listing_instant(as_of) if as_of else source.now
    documents: list[dict[str, object]] = []
    for name in source.plan.indices:
        document = answer(source, ExpiryParameters(name, at))
        documents += expiries_table.json_value(document)
        # A broker is asked index by index: what it said is shown before it is asked again.
        if not json_:
            typer.echo("\n".join(expiries_table.lines(document)))
    if json_:
        typer.echo(json.dumps({"downloads": downloads, "indices": documents}, indent=2))
    elif downloads:
        counts = ", ".join(f"{count} {place}" for place, count in downloads.items())
        typer.echo(f"downloaded again: {counts}")
