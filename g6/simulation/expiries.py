"""Which expiries a root lists: weeklies, serial months, quarterlies, half-yearlies; a holiday moves one to the day before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from g6.domain.market.calendar import Calendar
from g6.domain.market.expiry import WEEKDAYS
from g6.simulation.roots import Root

WEEKLIES = 5
SERIAL = 3
HALF_YEARLY_MONTHS = 60

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ExpirySeries:
    """One listed expiry. `month` counts calendar months of monthlies from the nearest (0), -1 for a weekly.

    `rank` is how actively it trades: 0 the most, 3 hardly; `introduced` is when its strikes began to be listed.
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


def listed(root: Root, calendar: Calendar, day: date) -> tuple[ExpirySeries, ...]:
    """Return what `root` lists on `day`, nearest first; an expiry is listed to the end of its day."""
    months = _monthlies(root, calendar, day)
    dates = dict(months)
    if root.weekly:
        for expiry in _weeklies(root, calendar, day):
            dates.setdefault(expiry, -1)
    found = []
    for place, expiry in enumerate(sorted(dates)):
        month = dates[expiry]
        rank = (
            min(place, 2)
            if month < 0 or place == 0
            else min(month + (0 if root.weekly and place < 2 else 1), 2)
        )
        rank = rank if root.weekly or month < 0 else min(month, 2)
        far = (expiry - day).days > 100
        introduced = expiry - timedelta(days=35 if month < 0 else 95)
        found.append(
            ExpirySeries(expiry, month, 3 if far else min(rank + root.rank, 2), introduced)
        )
    return tuple(found)


def weekday(root: Root, day: date) -> int:
    """Return the weekday (Monday 0) of the era's expiries."""
    eras = WEEKDAYS.get(root.name, WEEKDAYS[root.exchange])
    return next(each for since, each in reversed(eras) if since <= day)


def moved(root: Root, calendar: Calendar, slot: date) -> date:
    """Return the trading day on which the contracts of `slot` expire; outside the covered years the slot itself.

    A day with a special session only, such as Muhurat, is none: NIFTY's expiry of 21 October 2025 was moved to the 20th.
    """
    day = slot
    while day.year in calendar.covered_years and not calendar.trades_all_day(root.exchange, day):
        day -= _DAY
    return day


def monthly(root: Root, calendar: Calendar, year: int, month: int) -> date:
    """Return the monthly expiry: the last slot of the month, or the trading day before it."""
    day = date(year + month // 12, month % 12 + 1, 1) - _DAY
    day -= timedelta(days=(day.weekday() - weekday(root, day)) % 7)
    return moved(root, calendar, day)


def _weeklies(root: Root, calendar: Calendar, day: date) -> list[date]:
    """Return the nearest weeklies. Every day on its era's weekday is a slot, so that none is skipped where the weekday changes."""
    slot = day
    found: list[date] = []
    while len(found) < WEEKLIES:
        if slot.weekday() == weekday(root, slot):
            expiry = moved(root, calendar, slot)
            if expiry >= day and expiry not in found:
                found.append(expiry)
        slot += _DAY
    return found


def _monthlies(root: Root, calendar: Calendar, day: date) -> dict[date, int]:
    """Return the monthly expiries and how many months each lies after the nearest."""
    first = day.year * 12 + day.month - 1
    if monthly(root, calendar, day.year, day.month) < day:
        first += 1
    ahead = list(range(SERIAL))
    quarters = [n for n in range(SERIAL, HALF_YEARLY_MONTHS) if (first + n) % 3 == 2][
        : root.quarterlies
    ]
    ahead += quarters
    if root.half_yearlies:
        ahead += [n for n in range(quarters[-1] + 1, HALF_YEARLY_MONTHS) if (first + n) % 6 == 5]
    found = {}
    for n in ahead:
        year, month = divmod(first + n, 12)
        found[monthly(root, calendar, year, month + 1)] = n
    return found
