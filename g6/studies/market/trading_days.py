"""The sessions, holidays and expiries of a month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated

from g6.domain.market.calendar import Calendar, Session, day_of
from g6.domain.market.calendar.session import instant_of
from g6.domain.market.expiry import is_monthly
from g6.domain.market.instrument import INDICES
from g6.errors import G6Error
from g6.ports.readers import ListingReader
from g6.ports.sources import Ability
from g6.studies.parameters import MORNING, FromDumps, ListedAt, Parameter, month_first

__all__ = ["DaySessions", "ExchangeHours", "MonthParameters", "TradingMonth", "answer"]

COLUMNS = ("day", "exchange", "opens", "closes", "settlement", "note", "expires")


@dataclass(frozen=True, slots=True)
class MonthParameters:
    """Asks for the sessions of one month."""

    month: Annotated[
        date | None,
        Parameter(
            "The month, such as 2026-11; else this one.",
            "2026-11",
            metavar="[YYYY-MM]",
            read=month_first,
            is_positional=True,
        ),
    ] = None
    from_dumps: FromDumps = False
    at: ListedAt = None


@dataclass(frozen=True, slots=True)
class ExchangeHours:
    """One exchange on one day. Without an opening it is closed.

    Attributes:
        exchange: The exchange.
        opens: The first instant of trading.
        closes: The last one.
        settlement: When settlement prices are fixed.
        special: The name of a session out of the ordinary.
        provisional: Whether no circular has confirmed the hours yet.
        holiday: Why it is closed.
    """

    exchange: str
    opens: datetime | None = None
    closes: datetime | None = None
    settlement: datetime | None = None
    special: str | None = None
    provisional: bool = False
    holiday: str | None = None

    @property
    def note(self) -> str:
        """What is out of the ordinary."""
        unconfirmed = "hours not confirmed" if self.provisional else ""
        return ", ".join(filter(None, (self.holiday, self.special, unconfirmed)))


@dataclass(frozen=True, slots=True)
class IndexExpiry:
    """The options of an index that expire on a day.

    Attributes:
        index: The underlying's name.
        exchange: The exchange of the index.
        monthly: Whether it is the last expiry of its month.
    """

    index: str
    exchange: str
    monthly: bool


@dataclass(frozen=True, slots=True)
class DaySessions:
    """One day on which an exchange trades, or is closed for a holiday.

    Attributes:
        day: The day, India's.
        hours: The exchanges that trade or have a holiday.
        expiring: What expires.
    """

    day: date
    hours: tuple[ExchangeHours, ...]
    expiring: tuple[IndexExpiry, ...]


@dataclass(frozen=True, slots=True)
class TradingMonth:
    """The days of one month.

    Attributes:
        first: The first day of the month.
        days: The days that are no plain weekend.
        origins: The indices by where their listing is from.
        unknown: The indices of which no listing of that month is known.
    """

    first: date
    days: tuple[DaySessions, ...]
    origins: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per day and exchange."""
        lines: list[tuple[object, ...]] = []
        for day in self.days:
            for hours in day.hours:
                expiring = [line.index for line in day.expiring if line.exchange == hours.exchange]
                times = (hours.opens, hours.closes, hours.settlement)
                lines.append((day.day, hours.exchange, *times, hours.note, ", ".join(expiring)))
        return {name: [line[place] for line in lines] for place, name in enumerate(COLUMNS)}


