"""Which listed expiry is which bucket, how long it still has, and the masks that say what was expected.

Buckets are read from what is listed, never made from weekdays. The weekday of an era is needed for one question only: whether
a weekly slot of the same month may be missing from a partial listing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from types import MappingProxyType
from typing import cast

from g6.domain.market.calendar import Calendar, day_of
from g6.domain.market.slot import Slot
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

# The weekday of the monthly expiry, from the day on which the era's first contract may expire; market-wide eras under the exchange.
# A holiday moves an expiry to an earlier day, never the weekday. Sources: the exchanges' circulars on expiry days, 2023 to 2025.
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
_MAX_SHIFT_DAYS = 4  # Tuesday and Monday closed, so the Friday before: no longer run of holidays has moved an expiry


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the rules ask for of what is listed.

    `slots`: one per distinct date, buckets before custom rules; `buckets`: every asked rule that is listed, by its name;
    `expected_mask`: bits of the asked buckets that are listed; `not_listed`: names of the asked rules that nothing listed answers.
    """

    slots: tuple[Slot, ...]
    buckets: Mapping[str, date]
    expected_mask: int
    not_listed: tuple[str, ...] = ()


def rule_of(text: str | date) -> str | date:
    """Return a rule in its one spelling: a bucket's name, a date, or `nth_3` (the third expiry alive).

    Upper case, spaces, hyphens and the common short names (`cw`, `monthly`, `m2`, …) are understood. Errors: BadConfig.
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
        near = get_close_matches(plain, _ALIASES, n=1)
        fix = f"did you mean {near[0]}?" if near else "for instance this_week, 2026-12-29 or nth:3"
        raise BadConfig(
            f"{text!r} is not an expiry rule; allowed are {', '.join(BUCKETS)}, a date and nth:N",
            fix,
        ) from error


def is_monthly(
    expiry: date, exchange: str, underlying: str = "", at: datetime | None = None
) -> bool:
    """Tell whether a listed expiry is its month's monthly: no later weekly slot falls in the same month.

    The slot of an expiry is the era's weekday on which it falls or from which a holiday moved it to an earlier day; so the
    weekly of Thu 1 May 2025, moved to 30 April, leaves 24 April the monthly, as Kite's symbols do. Before a change of weekday,
    contracts listed by the old one (that of the day of `at`) still count as lying in their slots.
    """
    eras = WEEKDAYS.get(underlying, WEEKDAYS[exchange])
    weekdays = {_weekday(eras, expiry), *(() if at is None else (_weekday(eras, day_of(at)),))}
    shift = min((weekday - expiry.weekday()) % 7 for weekday in weekdays)
    if (
        shift > _MAX_SHIFT_DAYS
    ):  # lies in no slot: then a slot later in the month is all that can speak against it
        return (expiry + timedelta(days=shift)).month != expiry.month
    slot = expiry + timedelta(days=shift)
    return (slot + _WEEK).month != slot.month


def _weekday(eras: tuple[tuple[date, int], ...], day: date) -> int:
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
    """Return which listed expiry answers each rule at `at`.

    `listed`: expiries of the root's options in the newest dump not later than `at`; `exchange`: NSE or BSE; `underlying` chooses
    the weekdays of a root that had its own (see WEEKDAYS), unknown ones have the exchange's. An expiry is alive until the close
    of its day, that instant included. A rule that nothing answers is not expected. Errors: BadConfig (a rule nobody knows).
    """
    alive = sorted(expiry for expiry in set(listed) if at <= calendar.close_of(exchange, expiry))
    found = _buckets(
        alive,
        day_of(at),
        {expiry for expiry in alive if is_monthly(expiry, exchange, underlying, at)},
    )
    asked = list(dict.fromkeys(rule_of(rule) for rule in rules))
    asked.sort(key=lambda rule: BUCKETS.index(cast("str", rule)) if rule in BIT else len(BUCKETS))
    answers = {str(rule): _answer(rule, alive, found) for rule in asked}
    buckets = {name: expiry for name, expiry in answers.items() if expiry is not None}
    masks: dict[date, int] = {}
    names: dict[date, str] = {}
    for name, expiry in buckets.items():
        names.setdefault(expiry, name)
        masks[expiry] = masks.get(expiry, 0) | BIT.get(name, 0)
    slots = (
        Slot(
            expiry,
            name,
            masks[expiry],
            fix=calendar.settlement_fix(exchange, expiry),
            close=calendar.close_of(exchange, expiry),
        )
        for expiry, name in names.items()
    )
    return Resolution(
        tuple(slots),
        buckets,
        sum(masks.values()),
        tuple(name for name, expiry in answers.items() if expiry is None),
    )


def _buckets(alive: Sequence[date], today: date, monthlies: set[date]) -> dict[str, date]:
    """Return the listed buckets of `alive` (ascending). A root whose alive expiries are all monthlies has no weeklies."""
    found: dict[str, date] = {}
    if len(monthlies) < len(alive):
        found.update(zip(BUCKETS[:2], alive, strict=False))
    by_month = {(expiry.year, expiry.month): expiry for expiry in sorted(monthlies)}
    month = (today.year, today.month)
    if month not in by_month:
        month = _after(month)
    found.update(
        (bucket, by_month[each])
        for bucket, each in zip(BUCKETS[2:], (month, _after(month)), strict=True)
        if each in by_month
    )
    return found


def _after(month: tuple[int, int]) -> tuple[int, int]:
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


def _answer(rule: str | date, alive: Sequence[date], found: Mapping[str, date]) -> date | None:
    if isinstance(rule, date):
        return rule if rule in alive else None
    if rule in BIT:
        return found.get(rule)
    nth = int(rule.removeprefix("nth_"))
    return alive[nth - 1] if nth <= len(alive) else None


def years_to(fix: datetime, at: datetime) -> float:
    """Return the years of 365 days, to the second, from `at` to `fix`; at least one minute until the fix, NaN from the fix on.

    At the fix the settlement value is known and the series has expired for pricing, though it is collected to the close. Before
    3 Aug 2026 that value is the average of the last 30 minutes, so that inside them the time left overstates the variance.
    """
    seconds = (fix - at).total_seconds()
    return max(seconds, 60.0) / _YEAR_SECONDS if seconds > 0 else float("nan")


def dte(expiry: date, at: datetime) -> int:
    """Return the calendar days (India) from `at` to the expiry: 0 on expiry day, negative after it."""
    return (expiry - day_of(at)).days
