"""`g6 calendar`, `g6 providers`: the sessions of a month, and the sources of quotes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated

import typer

from g6.bootstrap.market_listings import MarketListings
from g6.config import calendar
from g6.domain.market.calendar import IST, Calendar, Session, day_of
from g6.domain.market.calendar.session import instant_of
from g6.domain.market.expiry import is_monthly
from g6.domain.market.instrument import INDICES
from g6.entrypoints.cli.shared import listing_options, options
from g6.errors import BadConfig, G6Error
from g6.studies.parameters import MORNING

Month = Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("calendar")(show_calendar)
    app.command("providers")(providers)


def show_calendar(
    month: Month,
    *,
    from_dumps: listing_options.Kept = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
    provider: options.ProviderName = None,
) -> None:
    """Show the sessions, holidays and expiries of a month, times in India.

    Example: g6 calendar 2026-11
    """
    first = _first_day(month)
    settings = options.settings(config, set_, data_dir=data_dir, provider=provider)
    sessions = calendar()
    source = MarketListings(settings, from_dumps=from_dumps)
    sessions.session("NSE", first)
    expiries = _expiries_of_month(source, settings.indices, first, sessions, from_dumps=from_dumps)
    for day in _days(first):
        for line in _lines(day, sessions, expiries.by_day.get(day, ())):
            typer.echo(line)
    for origin, indices in expiries.origins.items():
        typer.echo(f"expiries of {', '.join(indices)} from {origin}")
    if expiries.unknown:
        typer.echo(
            f"expiries not known of {', '.join(expiries.unknown)}: "
            "no listing of that month (g6 expiries says why)",
            err=True,
        )


@dataclass(slots=True)
class MonthExpiries:
    """The expiries of one month.

    Attributes:
        by_day: Index and name of what expires, monthlies marked.
        unknown: Indices without a listing.
        origins: The other indices by where their listing is from.
    """

    by_day: dict[date, list[tuple[str, str]]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    origins: dict[str, list[str]] = field(default_factory=dict)


def _first_day(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise BadConfig(f"{month!r} is no month", "write it as 2026-11") from error


def _lines(day: date, sessions: Calendar, expiring: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield a line for a day, or one for each exchange where they differ."""
    hours = {exchange: _session(sessions, exchange, day) for exchange in sessions.exchanges}
    if len(set(hours.values())) == 1:
        hours = {"": next(iter(hours.values()))}
    for exchange, text in hours.items():
        names = [name for index, name in expiring if exchange in ("", INDICES[index].exchange)]
        if text:
            expires = f"  expires {', '.join(names)}" if names else ""
            yield f"{day:%a %d %b %Y}  {exchange:<4}{text}{expires}"


def _expiries_of_month(
    source: MarketListings,
    indices: Iterable[str],
    first: date,
    sessions: Calendar,
    *,
    from_dumps: bool,
) -> MonthExpiries:
    month = MonthExpiries()
    last = max(_days(first))
    listing_days = [first]
    if source.is_live or from_dumps:
        # A dump lists no contract that has expired: the month's first day and the newest together
        # tell of all its expiries.
        listing_days.append(min(last, day_of(source.now)))
    for index in indices:
        dates, origins = _listed_dates(source, index, listing_days)
        exchange = INDICES[index].exchange
        for day in sorted(dates):
            if first <= day <= last:
                is_last = is_monthly(day, exchange, index, sessions.close_of(exchange, day))
                name = f"{index} (monthly)" if is_last else index
                month.by_day.setdefault(day, []).append((index, name))
        if dates:
            month.origins.setdefault(" and ".join(dict.fromkeys(origins)), []).append(index)
        else:
            month.unknown.append(index)
    return month


def _listed_dates(
    source: MarketListings, index: str, days: Iterable[date]
) -> tuple[set[date], list[str]]:
    """Return the expiries that are listed on some days, and where the listings are from."""
    dates: set[date] = set()
    origins: list[str] = []
    for day in days:
        with suppress(G6Error):
            listing = source.listing(index, instant_of(day, MORNING))
            dates |= set(listing.contracts.expiries)
            origins.append(_origin(source.origins[index], listing.on))
    return dates, origins


def _origin(came_from: str, on: date) -> str:
    """Return where a listing is from, in words that tell a dump from a simulation."""
    if came_from == "sim":
        return "the simulated market (made by the rules of each era, not read from a dump)"
    if came_from == "replay":
        return f"the recording, as of {on}"
    if came_from.startswith("kept on "):
        return f"the instrument dump {came_from}"
    return f"{came_from}'s instrument dump of {on}"


def _days(first: date) -> Iterator[date]:
    day = first
    while day.month == first.month:
        yield day
        day += timedelta(days=1)


def _session(sessions: Calendar, exchange: str, day: date) -> str:
    """Return a day's hours, or why the exchange is closed."""
    session = sessions.session(exchange, day)
    if session is not None:
        return _hours(session)
    holiday = sessions.holiday(exchange, day)
    return f"closed       {holiday}" if holiday else ""


def _hours(session: Session) -> str:
    notes = [f"settlement {session.settlement_fix.astimezone(IST):%H:%M}"]
    if session.special:
        notes.append(session.special)
    if session.provisional:
        notes.append("hours not confirmed")
    opens = session.open.astimezone(IST)
    closes = session.close.astimezone(IST)
    return f"{opens:%H:%M}–{closes:%H:%M}  {', '.join(notes)}"


def providers() -> None:
    """List the providers and what each can do, those of other distributions too.

    Example: g6 providers
    """
    from g6.config.source_table import SHIPPED, plugged_in

    for source in SHIPPED:
        typer.echo(f"{source.name:<8}{source.summary}")
    for point in plugged_in():
        distribution = point.dist.name if point.dist else "an entry point"
        typer.echo(f"{point.name:<8}plugged in by {distribution} ({point.value})")
