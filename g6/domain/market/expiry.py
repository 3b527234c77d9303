"""Which listed expiry is which bucket, how long it still has, and what was expected.

Buckets are read from what is listed, never made from weekdays. The weekday of an era is needed for
one question only: whether a weekly slot of the same month may be missing from a partial listing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import cast

from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.slot import Slot
from g6.domain.schema.nearest import nearest
from g6.domain.schema.words import Bucket
from g6.errors import BadConfig

BUCKETS = tuple(bucket.value for bucket in Bucket)
BIT: Mapping[str, int] = MappingProxyType({bucket.value: bucket.bit for bucket in Bucket})

_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        **{bucket: bucket for bucket in BUCKETS},
        **dict.fromkeys(("thisweek", "week", "weekly", "current_week", "cw", "w1"), "this_week"),
        **dict.fromkeys(("nextweek", "next_weekly", "nw", "w2"), "next_week"),
        **dict.fromkeys(
            ("thismonth", "month", "monthly", "current_month", "cm", "m1"), "this_month"
        ),
        **dict.fromkeys(("nextmonth", "next_monthly", "nm", "m2"), "next_month"),
    }
)
_NTH = re.compile(r"nth[:_]([1-9]\d?)")

_MON, _TUE, _WED, _THU, _FRI = range(5)

# The weekday of the monthly expiry, from the day on which the era's first contract may expire.
# Market-wide eras stand under the exchange. A holiday moves an expiry to an earlier day, never the
# weekday. Sources: the exchanges' circulars on expiry days, 2023 to 2025.
WEEKDAYS: Mapping[str, tuple[tuple[date, int], ...]] = MappingProxyType(
    {
        "NSE": ((date.min, _THU), (date(2025, 9, 1), _TUE)),
        "BSE": ((date.min, _FRI), (date(2025, 1, 4), _TUE), (date(2025, 9, 1), _THU)),
        "BANKNIFTY": (
            (date.min, _THU),
            (date(2024, 3, 1), _WED),
            (date(2025, 1, 1), _THU),
            (date(2025, 9, 1), _TUE),
        ),
        "FINNIFTY": ((date.min, _TUE), (date(2025, 1, 1), _THU), (date(2025, 9, 1), _TUE)),
        "MIDCPNIFTY": (
            (date.min, _WED),
            (date(2023, 8, 17), _MON),
            (date(2025, 1, 1), _THU),
            (date(2025, 9, 1), _TUE),
        ),
        "NIFTYNXT50": ((date.min, _FRI), (date(2025, 1, 1), _THU), (date(2025, 9, 1), _TUE)),
        "BANKEX": (
            (date.min, _FRI),
            (date(2023, 10, 16), _MON),
            (date(2025, 1, 1), _TUE),
            (date(2025, 9, 1), _THU),
        ),
    }
)

_WEEK = timedelta(days=7)
_YEAR_SECONDS = 365 * 86_400.0
# Tuesday and Monday closed, so the Friday before: no longer run of holidays has moved an expiry.
MOST_SHIFT_DAYS = 4


@dataclass(frozen=True, slots=True)
class Resolution:
    """What rules ask for of what is listed.

    Attributes:
        slots: One for each distinct date, buckets before custom rules.
        buckets: The expiry of each rule that is listed, by the rule's name.
        expected_mask: Bits of the buckets that are listed.
        not_listed: Names of the rules that nothing listed answers.
    """

    slots: tuple[Slot, ...]
    buckets: Mapping[str, date]
    expected_mask: int
    not_listed: tuple[str, ...] = ()


def rule_of(text: str | date) -> str | date:
    """Return a rule in its one spelling: a bucket's name, a date, or `nth_3`.

    `nth_3` is the third expiry alive. Upper case, spaces, hyphens and the common short names (`cw`,
    `monthly`, `m2`, …) are understood.

    Raises:
        BadConfig: The text is no rule.

    >>> rule_of("Current-Week"), rule_of("nth:3"), rule_of("2026-12-29")
    ('this_week', 'nth_3', datetime.date(2026, 12, 29))
    """
    if isinstance(text, date):
        return text
    plain = re.sub(r"[\s-]+", "_", text.strip().lower())
    if plain in _ALIASES:
        return _ALIASES[plain]
    if match := _NTH.fullmatch(plain):
        return f"nth_{match[1]}"
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        near = nearest(plain, _ALIASES)
        fix = f"did you mean {near}?" if near else "for instance this_week, 2026-12-29 or nth:3"
        raise BadConfig(
            f"{text!r} is not an expiry rule; allowed are {', '.join(BUCKETS)}, a date and nth:N",
            fix,
        ) from error


def is_monthly(
    expiry: date, exchange: str, underlying: str = "", at: datetime | None = None
) -> bool:
    """Tell whether a listed expiry is its month's monthly: no later weekday falls in the month.

    An expiry stands for the era's weekday on which it falls, or from which a holiday moved it to an
    earlier day. So the weekly of Thursday 1 May 2025, moved to 30 April, leaves 24 April the
    monthly, as Kite's symbols do.

    Args:
        expiry: The listed expiry.
        exchange: NSE or BSE.
        underlying: A root that had weekdays of its own (see WEEKDAYS).
        at: Before a change of weekday, contracts listed by the weekday of this instant count too.

    >>> is_monthly(date(2025, 4, 24), "NSE"), is_monthly(date(2025, 4, 30), "NSE")
    (True, False)
    """
    eras = WEEKDAYS.get(underlying, WEEKDAYS[exchange])
    weekdays = {weekday_in(eras, expiry)}
    if at is not None:
        weekdays.add(weekday_in(eras, day_of(at)))
    shift = min((weekday - expiry.weekday()) % 7 for weekday in weekdays)
    ruled = expiry + timedelta(days=shift)
    # No holiday moved it so far: then only the weekday later in its month can speak against it.
    if shift > MOST_SHIFT_DAYS:
        return ruled.month != expiry.month
    return (ruled + _WEEK).month != ruled.month


def weekday_in(eras: Sequence[tuple[date, int]], day: date) -> int:
    """Return the weekday on which series of a day expire, by the days from which each held.

    >>> weekday_in(((date(2000, 1, 1), 3), (date(2025, 9, 1), 1)), date(2025, 8, 31))
    3
    """
    return next(weekday for since, weekday in reversed(eras) if since <= day)


def resolve(
    listed: Iterable[date],
    at: datetime,
    calendar: Calendar,
    exchange: str,
    rules: Sequence[str | date] = BUCKETS,
    *,
    underlying: str = "",
) -> Resolution:
    """Return which listed expiry answers each rule at an instant.

    An expiry is alive until the close of its day, that instant included. A rule that nothing
    answers is not expected.

    Args:
        listed: Expiries of the root's options in the newest dump not later than `at`.
        at: The instant.
        calendar: Says when a day closes and when its settlement value is fixed.
        exchange: NSE or BSE.
        rules: Buckets, dates and `nth` rules.
        underlying: A root that had weekdays of its own (see WEEKDAYS).

    Raises:
        BadConfig: A rule that nobody knows.

    >>> from datetime import UTC
    >>> from g6.config import calendar
    >>> listed = [date(2026, 11, 24), date(2026, 12, 1)]
    >>> at = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    >>> resolve(listed, at, calendar(), "NSE").buckets["next_week"]
    datetime.date(2026, 12, 1)
    """
    alive = sorted(expiry for expiry in set(listed) if at <= calendar.close_of(exchange, expiry))
    monthlies = {expiry for expiry in alive if is_monthly(expiry, exchange, underlying, at)}
    listed_buckets = _listed_buckets(alive, day_of(at), monthlies)
    answers: dict[str, date | None] = {}
    for rule in _distinct(rules):
        answers[str(rule)] = _answer(rule, alive, listed_buckets)
    buckets = {name: expiry for name, expiry in answers.items() if expiry is not None}
    masks: dict[date, int] = {}
    names: dict[date, str] = {}
    for name, expiry in buckets.items():
        names.setdefault(expiry, name)
        masks[expiry] = masks.get(expiry, 0) | BIT.get(name, 0)
    not_listed = tuple(name for name, expiry in answers.items() if expiry is None)
    slots = _slots(names, masks, calendar, exchange)
    return Resolution(slots, buckets, sum(masks.values()), not_listed)


def _slots(
    names: Mapping[date, str], masks: Mapping[date, int], calendar: Calendar, exchange: str
) -> tuple[Slot, ...]:
    """Return the slot of each expiry, under the first of its names."""
    slots: list[Slot] = []
    for expiry, name in names.items():
        fix = calendar.settlement_fix(exchange, expiry)
        close = calendar.close_of(exchange, expiry)
        slots.append(Slot(expiry, name, masks[expiry], fix=fix, close=close))
    return tuple(slots)


def _distinct(rules: Iterable[str | date]) -> list[str | date]:
    """Return the rules without doubles, buckets first and in their order."""
    distinct = list(dict.fromkeys(rule_of(rule) for rule in rules))
    distinct.sort(
        key=lambda rule: BUCKETS.index(cast("str", rule)) if rule in BIT else len(BUCKETS)
    )
    return distinct


def _listed_buckets(alive: Sequence[date], today: date, monthlies: set[date]) -> dict[str, date]:
    """Return the expiry of each bucket that is listed.

    A root whose alive expiries, ascending, are all monthlies has no weeklies.
    """
    buckets: dict[str, date] = {}
    if len(monthlies) < len(alive):
        buckets.update(zip(BUCKETS[:2], alive, strict=False))
    by_month = {(expiry.year, expiry.month): expiry for expiry in sorted(monthlies)}
    month = (today.year, today.month)
    if month not in by_month:
        month = _after(month)
    for bucket, of_month in zip(BUCKETS[2:], (month, _after(month)), strict=True):
        if of_month in by_month:
            buckets[bucket] = by_month[of_month]
    return buckets


def _after(month: tuple[int, int]) -> tuple[int, int]:
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


def _answer(rule: str | date, alive: Sequence[date], buckets: Mapping[str, date]) -> date | None:
    if isinstance(rule, date):
        return rule if rule in alive else None
    if rule in BIT:
        return buckets.get(rule)
    nth = int(rule.removeprefix("nth_"))
    return alive[nth - 1] if nth <= len(alive) else None


def years_to(fix: datetime, at: datetime) -> float:
    """Return the years of 365 days from an instant to a settlement fix, to the second.

    At the fix the settlement value is known and the series has expired for pricing, though it is
    collected to the close. Before 3 Aug 2026 that value is the average of the last 30 minutes, so
    that inside them the time left overstates the variance.

    Returns:
        Years, those of one minute at least, NaN from the fix on.

    >>> from datetime import UTC
    >>> fix = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    >>> round(365 * years_to(fix, datetime(2026, 11, 23, 10, 0, tzinfo=UTC)), 6)
    1.0
    """
    seconds = (fix - at).total_seconds()
    return max(seconds, 60.0) / _YEAR_SECONDS if seconds > 0 else float("nan")


def dte(expiry: date, at: datetime) -> int:
    """Return the calendar days in India from an instant to an expiry: 0 on its day, then negative.

    >>> from datetime import UTC
    >>> dte(date(2026, 11, 24), datetime(2026, 11, 20, 4, 0, tzinfo=UTC))
    4
    """
    return (expiry - day_of(at)).days
