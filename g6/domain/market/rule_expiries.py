"""The date that a bucket's name meant on a past day, by the exchanges' rules.

Files of older systems lie in folders called `this_week` and carry no date of expiry, and no listing
of that day is left. Each root had weeklies in its own years and on its own weekday. Outside of them
the name says no date, and none is made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from g6.domain.market.calendar import Calendar
from g6.domain.market.expiry import (
    BUCKETS,
    WEEKDAYS,
    is_monthly,
    resolve,
    rule_of,
    weekday_in,
)
from g6.domain.market.instrument import INDICES
from g6.errors import BadConfig

# First and last day on which a root's weeklies expired by the weekday of WEEKDAYS. SEBI's circular
# of 1 Oct 2024 left one weekly to each exchange: the last of the others expired in November 2024.
# BANKNIFTY's moved to Wednesday on 6 Sep 2023, its monthlies only on 1 March 2024, so that the six
# months between are left out.
WEEKLIES: Mapping[str, tuple[tuple[date, date], ...]] = MappingProxyType(
    {
        "NIFTY": ((date(2019, 2, 14), date.max),),
        "BANKNIFTY": (
            (date(2016, 6, 2), date(2023, 8, 31)),
            (date(2024, 3, 6), date(2024, 11, 13)),
        ),
        "FINNIFTY": ((date(2021, 10, 19), date(2024, 11, 19)),),
        "MIDCPNIFTY": ((date(2023, 8, 21), date(2024, 11, 18)),),
        "SENSEX": ((date(2023, 5, 19), date.max),),
        "BANKEX": ((date(2023, 10, 16), date(2024, 11, 18)),),
    }
)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_AHEAD_DAYS = 100
"""Days ahead in which slots are made: the monthly after next lies within."""


def expiry_of(bucket: str, index: str, on: date, calendar: Calendar) -> date:
    """Return the expiry that a bucket of an index was on a trading day.

    Args:
        bucket: Name of a bucket, its short forms included, or a date.
        index: Name of the index.
        on: The trading day.
        calendar: Says which days trade.

    Raises:
        ValueError: The name says no date, with the reason in words.

    >>> from g6.config import calendar
    >>> expiry_of("this_week", "NIFTY", date(2026, 11, 18), calendar())
    datetime.date(2026, 11, 23)
    """
    try:
        rule = rule_of(bucket)
    except BadConfig as error:
        raise ValueError(f"{bucket!r} is no bucket ({', '.join(BUCKETS)}) and no date") from error
    if isinstance(rule, date):
        return rule
    if rule not in BUCKETS:
        raise ValueError(f"{bucket!r} counts what was listed, and that is not known")
    if on.year not in calendar.covered_years:
        raise ValueError(
            f"the calendar does not cover {on.year}, so {bucket} of that day is not known"
        )
    exchange = INDICES[index].exchange
    if rule in BUCKETS[:2] and not _has_weeklies(index, on):
        raise ValueError(f"which weekly of {index} was {rule} on {on} is not known")
    listing = _listing(index, on, calendar)
    buckets = resolve(
        listing, calendar.close_of(exchange, on), calendar, exchange, (rule,), underlying=index
    ).buckets
    if rule not in buckets:
        raise ValueError(f"{rule} of {on} lies in a year that the calendar does not cover")
    return buckets[rule]


def monthly_of(index: str, year: int, month: int, calendar: Calendar) -> date:
    """Return the day on which the monthly of a month expired, as symbols such as `25SEP` mean it.

    Args:
        index: Name of the index.
        year: Of the month.
        month: From 1.
        calendar: Says which days trade.

    Raises:
        ValueError: The calendar does not cover the year.

    >>> from g6.config import calendar
    >>> monthly_of("NIFTY", 2026, 11, calendar())
    datetime.date(2026, 11, 23)
    """
    if year not in calendar.covered_years:
        raise ValueError(
            f"the calendar does not cover {year}, so the monthly of {month:02}/{year} is not known"
        )
    eras = WEEKDAYS.get(index, WEEKDAYS[INDICES[index].exchange])
    last = date(year + month // 12, month % 12 + 1, 1) - _DAY
    slots = [last - n * _DAY for n in range(7)]
    slot = next(day for day in slots if day.weekday() == weekday_in(eras, day))
    return _moved(INDICES[index].exchange, slot, calendar)


def _listing(index: str, on: date, calendar: Calendar) -> list[date]:
    """Return the expiries from a day on that the rules list, moved off holidays."""
    exchange = INDICES[index].exchange
    has_weeklies = _has_weeklies(index, on)
    listing = []
    for slot in _slots(index, on):
        if slot.year not in calendar.covered_years:
            continue
        expiry = _moved(exchange, slot, calendar)
        if expiry >= on and (has_weeklies or is_monthly(expiry, exchange, index)):
            listing.append(expiry)
    return listing


def _has_weeklies(index: str, on: date) -> bool:
    return any(
        first - 2 * _WEEK <= on <= last - 2 * _WEEK for first, last in WEEKLIES.get(index, ())
    )


def _slots(index: str, on: date) -> list[date]:
    """Return the days on which contracts expire unless a holiday moves them."""
    eras = WEEKDAYS.get(index, WEEKDAYS[INDICES[index].exchange])
    slots = []
    for n in range(_AHEAD_DAYS):
        day = on + n * _DAY
        if day.weekday() == weekday_in(eras, day):
            slots.append(day)
    return slots


def _moved(exchange: str, slot: date, calendar: Calendar) -> date:
    """Return the trading day on which the contracts of a slot expire.

    A day with a special session alone is none.
    """
    day = slot
    while day.year in calendar.covered_years:
        session = calendar.session(exchange, day)
        if session is not None and session.special is None:
            break
        day -= _DAY
    return day
