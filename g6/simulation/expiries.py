"""The expiries that a root lists: weeklies, serial months, quarterlies and half-yearlies.

A holiday moves an expiry to the trading day before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from g6.domain.market.calendar import Calendar
from g6.domain.market.expiry import WEEKDAYS
from g6.simulation.roots import Root

WEEKLIES = 5
SERIAL = 3
# In the real dump of 18 August 2026 NIFTY ran to 18 expiries out to 2031.
HALF_YEARLY_MONTHS = 60

_DAY = timedelta(days=1)
_FAR_DAYS = 100
_NOT_TRADED = 3


@dataclass(frozen=True, slots=True)
class ExpirySeries:
    """One listed expiry.

    Attributes:
        expiry: The day on which it expires.
        month: Calendar months of a monthly from the nearest (0) on, -1 for a weekly.
        rank: How actively it trades: 0 the most, 3 hardly.
        introduced: When its strikes began to be listed.
    """

    expiry: date
    month: int
    rank: int
    introduced: date

    @property
    def monthly(self) -> bool:
        """Whether its symbols carry the three-letter month."""
        return self.month >= 0

    @property
    def quarterly(self) -> bool:
        """Whether it is the monthly of a quarter's last month."""
        return self.monthly and self.expiry.month % 3 == 0


def listed_series(root: Root, calendar: Calendar, day: date) -> tuple[ExpirySeries, ...]:
    """Return what `root` lists on `day`, nearest first, an expiry to the end of its day."""
    month_of = dict(_monthlies(root, calendar, day))
    if root.weekly:
        for expiry in _weeklies(root, calendar, day):
            month_of.setdefault(expiry, -1)
    series = []
    for position, expiry in enumerate(sorted(month_of)):
        month = month_of[expiry]
        far = (expiry - day).days > _FAR_DAYS
        rank = _NOT_TRADED if far else min(_rank(root, month, position) + root.rank, 2)
        introduced = expiry - timedelta(days=35 if month < 0 else 95)
        series.append(ExpirySeries(expiry, month, rank, introduced))
    return tuple(series)


def _rank(root: Root, month: int, position: int) -> int:
    """Return how actively an expiry of an ordinary root trades, from 0 (most) to 2."""
    if month < 0:
        return min(position, 2)
    if not root.weekly:
        return min(month, 2)
    if position == 0:
        return 0
    return min(month + (0 if position < 2 else 1), 2)


def expiry_weekday(root: Root, day: date) -> int:
    """Return the weekday (Monday 0) of the era's expiries."""
    eras = WEEKDAYS.get(root.name, WEEKDAYS[root.exchange])
    return next(weekday for since, weekday in reversed(eras) if since <= day)


def last_trading_day(root: Root, calendar: Calendar, slot: date) -> date:
    """Return the trading day on which the contracts of `slot` expire.

    Outside the covered years it is the slot itself.
    """
    # A day with a special session only, such as Muhurat, is none: NIFTY's expiry of 21 October 2025
    # was moved to the 20th.
    day = slot
    while day.year in calendar.covered_years and not calendar.trades_all_day(root.exchange, day):
        day -= _DAY
    return day


def monthly(root: Root, calendar: Calendar, year: int, month: int) -> date:
    """Return the monthly expiry: the last slot of the month, or the trading day before it."""
    day = date(year + month // 12, month % 12 + 1, 1) - _DAY
    day -= timedelta(days=(day.weekday() - expiry_weekday(root, day)) % 7)
    return last_trading_day(root, calendar, day)


def _weeklies(root: Root, calendar: Calendar, day: date) -> list[date]:
    # Every day on its era's weekday is a slot, so that none is skipped where the weekday changes:
    # 2 September 2025 follows 28 August, and 7 January follows 3 January.
    slot = day
    weeklies: list[date] = []
    while len(weeklies) < WEEKLIES:
        if slot.weekday() == expiry_weekday(root, slot):
            expiry = last_trading_day(root, calendar, slot)
            if expiry >= day and expiry not in weeklies:
                weeklies.append(expiry)
        slot += _DAY
    return weeklies


def _monthlies(root: Root, calendar: Calendar, day: date) -> dict[date, int]:
    """Return the monthly expiries and how many months each lies after the nearest."""
    first = day.year * 12 + day.month - 1
    if monthly(root, calendar, day.year, day.month) < day:
        first += 1
    ahead = list(range(SERIAL))
    # Months count from January 0, so that the last one of a quarter leaves a remainder of 2.
    quarters = [n for n in range(SERIAL, HALF_YEARLY_MONTHS) if (first + n) % 3 == 2]
    quarters = quarters[: root.quarterlies]
    ahead += quarters
    if root.half_yearlies:
        ahead += [n for n in range(quarters[-1] + 1, HALF_YEARLY_MONTHS) if (first + n) % 6 == 5]
    month_of = {}
    for n in ahead:
        year, month = divmod(first + n, 12)
        month_of[monthly(root, calendar, year, month + 1)] = n
    return month_of
