"""`g6 calendar`, `g6 providers`: when the market is open, and who tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import Annotated

import typer

from g6.config import calendar
from g6.domain.market.calendar import IST, Calendar, Session, day_of
from g6.domain.market.calendar.session import instant_of
from g6.domain.market.expiry import is_monthly
from g6.domain.market.instrument import INDICES
from g6.entrypoints.cli.shared import listed, options
from g6.errors import BadConfig, G6Error

Month = Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("calendar")(show_calendar)
    app.command("providers")(providers)


def show_calendar(
    month: Month,
    *,
    kept: listed.Kept = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
    provider: options.ProviderName = None,
) -> None:
    """Show the sessions, holidays and expiries of a month, times in India.

    Example: g6 calendar 2026-11
    """
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise BadConfig(f"{month!r} is no month", "write it as 2026-11") from error
    settings = options.settings(config, set_, data_dir=data_dir, provider=provider)
    known, source = calendar(), listed.Listed(settings, kept=kept)
    known.session("NSE", first)
    expiring, unknown, origins = _expiring(source, settings.indices, first, known, kept=kept)
    for day in _days(first):
        said = {exchange: _told(known, exchange, day) for exchange in known.exchanges}
        if len(set(said.values())) == 1:
            said = {"": next(iter(said.values()))}
        for exchange, text in said.items():
            last = [
                name
                for index, name in expiring.get(day, ())
                if exchange in ("", INDICES[index].exchange)
            ]
            if text:
                typer.echo(
                    f"{day:%a %d %b %Y}  {exchange:<4}{text}"
                    + (f"  expires {', '.join(last)}" if last else "")
                )
    for origin, indices in origins.items():
        typer.echo(f"expiries of {', '.join(indices)} from {origin}")
    if unknown:
        typer.echo(
            f"expiries not known of {', '.join(unknown)}: no listing of that month (g6 expiries says why)",
            err=True,
        )


def _expiring(
    source: listed.Listed, indices: Iterable[str], first: date, known: Calendar, *, kept: bool
) -> tuple[dict[date, list[tuple[str, str]]], list[str], dict[str, list[str]]]:
    """Return what expires in a month, by day, monthlies marked; indices without a listing; the others by where theirs is from."""
    found: dict[date, list[tuple[str, str]]] = {}
    unknown: list[str] = []
    origins: dict[str, list[str]] = {}
    last = max(_days(first))
    for index in indices:
        dates: set[date] = set()
        told: list[str] = []
        for day in (first, min(last, day_of(source.now))) if source.broker or kept else (first,):
            at = instant_of(day, listed.MORNING)
            with suppress(G6Error):
                listing = source.listing(index, at)
                dates |= set(listing.contracts.expiries)
                told.append(_origin(source.came_from[index], listing.on))
        for day in sorted(each for each in dates if first <= each <= last):
            exchange = INDICES[index].exchange
            mark = (
                " (monthly)"
                if is_monthly(day, exchange, index, known.close_of(exchange, day))
                else ""
            )
            found.setdefault(day, []).append((index, index + mark))
        if not dates:
            unknown.append(index)
        else:
            origins.setdefault(" and ".join(dict.fromkeys(told)), []).append(index)
    return found, unknown, origins


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


def _told(known: Calendar, exchange: str, day: date) -> str:
    session = known.session(exchange, day)
    if session is not None:
        return _hours(session)
    holiday = known.holiday(exchange, day)
    return f"closed       {holiday}" if holiday else ""


def _hours(session: Session) -> str:
    opened, closed, fix = (
        f"{each.astimezone(IST):%H:%M}"
        for each in (session.open, session.close, session.settlement_fix)
    )
    notes = [
        f"settlement {fix}",
        *([session.special] if session.special else []),
        *(["hours not confirmed"] if session.provisional else []),
    ]
    return f"{opened}–{closed}  {', '.join(notes)}"


def providers() -> None:
    """List the providers and what each can do; those that other distributions registered too.

    Example: g6 providers
    """
    from g6.config.source_table import SHIPPED, plugged_in

    for source in SHIPPED:
        typer.echo(f"{source.name:<8}{source.summary}")
    for point in plugged_in():
        distribution = point.dist.name if point.dist else "an entry point"
        typer.echo(f"{point.name:<8}plugged in by {distribution} ({point.value})")
