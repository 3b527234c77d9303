"""`g6 expiries`: each rule, the listed date that answers it, how many strikes, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from g6.bootstrap.market_listings import MarketListings
from g6.config import calendar, plan
from g6.domain.market.calendar import IST
from g6.domain.market.contract_symbols import trusted
from g6.entrypoints.cli.shared import listing_options, options
from g6.studies.market.rule_answers import ListedSeries, RuleAnswers, rule_answers

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
    sessions = calendar()
    collection = plan(settings)
    downloads = source.refresh() if refresh else {}
    at = listing_options.instant_of(as_of) if as_of else source.now
    documents: list[dict[str, object]] = []
    for of_index in collection.indices.values():
        name = of_index.index.name
        believed = trusted(source.listing(name, at), collection.salvage)
        answers = rule_answers(believed, of_index, sessions, at)
        documents.append(answers.document() | {"from": source.origins[name]})
        if not json_:
            typer.echo("\n".join(_lines(answers, source.origins[name])))
    if json_:
        typer.echo(json.dumps({"downloads": downloads, "indices": documents}, indent=2))
    elif downloads:
        counts = ", ".join(f"{count} {place}" for place, count in downloads.items())
        typer.echo(f"downloaded again: {counts}")


def _lines(answers: RuleAnswers, came_from: str) -> Iterator[str]:
    """Yield a line of the listing, one for each rule, and one for each kind of odd contract."""
    head = (
        f"{answers.index}  {len(answers.expiries)} expiries listed on {answers.on:%d %b %Y}, "
        f"asked at {answers.at.astimezone(IST):%d %b %Y %H:%M} IST"
    )
    yield f"{head}, from {came_from}" if came_from else head
    for rule, answer in answers.rules.items():
        day = f"{answer.expiry:%a %d %b %Y}  {answer.dte:>3} d"
        yield f"  {rule:<12}{day}  {_series(answer.series)}  {answer.why}"
    for rule in answers.not_listed:
        yield f"  {rule:<12}not listed"
    for reason, count in answers.left_out.items():
        yield f"  left out: {count} ({reason.replace('_', ' ')})"
    if answers.salvaged:
        yield f"  salvaged: {answers.salvaged}"


def _series(series: ListedSeries) -> str:
    one_sided = f", {series.one_sided} one-sided" if series.one_sided else ""
    lots = "/".join(map(str, series.lot_size))
    return (
        f"{series.strikes} strikes {series.lowest:g} to {series.highest:g}, "
        f"step {series.step:g}{one_sided}, lot {lots}, tick {series.tick_size:g}"
    )