@dataclass(slots=True)
class _Expiries:
    by_day: dict[date, list[IndexExpiry]] = field(default_factory=dict)
    origins: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def answer(reader: ListingReader, parameters: MonthParameters) -> TradingMonth:
    """Return the sessions, holidays and expiries of a month.

    Of an instant, its month is meant unless one is named, expiries are those that were listed by
    then, and indices those that were collected then. Sessions and holidays are those of the
    calendar, which does not say since when it knows them.

    Raises:
        UncoveredYear: The calendar does not reach so far.
    """
    listings = reader.of_dumps() if parameters.from_dumps else reader
    source = listings.configured_at(parameters.at)
    today = source.now if parameters.at is None else parameters.at
    first = parameters.month or day_of(today).replace(day=1)
    sessions = source.calendar
    # A year that is not covered is said before anybody is asked for listings.
    sessions.session("NSE", first)
    expiries = _expiries(source, first, parameters)
    days: list[DaySessions] = []
    for day in _days(first):
        hours = tuple(_hours(sessions, day))
        if hours:
            days.append(DaySessions(day, hours, tuple(expiries.by_day.get(day, ()))))
    origins = {origin: tuple(names) for origin, names in expiries.origins.items()}
    return TradingMonth(first, tuple(days), origins, tuple(expiries.unknown))


def _hours(sessions: Calendar, day: date) -> Iterator[ExchangeHours]:
    """Yield the exchanges that trade on a day, or are closed for a holiday."""
    for exchange in sessions.exchanges:
        session = sessions.session(exchange, day)
        if session is not None:
            yield _of_session(session)
            continue
        holiday = sessions.holiday(exchange, day)
        if holiday:
            yield ExchangeHours(exchange, holiday=holiday)


def _of_session(session: Session) -> ExchangeHours:
    return ExchangeHours(
        session.exchange,
        session.open,
        session.close,
        session.settlement_fix,
        session.special,
        session.provisional,
    )


def _listing_instants(
    source: ListingReader, first: date, parameters: MonthParameters
) -> list[datetime]:
    """Return the instants whose listings together tell what expires in a month."""
    at = parameters.at
    days = [first]
    if source.knows_today_alone or parameters.from_dumps or at is not None:
        # A dump lists no contract that has expired: the month's first day and the newest together
        # tell of all its expiries.
        days.append(min(max(_days(first)), day_of(source.now if at is None else at)))
    instants = [instant_of(day, MORNING) for day in days]
    return instants if at is None else [min(instant, at) for instant in instants]


def _expiries(source: ListingReader, first: date, parameters: MonthParameters) -> _Expiries:
    """Return what expires in a month, index by index."""
    month = _Expiries()
    last = max(_days(first))
    instants = _listing_instants(source, first, parameters)
    for index in source.plan.indices:
        dates, origins = _listed_dates(source, index, instants)
        exchange = INDICES[index].exchange
        for day in sorted(dates):
            if first <= day <= last:
                is_last = is_monthly(day, exchange, index, source.calendar.close_of(exchange, day))
                expiring = IndexExpiry(index, exchange, is_last)
                month.by_day.setdefault(day, []).append(expiring)
        if dates:
            month.origins.setdefault(" and ".join(dict.fromkeys(origins)), []).append(index)
        else:
            month.unknown.append(index)
    return month


def _listed_dates(
    source: ListingReader, index: str, instants: Iterable[datetime]
) -> tuple[set[date], list[str]]:
    """Return the expiries that are listed at some instants, and where the listings are from."""
    dates: set[date] = set()
    origins: list[str] = []
    for instant in instants:
        with suppress(G6Error):
            listing = source.listing(index, instant)
            dates |= set(listing.contracts.expiries)
            origins.append(_origin(source, index, listing.on))
    return dates, origins


def _origin(reader: ListingReader, index: str, on: date) -> str:
    """Return where a listing is from, in words that tell a dump from a simulation."""
    came_from = reader.origin(index)
    if came_from.startswith("kept on "):
        return f"the instrument dump {came_from}"
    if reader.source.is_simulated:
        return "the simulated market (made by the rules of each era, not read from a dump)"
    if reader.source.can(Ability.RECORDED):
        return f"the recording, as of {on}"
    return f"{came_from}'s instrument dump of {on}"


def _days(first: date) -> Iterator[date]:
    day = first
    while day.month == first.month:
        yield day
        day += timedelta(days=1)
