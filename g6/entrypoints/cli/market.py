"""`g6 calendar`, `g6 expiries`, `g6 providers`: what the market is, as G6 sees it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from g6.config import calendar, plan
from g6.domain.calendar import IST, Calendar, Session
from g6.domain.expiry import dte, resolve
from g6.domain.instrument import Listing, strike_step
from g6.domain.plan import IndexPlan
from g6.entrypoints.cli import options
from g6.errors import BadConfig

Month = Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month.")]
Index = Annotated[str | None, typer.Argument(metavar="[INDEX]", help="One index; else every enabled one.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="INSTANT", help="Market time to answer for, such as 2026-11-20T04:05:00Z.")
]

PROVIDERS = {
    "sim": "the simulated market: any instant, no network, the same prices for the same --seed",
    "replay": "a recording (--recording PATH): NSE option-chain answers, snapshot tables, G6's own stored days",
    "kite": "Zerodha's Kite Connect: live chains with five-level books and open interest; needs KITE_API_KEY and g6 login",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("calendar")(show_calendar)
    app.command("expiries")(expiries)
    app.command("providers")(providers)


def show_calendar(month: Month) -> None:
    """Show the sessions and holidays of a month, times in India.

    Example: g6 calendar 2026-11
    """
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise BadConfig(f"{month!r} is no month", "write it as 2026-11") from error
    known = calendar()
    for day in _days(first):
        said = {exchange: _told(known, exchange, day) for exchange in known.exchanges}
        if len(set(said.values())) == 1:
            said = {"": next(iter(said.values()))}
        for exchange, text in said.items():
            if text:
                typer.echo(f"{day:%a %d %b %Y}  {exchange:<4}{text}")


def _days(first: date) -> Iterator[date]:
    day = first
    while day.month == first.month:
        yield day
        day += timedelta(days=1)


def _told(known: Calendar, exchange: str, day: date) -> str:
    session = known.session(exchange, day)
    if session is not None:
        return _hours(session)
    holiday = known.holiday(exchange, day)
    return f"closed       {holiday}" if holiday else ""


def _hours(session: Session) -> str:
    opened, closed, fix = (f"{each.astimezone(IST):%H:%M}" for each in (session.open, session.close, session.settlement_fix))
    notes = [
        f"settlement {fix}",
        *([session.special] if session.special else []),
        *(["hours not confirmed"] if session.provisional else []),
    ]
    return f"{opened}–{closed}  {', '.join(notes)}"


def expiries(
    *,
    index: Index = None,
    as_of: AsOf = None,
    config: options.Config = None,
    set_: options.Set = None,
    provider: options.ProviderName = None,
    recording: options.Recording = None,
) -> None:
    """Show which listed expiry answers each rule, its strikes, and why.

    Example: g6 expiries NIFTY --as-of 2026-11-20T04:05:00Z
    """
    from g6 import bootstrap

    only = index.upper() if index else None
    settings = options.settings(config, set_, provider=provider, recording=recording, indices=only)
    at = _instant(as_of) if as_of else settings.market.start if settings.simulated else datetime.now(UTC)
    source, known = bootstrap.provider(settings), calendar()
    for each in plan(settings).indices.values():
        typer.echo("\n".join(expiry_lines(source.listing(each.index.name, at), each, known, at)))


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadConfig(f"{text!r} is no instant", "write it as 2026-11-20T04:05:00Z") from error
    return instant.replace(tzinfo=instant.tzinfo or IST)


def expiry_lines(listing: Listing, index: IndexPlan, known: Calendar, at: datetime) -> Iterator[str]:
    """Yield a line per rule: rule, date, days left, strikes and their step, and why that date."""
    name = index.index.name
    listed = listing.contracts.expiries
    found = resolve(listed, at, known, index.index.exchange, index.rules, underlying=name)
    yield f"{name}  {len(listed)} expiries listed on {listing.on:%d %b %Y}, asked at {at.astimezone(IST):%d %b %Y %H:%M} IST"
    for bucket, expiry in found.buckets.items():
        strikes = listing.contracts.of(expiry).strike
        middle = float(strikes[len(strikes) // 2])
        step = index.strike_step or strike_step(strikes, middle)
        span = f"{len(strikes)} strikes {strikes[0]:g} to {strikes[-1]:g}, step {step:g}"
        yield f"  {bucket:<12}{expiry:%a %d %b %Y}  {dte(expiry, at):>3} d  {span}  {_why(bucket, expiry, listed)}"
    for bucket in found.not_listed:
        yield f"  {bucket:<12}not listed"


def _why(bucket: str, expiry: date, listed: tuple[date, ...]) -> str:
    month = (
        "last expiry listed of its month"
        if expiry == max(each for each in listed if (each.year, each.month) == (expiry.year, expiry.month))
        else ""
    )
    match bucket:
        case "this_week":
            return "first expiry alive"
        case "next_week":
            return "second expiry alive"
        case "this_month" | "next_month":
            return month or "monthly by its slot"
        case _:
            return "asked for by name"


def providers() -> None:
    """List the providers and what each can do; those that other distributions registered too.

    Example: g6 providers
    """
    from importlib.metadata import entry_points

    from g6.bootstrap import PLUGINS

    for name, meaning in PROVIDERS.items():
        typer.echo(f"{name:<8}{meaning}")
    for each in entry_points(group=PLUGINS):
        typer.echo(f"{each.name:<8}plugged in by {each.dist.name if each.dist else 'an entry point'} ({each.value})")
